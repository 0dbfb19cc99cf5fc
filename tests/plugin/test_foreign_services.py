"""Services of others, whose code may raise whatever it likes."""

import time

import pytest

CONFTEST = """
from dataclasses import dataclass
from pytest_wincontainers.services import Endpoint, ServerLogs, Service, SnapshotSupport, declare
from pytest_wincontainers.testing import FakeEngine

@dataclass(frozen=True)
class Foreign(Service, ServerLogs, SnapshotSupport):
    kind = "foreign"
    snapshots = "auto"
    fault: str = ""

    def at(self, place):
        if self.fault == place:
            raise ConnectionError(f"a fault in {place}")

    def image(self, engine):
        self.at("image")
        return "foreign:1"

    def prepare(self, endpoint, preparation):
        import time
        time.sleep(1.1 if self.fault in ("seal", "is_sealed") else 0)

    def shut_down(self, endpoint, container):
        self.at("shut_down")
        container.kill()

    def flush_logs(self, endpoint):
        import pathlib, time
        with pathlib.Path("flushed").open("a") as file:
            file.write(endpoint.name)
        self.at("flush_logs")
        time.sleep(600 if self.fault == "flush_logs that hangs" else 0)

    def excerpts(self, log, offset, since, until):
        self.at("excerpts")
        return {"": ["a line of its log"]}

    def snapshot_parts(self, base, environment):
        return "parts"

    def seal(self, endpoint, container, key):
        self.at("seal")
        container.kill()

    def is_sealed(self, endpoint, key):
        self.at("is_sealed")
        return True

ENGINE = FakeEngine()

def pytest_wincontainers_engine(config):
    return ENGINE

@declare(Foreign({}, FAULT))
def foreign():
    pass
"""


@pytest.fixture
def run(pytester):
    def run(test, fault=""):
        pytester.makeconftest(CONFTEST.replace("FAULT", repr(fault)))
        pytester.makepyfile(test)
        return pytester.runpytest_subprocess()

    return run


RESTARTS = """
import pytest
from pytest_wincontainers import WincontainersError

def test_it(foreign):
    with pytest.raises(ConnectionError, match="a fault in shut_down"):
        foreign.restart()
    with pytest.raises(WincontainersError, match="could not be restarted"):
        foreign.restart()
"""


def test_a_restart_that_raises_leaves_nobody_waiting(run):
    run(RESTARTS, "shut_down").assert_outcomes(passed=1)


INTERRUPTED = """
import pytest

@pytest.fixture
def again(foreign):
    yield
    try:
        foreign.restart()
    except Exception as problem:
        print("then:", problem)

def test_it(foreign, again):
    def interrupt():
        raise KeyboardInterrupt
    foreign._link._process.run._lifecycles["foreign"]._starter.start_again = lambda container: interrupt()
    foreign.restart()
"""


def test_a_restart_that_is_interrupted_leaves_nobody_waiting(run):
    assert run(INTERRUPTED).ret == pytest.ExitCode.INTERRUPTED


@pytest.mark.parametrize("fault", ["", "flush_logs", "flush_logs that hangs"])
def test_the_last_lines_of_logs_are_waited_for_at_the_end_but_not_for_long(run, pytester, fault):
    begun = time.monotonic()
    result = run("def test_it(foreign): pass", fault)
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    assert (pytester.path / "flushed").read_text() == "foreign"
    assert time.monotonic() - begun < 120


FAILS = "def test_it(foreign):\n    raise ValueError('as it should')\n\ndef test_2(foreign): pass\n"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("flush_logs", "the last lines may be missing: a fault in flush_logs"),
        ("excerpts", "(the log cannot be read: a fault in excerpts)"),
    ],
)
def test_a_log_that_cannot_be_had_is_a_line_of_the_report(run, fault, said):
    result = run(FAILS, fault)
    result.assert_outcomes(failed=1, passed=1)
    assert said in result.stdout.str()
    result.stdout.fnmatch_lines(["*as it should*"])


EVIDENCE = """
class Broken:
    name, kind = "foreign", "thing"

    def gather(self, folder, stem, mask):
        raise RuntimeError("a fault in gather")

    def close(self):
        raise RuntimeError("a fault in close")

def test_it(foreign):
    foreign._link.evidence().opened(Broken())
    raise ValueError("as it should")

def test_2(foreign):
    pass
"""


def test_evidence_that_cannot_be_had_is_a_line_of_the_report(run):
    result = run(EVIDENCE)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*could not be saved: RuntimeError: a fault in gather*"])


@pytest.mark.parametrize("fault", ["seal", "is_sealed"])
def test_a_snapshot_that_cannot_be_had_is_done_without(run, pytester, fault):
    test = "def test_it(foreign): pass\n"
    result = run(test, fault)
    result.assert_outcomes(passed=1)
    if fault == "seal":
        result.stdout.fnmatch_lines(["the snapshot of foreign could not be created: *a fault in seal*"])


def test_an_image_that_cannot_be_said(run):
    result = run("def test_it(foreign): pass\n", "image")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*foreign: ConnectionError: a fault in image*"])
