"""What a run has opened is closed, whatever became of it: engines, WinRM shells, locks, threads."""

import json
import os

import pytest

from tests.kit.suite import WITHOUT_HYPOTHESIS

CONFTEST = """
import pathlib, threading, time
import pytest
from filelock import FileLock, Timeout
from pytest_wincontainers import container
from pytest_wincontainers.engines.base import Image
from pytest_wincontainers.errors import EngineUnavailable
from pytest_wincontainers.hosts.duties import HostDuties
from pytest_wincontainers.run import coordinator
from pytest_wincontainers.testing import FakeEngine

HERE = pathlib.Path(__file__).parent

class Shell:
    name = "host"

    def run(self, command, seconds):
        return ""

    def close(self):
        with (HERE / "shells").open("a") as file:
            file.write("closed\\n")

def duties(info, settings, note):
    with (HERE / "shells").open("a") as file:
        file.write("opened\\n")
    return HostDuties([Shell()], note)

coordinator.duties = duties

def fail(method, argument):
    {fail}

def pytest_wincontainers_engine(config):
    return FakeEngine(fail=fail, start_seconds={start_seconds}, images={images}, journal=HERE / "journal")

@container(image="cache:1")
def cache():
    pass

@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    deadline = time.monotonic() + 60
    while left := [one.name for one in threading.enumerate() if one.name.startswith("wincontainers")]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    (HERE / f"threads-{{config.__dict__.get('workerinput', {{}}).get('workerid', '')}}").write_text("\\n".join(left))
    # The owner may still hold its own at the end of a worker.
    for path in () if hasattr(config, "workerinput") else (HERE / "state").rglob("*.lock"):
        try:
            FileLock(path).acquire(blocking=False)
        except Timeout:
            (HERE / "locks").write_text(path.name)
"""
TEST = """
def test_it(cache):
    cache.exec("words")
"""
INTERRUPTED = """
import pathlib, time

def test_first():
    while not pathlib.Path("journal").exists() or "create" not in pathlib.Path("journal").read_text():
        time.sleep(0.01)
    raise KeyboardInterrupt
"""
ENDS = {
    "a good run": {},
    "a refused preflight": {"images": '{"cache:1": Image("1", guest="windows")}'},
    "a failed connection": {"fail": "if method == 'info': raise EngineUnavailable('no engine answers')"},
    "a failed network": {"fail": "if method == 'ensure_network': raise EngineUnavailable('no engine answers')"},
    "a defect": {"fail": "if method == 'ensure_network': raise RuntimeError('a defect')"},
    "a failed start": {"fail": "if method == 'start': raise EngineUnavailable('no engine answers')"},
    "a cancelled run": {"start_seconds": 1.0},
}


@pytest.mark.parametrize("end", ENDS)
def test_everything_is_closed(pytester, mode, monkeypatch, end):
    options = {"fail": "pass", "start_seconds": 0.0, "images": {}, **ENDS[end]}
    pytester.makeconftest(CONFTEST.format(**options))
    pytester.makepyfile(INTERRUPTED + TEST if end == "a cancelled run" else TEST)
    monkeypatch.setenv("WINCONTAINERS_STATE", str(pytester.path / "state"))
    result = pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *mode)
    if end == "a good run" and mode != ["-n2"]:
        result.assert_outcomes(passed=1)
    journal = pytester.path / "journal"
    lines = [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []
    for process in {line["process"] for line in lines}:
        changes = [line["change"] for line in lines if line["process"] == process]
        assert changes.count("connect") == changes.count("close"), changes
    shells = pytester.path / "shells"
    opened = shells.read_text().split() if shells.exists() else []
    assert opened.count("opened") == opened.count("closed")
    assert bool(opened) == (end != "a failed connection")
    assert not (pytester.path / "locks").exists()
    reports = list(pytester.path.glob("threads-*"))
    assert len(reports) >= 1
    assert [path.read_text() for path in reports] == [""] * len(reports)
    runs = pytester.path / "state" / "runs"
    assert not runs.exists() or os.listdir(runs) == []


INTERRUPTING = """
import pathlib, threading, time
from pytest_wincontainers import container
from pytest_wincontainers.testing import FakeEngine

HERE = pathlib.Path(__file__).parent
TIMES = []

def fail(method, argument):
    # A removal asks for the run's containers; Ctrl+C comes to the main thread.
    if method == "containers" and threading.current_thread() is threading.main_thread() and not TIMES:
        TIMES.append(1)
        raise KeyboardInterrupt

def pytest_wincontainers_engine(config):
    return FakeEngine(fail=fail)

@container(image="cache:1")
def cache():
    pass
"""


@pytest.mark.parametrize("in_test", [False, True], ids=["once", "twice"])
def test_ctrl_c_during_the_removal(pytester, mode, in_test):
    """Where it has ended the tests, too, it is the second one."""
    pytester.makeconftest(INTERRUPTING)
    pytester.makepyfile(TEST + ("    raise KeyboardInterrupt\n" if in_test and mode != ["-n2"] else ""))
    result = pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *mode)
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*interrupted while containers were removed; the rest is removed in the background"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


FULL = """
import errno, pathlib
from pytest_wincontainers import container
from pytest_wincontainers.testing import FakeEngine

write_text = pathlib.Path.write_text

def full(self, *given, **options):
    if self.name == "cache.json.part":
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device", str(self))
    return write_text(self, *given, **options)

pathlib.Path.write_text = full

def pytest_wincontainers_engine(config):
    return FakeEngine()

@container(image="cache:1")
def cache():
    pass
"""


def test_a_full_directory_for_temporary_files(pytester, mode):
    """Without workers nothing needs to be handed over; with workers, nobody waits for ever."""
    pytester.makeconftest(FULL)
    pytester.makepyfile("def test_it(cache):\n    assert cache.name == 'cache'\n")
    result = pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *mode, timeout=60)
    result.stdout.fnmatch_lines(["workers were not told that cache is ready: *No space left on device*"])
    if mode == ["-n2"]:
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*cache could not be handed over, because the directory for temporary files is*"])
    else:
        result.assert_outcomes(passed=1)
