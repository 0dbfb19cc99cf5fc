"""What a person at a terminal sees while a run waits."""

import os
import re
import subprocess
import sys

import pytest

from tests.kit.suite import WITHOUT_HYPOTHESIS

CONFTEST = """
import time
from pathlib import Path
from pytest_wincontainers import container
from pytest_wincontainers.testing import FakeEngine

def fail(method, argument):
    deadline = time.monotonic() + 60
    while method == "start" and Path("waits").exists() and time.monotonic() < deadline:
        time.sleep(0.05)

def pytest_wincontainers_engine(config):
    return FakeEngine(start_seconds=0.5, fail=fail)

@container(image="cache:1")
def cache():
    pass

@container(image="app:1")
def app(cache):
    pass
"""


COLOURS = ("NO_COLOR", "FORCE_COLOR", "PY_COLORS")


def on_a_terminal(folder, *arguments, rows=24, drawings=0, **variables):
    """What a terminal gets from a run, whose containers do not start before so many drawings."""
    pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX's")
    near, far = pty.openpty()
    if drawings:
        (folder / "waits").touch()
    # pytester sets one of them.
    inherited = {name: value for name, value in os.environ.items() if name not in COLOURS}
    environment = {**inherited, "TERM": "xterm", "COLUMNS": "80", "LINES": str(rows), **variables}
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
            if seen.count(b"\x1b[J") > drawings:
                (folder / "waits").unlink(missing_ok=True)
        os.close(near)
        assert process.wait() == 0
    return seen.decode()


@pytest.fixture
def suite(pytester):
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("def test_it(app): pass\n")
    return pytester.path


def test_one_living_line_per_container(suite):
    seen = on_a_terminal(suite, drawings=3)
    drawn = re.findall(r"(?:\x1b\[2F)?\x1b\[J  cache +[\d.]+ s  (\w+)\r\n  app +[\d.]+ s  (\w+)\r\n", seen)
    assert len(drawn) >= 3
    assert ("starting", "starting") in drawn
    # At the end the lines are taken away, and the test's own line goes on from there.
    assert "\x1b[2F\x1b[J" in seen.split("starting")[-1]
    assert "wincontainers: cache" not in seen


def test_there_are_no_more_lines_than_the_terminal_has(suite):
    """The way back up ends at its first line, and each drawing would leave one behind."""
    seen = on_a_terminal(suite, rows=3, drawings=1)
    assert "\x1b[J  and 2 more\r\n" in seen
    assert "\x1b[2F" not in seen


def test_lines_are_cut_to_the_terminal(suite):
    long = "x" * 100
    conftest = suite / "conftest.py"
    conftest.write_text(conftest.read_text().replace("def cache", f"def {long}").replace("app(cache)", f"app({long})"))
    seen = on_a_terminal(suite, drawings=1)
    lines = [re.sub(r"\x1b\[\d*[A-Z]", "", line) for line in seen.split("\r\n")]
    living = [line for line in lines if line.startswith("  xxx")]
    assert living
    assert {len(line) for line in living} == {79}


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"PY_COLORS": "0"}, {"TERM": "dumb"}], ids=" ".join)
def test_without_colour_there_are_whole_lines_and_no_escape_sequences(suite, variables):
    seen = on_a_terminal(suite, **variables)
    assert "\x1b" not in seen
    lines = seen.split("\r\n")
    assert [
        re.sub(r"[\d.]+ s$", "… s", line) for line in lines if line.startswith("wincontainers: ") and ": ready" in line
    ] == [
        "wincontainers: cache: ready after … s",
        "wincontainers: app: ready after … s",
    ]


SLOW = CONFTEST.replace("start_seconds=0.5", "start_seconds=1.0")
FILES = {
    "test_a": "import pytest\n\n@pytest.mark.parametrize('n', range(12))\ndef test_none(n): pass\n",
    "test_b": "def test_none(): pass\n\ndef test_app(app): pass\n\ndef test_again(app): pass\n",
}


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["plain", "n2"])
def test_lines_in_a_pipe_are_whole_and_come_before_the_tests_that_waited(pytester, workers):
    pytester.makeconftest(SLOW)
    pytester.makepyfile(**FILES)
    lines = pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *workers).outlines
    told = [line for line in lines if "wincontainers:" in line and "are in" not in line]
    assert [line.partition(" after")[0] for line in told] == [
        "wincontainers: Fake 1 (linux) on memory",
        "wincontainers: cache: ready",
        "wincontainers: app: ready",
    ]
    dots = [line for line in lines if re.fullmatch(r"(test_\w\.py )?\.+ *(\[ *\d+%\])?", line)]
    assert sum(line.count(".") - line.count(".py") for line in dots) == 15
    last = max(lines.index(line) for line in told)
    assert sum(line.count(".") - line.count(".py") for line in dots if lines.index(line) > last) >= 2
    if not workers:
        # The dots of a file are behind its name.
        assert all(line.startswith("test_") for line in dots)


def test_waiting_is_not_the_tests_time(pytester):
    pytester.makeconftest(SLOW)
    pytester.makepyfile(**FILES)
    result = pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, "--durations=0", "-vv")
    told = result.stdout.str()
    (waited,) = re.findall(r"(?m)^test_b.py::test_app waited ([\d.]+) s for ", told)
    setup = re.findall(r"(?m)^([\d.]+)s setup +test_b.py::test_app$", told)
    assert float(waited) > 0.5
    assert sum(map(float, setup)) < float(waited) / 2


def test_quiet_is_quiet_on_a_terminal_too(suite):
    seen = on_a_terminal(suite, "-q")
    assert "\x1b[J" not in seen
    assert "cache" not in seen
