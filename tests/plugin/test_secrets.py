"""No report shows a password, whatever a test does with it."""

import pytest

from tests.kit.suite import WITHOUT_HYPOTHESIS

CONFTEST = """
import pathlib
from dataclasses import dataclass
from pytest_wincontainers.services import Face, Service, declare
from pytest_wincontainers.testing import FakeEngine

@dataclass(frozen=True)
class Store(Service):
    kind = "store"

    def image(self, engine):
        return "store:1"

    def secrets(self, token):
        password = token()
        with pathlib.Path("passwords").open("a") as file:
            file.write(password + "\\n")
        return {"password": password}

    def endpoint(self, link):
        return link.info().secrets["password"]

def pytest_wincontainers_engine(config):
    return FakeEngine()

@declare(Store({}))
def password():
    pass
"""

TESTS = """
import collections
import sys
import warnings
import pymysql
import pytest

Pair = collections.namedtuple("Pair", "name value")

def connect(password):
    pymysql.connect(host="127.0.0.1", port=1, user="shop", password=password)

def test_pymysql(password):
    connect(password)

def test_long_values(password):
    wide = [{"filler": "x" * length, "url": f"mysql://shop:{password}@db/shop", "more": "x" * 200} for length in range(100)]
    alone = {length: "x" * length + password + "y" * 300 for length in range(60, 140)}
    with pytest.raises(KeyError):
        raise ValueError(Pair("password", password))

@pytest.mark.parametrize("length", range(95, 125, 3))
def test_shortened_values(password, length):
    def deeper(value):
        raise AssertionError("it fails")
    deeper("x" * length + password + "y" * 300)

def test_comparison(password):
    assert {"password": password} == {"password": "other"}

def test_message(password):
    pytest.fail(f"the password is {password}", pytrace=False)

def test_chain(password):
    try:
        connect(password)
    except pymysql.Error as problem:
        raise RuntimeError(password) from problem

def test_output(password, record_property):
    record_property("password", password)
    print("stdout", password)
    print("stderr", password, file=sys.stderr)
    raise RuntimeError

def test_passes_and_says(password):
    print("passed", password)

@pytest.fixture
def connection(password):
    connect(password)

def test_setup(connection):
    pass

@pytest.fixture
def late(password):
    yield
    connect(password)

def test_teardown(late):
    pass

@pytest.mark.xfail(strict=False, raises=RuntimeError)
def test_expected(password):
    raise RuntimeError(password)

class Odd:
    def __init__(self, word):
        self.word = word

    def __repr__(self):
        return self.word

def test_odd(password):
    odd = Odd(password)
    assert odd is None
"""


@pytest.mark.parametrize("options", ["--tb=long", "--tb=long -vv", "--tb=native", "-n2"])
def test_no_report_shows_a_password(pytester, options):
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess(
        *WITHOUT_HYPOTHESIS,
        "-l",
        "-rA",
        "--junitxml=report.xml",
        "-o",
        "junit_logging=all",
        *options.split(),
    )
    result.assert_outcomes(failed=17, errors=2, passed=2, xfailed=1)
    shown = result.stdout.str() + result.stderr.str() + (pytester.path / "report.xml").read_text("utf-8")
    for password in (pytester.path / "passwords").read_text().split():
        # Neither whole nor in parts that would tell much of it.
        assert [password[at : at + 5] for at in range(20) if password[at : at + 5] in shown] == []
    assert "***" in shown
    assert "the password is ***" in shown
    assert "stdout ***" in shown
