"""No report shows a password, whatever a test does with it."""

import base64
import html
import json
import random

import pytest

from tests.kit.reports import with_reports
from tests.kit.suite import WITHOUT_HYPOTHESIS
from tests.unit.test_masks import FORMS, PRINTABLE

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


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs a suite whose failures go into every report."""
    monkeypatch.setenv("PYTHONPATH", with_reports()["PYTHONPATH"])

    def run(conftest, tests, *options):
        pytester.makeconftest(conftest)
        pytester.makepyfile(tests)
        return pytester.runpytest_subprocess(
            *WITHOUT_HYPOTHESIS,
            "--html=html/report.html",
            "--alluredir=allure",
            "-l",
            "-rA",
            "--junitxml=report.xml",
            "-ojunit_logging=all",
            *options,
        )

    return run


@pytest.mark.parametrize("options", ["--tb=long", "--tb=long -vv", "--tb=native", "-n2"])
def test_no_report_shows_a_password(pytester, run, options):
    result = run(CONFTEST, TESTS, *options.split())
    result.assert_outcomes(failed=17, errors=2, passed=2, xfailed=1)
    kept = [path for path in (pytester.path / ".wincontainers").rglob("*") if path.is_file()]
    assert {"index.html", "run.json", "call.json"} <= {path.name for path in kept}
    shown = result.stdout.str() + result.stderr.str() + (pytester.path / "report.xml").read_text("utf-8")
    others = [path for folder in ("html", "allure") for path in (pytester.path / folder).rglob("*") if path.is_file()]
    assert len(others) > 10
    shown += "".join(path.read_text("utf-8") for path in [*kept, *others])
    for password in (pytester.path / "passwords").read_text().split():
        # Neither whole nor in parts that would tell much of it.
        assert [password[at : at + 6] for at in range(19) if password[at : at + 6] in shown] == []
    assert "***" in shown
    assert "the password is ***" in shown
    assert "stdout ***" in shown


# -- a password of every printable character, in every form ----------------------------------------------------------


# In another order, in which no text has even a few of them by chance.
PASSWORD = "".join(random.Random(16).sample(PRINTABLE, len(PRINTABLE)))


def in_base64(before, encoding="utf-8", encode=base64.b64encode):
    """The password after other words, and what of that text is of the password alone."""
    raw = before.encode(encoding)
    text = encode(raw + PASSWORD.encode(encoding)).decode()
    return text, text[len(raw) * 4 // 3 + 1 :]


IN_BASE64 = {
    "Base64": in_base64(""),
    "Base64 for URLs": in_base64("user=", encode=base64.urlsafe_b64encode),
    "Basic": in_base64("root:"),
    "an encoded command": in_base64("net user root ", "utf-16-le"),
}
WRITTEN = {name: form(PASSWORD) for name, form in FORMS.items()} | {name: text for name, (text, _) in IN_BASE64.items()}
"""Each form as a program writes it."""
# What would tell much of the password: a few of its characters, in any form.
PIECES = [PASSWORD[at : at + 5] for at in range(len(PASSWORD) - 4)]
PARTS = {form(piece) for form in FORMS.values() for piece in PIECES}
PARTS |= {own[at : at + 8] for _, own in IN_BASE64.values() for at in range(len(own) - 7)}


EVERY_FORM_CONFTEST = (
    CONFTEST.replace("password = token()", 'password = WRITTEN["plain"]').replace(
        "FakeEngine()", "FakeEngine(started=speak)"
    )
    + """
import json
import threading
import time

WRITTEN = json.loads(pathlib.Path("written.json").read_text())

def speak(engine, container):
    threading.Thread(target=say_it_all, args=(engine, container), daemon=True).start()

def say_it_all(engine, container):
    while not pathlib.Path("asked").exists():
        time.sleep(0.02)
    for name, text in WRITTEN.items():
        engine.say(container, f"{name} of the container: {text}")
    engine.say(container, "that was all")
"""
)
EVERY_FORM = """
import json
import logging
import pathlib
import sys
import time
import warnings

import pytest

NAMES = list(json.loads(pathlib.Path("written.json").read_text()))


def read(name):
    return json.loads(pathlib.Path("written.json").read_text())[name]


@pytest.mark.parametrize("name", NAMES)
def test_test(password, name, record_property):
    text = read(name)
    print(f"{name} of the output: {text}")
    print(f"{name} of the errors: {text}", file=sys.stderr)
    logging.warning("%s of the log: %s", name, text)
    record_property("text", text)
    warnings.warn(f"{name} of the warning: {text}")
    raise RuntimeError(f"{name} of the message: {text}")


@pytest.mark.parametrize("name", NAMES)
def test_values(password, name):
    text = read(name)
    assert {"text": text} == {"text": "other"}


def deeper(names, length):
    beginning, end = "x" * length + read(names[0]) + "x" * 300, "x" * 300 + read(names[0]) + "x" * length
    assert names[1:]
    deeper(names[1:], length)


@pytest.mark.parametrize("length", range(40, 118, 13))
def test_shortened_values(password, length):
    deeper(NAMES, length)


def test_container(password):
    pathlib.Path("asked").touch()
    (log,) = pathlib.Path(".wincontainers").glob("*-*-*/password.log")
    deadline = time.monotonic() + 30
    while "that was all" not in log.read_text("utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    raise RuntimeError
"""


@pytest.mark.parametrize("options", [[], ["-vv"], ["-n2"]], ids=["plain", "vv", "n2"])
def test_a_password_of_every_printable_character_is_shown_in_no_form(pytester, run, monkeypatch, tmp_path, options):
    (pytester.path / "written.json").write_text(json.dumps(WRITTEN))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    result = run(EVERY_FORM_CONFTEST, EVERY_FORM, *options)
    result.assert_outcomes(failed=2 * len(WRITTEN) + 6 + 1)
    shown = {
        "terminal": result.stdout.str() + result.stderr.str(),
        "summary": (tmp_path / "summary.md").read_text("utf-8"),
        "report.xml": (pytester.path / "report.xml").read_text("utf-8"),
    }
    for folder in (".wincontainers", "html", "allure"):
        for path in (pytester.path / folder).rglob("*"):
            if path.is_file():
                shown[path.name] = shown.get(path.name, "") + path.read_text("utf-8")
    for place, words in {
        "terminal": ["output", "errors", "log", "warning", "message", "container"],
        "report.xml": ["output", "errors", "log", "message", "container"],
        "report.html": ["output", "errors", "log", "message", "container"],
        "index.html": ["message", "container"],
        "summary": ["message", "container"],
        "run.json": ["message"],
        "call.json": ["container"],
        "password.log": ["container"],
    }.items():
        assert [word for word in words if f"plain of the {word}: ***" not in shown[place]] == []
    for text in [*shown.values(), *map(html.unescape, shown.values())]:
        assert [part for part in PARTS if part in text] == []
