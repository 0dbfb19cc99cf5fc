"""Fixtures that outlive a test, and change what is restored before the next one."""

import pytest

from tests.kit.suite import WITHOUT_HYPOTHESIS

CONFTEST = """
from dataclasses import dataclass
from pytest_wincontainers.errors import PreparationError
from pytest_wincontainers.services import Service, TestHooks, declare
from pytest_wincontainers.testing import FakeEngine

CHANGES = []

def pytest_wincontainers_engine(config):
    return FakeEngine()

@dataclass(frozen=True)
class Store(Service, TestHooks):
    kind = "store"

    def image(self, engine):
        return "store:1"

    def changes(self, endpoint):
        if "fail" in CHANGES:
            raise PreparationError("it has ended")
        return len(CHANGES)

@declare(Store({}))
def store(): pass
"""
TESTS = """
import pytest
from conftest import CHANGES

@pytest.fixture(scope="{scope}")
def rows(store):
    CHANGES.append("rows")
    yield

@pytest.fixture(scope="session")
def connection(store):
    return store

def test_1(rows, connection): CHANGES.append("of a test")
def test_2(rows, connection): pass
class TestMore:
    def test_3(self, rows): pass
"""
WARNING = "the * fixture rows changes store, which is restored before each test: its changes are there in the first*"


@pytest.fixture
def run(pytester, mode):
    def run(tests, *arguments):
        pytester.makeconftest(CONFTEST)
        path = pytester.makepyfile(tests)
        return pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *mode, *arguments), path

    return run


@pytest.mark.parametrize("scope", ["class", "module", "session"])
def test_a_wide_fixture_that_makes_changes(run, scope, mode):
    result, path = run(TESTS.format(scope=scope))
    # Once in each process, and pytest-xdist has two.
    result.assert_outcomes(passed=3, warnings=1 if mode != ["-n2"] else result.parseoutcomes()["warnings"])
    result.stdout.fnmatch_lines([f"*{path.name}:4: WincontainersWarning: {WARNING.replace('*', scope + '-scoped', 1)}"])
    assert "connection" not in result.stdout.str()


def test_a_fixture_for_each_test_may_change_what_it_likes(run):
    result, _ = run(TESTS.format(scope="function"), "-W", "error")
    result.assert_outcomes(passed=3)


def test_a_container_that_cannot_count_is_no_reason_to_fail(run):
    result, _ = run(TESTS.format(scope="module").replace('"rows")', '"fail")'), "-W", "error")
    result.assert_outcomes(passed=3)
