"""What a person at a terminal sees while a run waits."""

import os
import re
import subprocess
import sys

import pytest

from tests.kit.suite import WITHOUT_HYPOTHESIS

CONFTEST = """
from pytest_wincontainers import container
from pytest_wincontainers.testing import FakeEngine

def pytest_wincontainers_engine(config):
    return FakeEngine(start_seconds=0.5)

@container(image="cache:1")
def cache():
    pass

@container(image="app:1")
def app(cache):
    pass
"""


def on_a_terminal(folder, *arguments):
    """The bytes that a terminal gets from a run."""
    pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX's")
    near, far = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "PY_COLORS": "1"}
    command = [sys.executable, "-m", "pytest", *WITHOUT_HYPOTHESIS, *arguments]
    with subprocess.Popen(command, cwd=folder, stdin=far, stdout=far, stderr=far, env=environment) as process:
        os.close(far)
        seen = b""
        while True:
            try:
                piece = os.read(near, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        os.close(near)
        assert process.wait() == 0
    return seen.decode()


@pytest.fixture
def suite(pytester):
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("def test_it(app): pass\n")
    return pytester.path


def test_one_living_line_per_container(suite):
    seen = on_a_terminal(suite)
    drawn = re.findall(r"(?:\x1b\[2F)?\x1b\[J  cache +[\d.]+ s  (\w+)\r\n  app +[\d.]+ s  (\w+)\r\n", seen)
    assert len(drawn) >= 3
    assert ("starting", "starting") in drawn
    # At the end the lines are taken away, and the test's own line goes on from there.
    assert "\x1b[2F\x1b[J" in seen.split("starting")[-1]
    assert "wincontainers: cache" not in seen


def test_lines_are_cut_to_the_terminal(suite):
    long = "x" * 100
    conftest = suite / "conftest.py"
    conftest.write_text(conftest.read_text().replace("def cache", f"def {long}").replace("app(cache)", f"app({long})"))
    seen = on_a_terminal(suite)
    lines = [re.sub(r"\x1b\[\d*[A-Z]", "", line) for line in seen.split("\r\n")]
    living = [line for line in lines if line.startswith("  xxx")]
    assert living
    assert {len(line) for line in living} == {79}


def test_quiet_is_quiet_on_a_terminal_too(suite):
    seen = on_a_terminal(suite, "-q")
    assert "\x1b[J" not in seen
    assert "cache" not in seen
