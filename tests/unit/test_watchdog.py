"""What the watchdog does once its owner is dead."""

import json
import os
import signal
import sys
import time

import pytest

from pytest_wincontainers.engines.base import ContainerSpec, EngineAddress
from pytest_wincontainers.errors import EngineUnavailable
from pytest_wincontainers.guests.base import Patience
from pytest_wincontainers.run import cleaner, watchdog
from pytest_wincontainers.run.cleaner import clean_up
from pytest_wincontainers.run.removal import labels
from pytest_wincontainers.testing import FakeEngine
from tests.kit.waiting import wait_for

PATIENCE = {"linux": Patience(2, 0.0), "windows": Patience(4, 0.0)}


class Engine(FakeEngine):
    """Makes containers, or is away, at the looks that a test names."""

    def __init__(self, guest="linux", late=(), away=()):
        super().__init__(guest=guest)
        self.looks = 0
        self._late = late
        self._away = away

    def make(self, run):
        name = f"wc-{run}-box{self.looks}"
        spec = ContainerSpec(name=name, image="box:1", labels=labels(run, "box"), environment={}, command=None)
        self.start(self.create(spec))

    def containers(self, labels):
        self.looks += 1
        if self.looks in self._away:
            raise EngineUnavailable("the engine is away")
        if self.looks in self._late:
            self.make("dead")
        return super().containers(labels)


def left(engine):
    return [one.name for one in FakeEngine.containers(engine, [])]


def test_what_the_run_left_is_removed_and_nothing_else():
    engine = Engine()
    engine.make("dead")
    engine.make("living")
    clean_up(engine, "dead", PATIENCE)
    assert left(engine) == ["wc-living-box0"]


@pytest.mark.parametrize(("guest", "looks"), [("linux", 2), ("windows", 4)])
def test_it_ends_after_as_many_quiet_looks_as_the_guest_needs(guest, looks):
    engine = Engine(guest)
    clean_up(engine, "dead", PATIENCE)
    # A removal looks, too; but none after the last.
    assert engine.looks == 2 * looks - 1


def test_what_a_call_under_way_makes_later_is_removed():
    engine = Engine("windows", late={5})
    clean_up(engine, "dead", PATIENCE)
    assert left(engine) == []
    assert engine.looks > 2 * 4 + 3


def test_an_engine_that_is_away_is_waited_for():
    engine = Engine(away={1, 2, 3, 4, 5, 6})
    engine.make("dead")
    clean_up(engine, "dead", PATIENCE)
    assert left(engine) == []


def test_there_is_an_end_to_it(monkeypatch):
    monkeypatch.setattr(cleaner, "_ROUNDS", 5)
    engine = Engine(away=range(1000))
    clean_up(engine, "dead", PATIENCE)
    assert engine.looks == 10


def test_windows_is_given_twenty_seconds():
    assert {guest: one.rounds * one.seconds for guest, one in watchdog.PATIENCE.items()} == {"linux": 3, "windows": 20}


def test_a_path_for_imports_that_is_no_text(tmp_path, monkeypatch):
    """Python passes over it, too."""
    monkeypatch.setattr(sys, "path", [*sys.path, tmp_path])
    watchdog.Watchdog("run", EngineAddress("nowhere:make"), tmp_path, tmp_path).dismiss()


def test_a_ci_runner_does_not_find_it_among_what_a_job_has_left(tmp_path, monkeypatch):
    """It may have more to do at the end of a job than any other process."""
    program = tmp_path / "program.py"
    program.write_text(
        "import json, os, sys\n"
        "with open(json.loads(sys.argv[1])['folder'] + '/told', 'w') as file:\n"
        "    json.dump(dict(os.environ), file)\n"
    )
    monkeypatch.setattr(watchdog, "_PROGRAM", program)
    monkeypatch.setenv("RUNNER_TRACKING_ID", "github_1")
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere")
    owned = watchdog.Watchdog("run", EngineAddress("nowhere:make"), tmp_path, tmp_path)
    # One that takes long to start is ended.
    wait_for((tmp_path / "told").exists)
    owned.dismiss()
    environment = json.loads((tmp_path / "told").read_text())
    assert environment["DOCKER_HOST"] == "tcp://elsewhere"
    assert "RUNNER_TRACKING_ID" not in environment


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_does_not_keep_it_from_its_work(tmp_path):
    """As a test leaves one behind that was started by multiprocessing."""
    private = tmp_path / "private"
    private.mkdir()
    owned = watchdog.Watchdog("run", EngineAddress("nowhere:make"), private, tmp_path)
    child = os.fork()
    if not child:
        time.sleep(120)
        os._exit(0)
    try:
        owned.take_over()
        # The first that it does.
        wait_for(lambda: not private.exists())
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_whoever_else_holds_the_pipe_does_not_keep_it_from_its_end(tmp_path):
    owned = watchdog.Watchdog("run", EngineAddress("nowhere:make"), tmp_path, tmp_path)
    other = os.dup(owned._process.stdin.fileno())
    try:
        owned.dismiss()
        assert owned._process.returncode == 0
    finally:
        os.close(other)
