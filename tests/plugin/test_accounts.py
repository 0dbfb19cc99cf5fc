"""Runs under an account that has no home directory, as many build agents' have none."""

import pytest

from tests.kit.suite import WITHOUT_HYPOTHESIS

# What Path.home() does where there is neither a variable nor an entry for the account.
HOMELESS = """
import os, pathlib

for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_STATE_HOME"):
    os.environ.pop(name, None)

def home(cls):
    raise RuntimeError("Could not determine home directory.")

pathlib.Path.home = classmethod(home)
"""
DECLARED = """
from pytest_wincontainers import container
from pytest_wincontainers.testing import FakeEngine

def pytest_wincontainers_engine(config):
    return FakeEngine()

@container(image="cache:1")
def cache():
    pass
"""


@pytest.fixture
def run(pytester, mode):
    pytester.makepyfile(homeless=HOMELESS)

    def run(*arguments):
        return pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, "-p", "homeless", *mode, *arguments)

    return run


def test_a_suite_without_containers(run, pytester):
    pytester.makepyfile("def test_it(): pass\n")
    run().assert_outcomes(passed=1)
    assert run("--help").ret == 0


def test_a_suite_with_containers(run, pytester):
    pytester.makeconftest(DECLARED)
    pytester.makepyfile("def test_it(cache): pass\n")
    refused = run()
    refused.assert_outcomes(errors=1)
    refused.stdout.fnmatch_lines(
        [
            "*this account has no home directory for the locks that all its runs share",
            "*hint: set WINCONTAINERS_STATE or --wincontainers-state to a directory that belongs to this account",
        ]
    )
    run("--wincontainers-state=state").assert_outcomes(passed=1)
