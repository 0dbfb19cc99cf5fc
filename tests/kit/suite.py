"""Suites that a test writes into a folder and runs in processes of their own, and what those leave on the engine."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from pathlib import Path

import pytest

from pytest_wincontainers.reports.record.journal import FOLDER, entries_of
from tests.kit.waiting import wait_for
from tests.windows import standins

ROOT = Path(__file__).parents[2]
RUN_LABEL = "pytest-wincontainers.run"

PLUGIN = "WINCONTAINERS_TEST_PLUGIN"
"""The variable that names a plugin for all these runs."""

# To import hypothesis takes longer than most of these runs, in each worker anew.
WITHOUT_HYPOTHESIS = ("-p", "no:hypothesispytest")

GUEST = """
IMAGE = "{image}"
ROOT = "{root}"
"""
# As patient as a Windows host needs it, a killed owner's watchdog would take half a minute.
BRISK = """
from pytest_wincontainers.guests.base import Patience
from pytest_wincontainers.run import retry, watchdog

watchdog.PATIENCE = {guest: Patience(rounds=3, seconds=0.3) for guest in watchdog.PATIENCE}
retry.PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""


class Suite:
    """A test suite in a folder of its own. Whatever is asked of it is about its own runs only."""

    def __init__(self, pytester, engine, real_engine, recorder, state, processes):
        self.path = pytester.path
        self.costs = processes.costs
        self.birth_seconds = processes.birth_seconds
        self._processes = processes
        self._pytester = pytester
        self._engine = engine
        self._real_client = real_engine.client
        self._recorder = recorder
        self._environment = {**os.environ, "WINCONTAINERS_STATE": processes.path(state)}
        self.files(guest=GUEST.format(image=standins.box(), root="C:\\\\" if engine.windows else "/"), brisk=BRISK)
        self._started = []
        self._runs = set()
        self._folders = {self.path}

    def files(self, **contents):
        """Write Python files."""
        self._pytester.makepyfile(**contents)

    def shop(self):
        """Take the example shop as the suite."""
        self.example("shop")

    def example(self, name, path="."):
        """Copy an example: as the suite, or to another path from there."""
        ignored = shutil.ignore_patterns("__pycache__", ".wincontainers", ".pytest_cache", "node_modules")
        shutil.copytree(ROOT / "examples" / name, self.path / path, dirs_exist_ok=True, ignore=ignored)

    # -- running ----------------------------------------------------------------------------------------------

    def run(self, *arguments, seconds=240, **options):
        """Run it to its end, which may take so long; how it ended, with its output as text."""
        process = self.start(*arguments, **options)
        output, _ = process.communicate(timeout=seconds)
        print(output)
        return Finished(process.returncode, output)

    def start(self, *arguments, folder=".", brisk=True, **environment):
        """Start it, as a terminal would, in a folder of its own. `brisk`: without a real host's long pauses."""
        plugins = [name for name in ("brisk" if brisk else "", os.environ.get(PLUGIN)) if name]
        self.runs()
        words = ["-m", "pytest", *WITHOUT_HYPOTHESIS, *[f"-p{name}" for name in plugins], *arguments]
        url = self._processes.url(environment.pop("DOCKER_HOST", self._engine.url))
        given = {**self._environment, **environment, "DOCKER_HOST": url}
        self._folders.add(self.path / folder)
        process = self._processes.start(words, self.path / folder, given)
        self._started.append(process)
        return process

    def command(self, *words, seconds=120, **environment):
        """Run `wincontainers` in its folder; how it ended, with its output as text."""
        process = self.start_command(*words, **environment)
        output, _ = process.communicate(timeout=seconds)
        print(output)
        self.runs()
        return Finished(process.returncode, output)

    def start_command(self, *words, folder=".", **environment):
        """Start `wincontainers`, in a folder of its own."""
        self.runs()
        url = self._processes.url(environment.pop("DOCKER_HOST", self._engine.url))
        given = {**self._environment, **environment, "DOCKER_HOST": url}
        self._folders.add(self.path / folder)
        process = self._processes.start(["-m", "pytest_wincontainers.cli", *words], self.path / folder, given)
        self._started.append(process)
        return process

    def end(self):
        """End what a failed test left running."""
        for process in self._started:
            process.end()

    def shown(self, path):
        """A path as its runs name it."""
        return self._processes.path(path)

    # -- what its runs have made ------------------------------------------------------------------------------

    def runs(self):
        """The ids of its runs so far, which make a folder before any container."""
        # The oldest folders go in time.
        for folder in self._folders:
            self._runs |= {path.name.rpartition("-")[2] for path in (folder / ".wincontainers").glob("*-*-*")}
        return self._runs

    def artifact(self, pattern):
        """The one artifact that matches."""
        found = list((self.path / ".wincontainers").glob(f"*-*-*/{pattern}"))
        assert len(found) == 1, found
        return found[0]

    def wait_for_state(self, name, state, seconds=60):
        """Wait until the run that is under way has a container in that state."""

        def reached():
            entries = [one for path in self.path.glob(f".wincontainers/*-*-*/{FOLDER}") for one in entries_of(path)]
            return any((one["kind"], one.get("name"), one.get("state")) == ("state", name, state) for one in entries)

        wait_for(reached, seconds=seconds)

    def created(self):
        """The names of the containers that the engine has created."""
        return [event["Actor"]["Attributes"]["name"] for event in self._events("container", "create")]

    def committed(self):
        """The names of the images that were made of its containers."""
        return {event["Actor"]["Attributes"]["imageRef"] for event in self._events("container", "commit")}

    def containers(self):
        """Its containers that are there, through the engine under test."""
        found = self._engine.client.containers.list(all=True, filters={"label": RUN_LABEL}, ignore_removed=True)
        return [one for one in found if one.labels[RUN_LABEL] in self.runs()]

    def volumes(self):
        """The volumes of its containers that are there."""
        mine = {event["Actor"]["ID"] for event in self._events("container", "create")}
        mounted = self._recorder.events("volume", "mount")
        names = {event["Actor"]["ID"] for event in mounted if event["Actor"]["Attributes"]["container"] in mine}
        return names & {volume.name for volume in self._real_client.volumes.list()} if names else set()

    def watchdogs(self):
        """The processes, with their ids, that watch over its runs."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                line = path.read_bytes().replace(b"\0", b" ").decode()
                if re.search(r"run[\\/]cleaner\.py", line) and any(f'"run": "{run}"' in line for run in self.runs()):
                    found.append((int(path.parent.name), line))
        return found

    def leftovers(self, seconds=0.0):
        """What is left of its runs, after so many seconds at the most."""
        deadline = time.monotonic() + seconds
        while True:
            left = [f"container {one.name}" for one in self.containers()]
            left += [f"process {line}" for _, line in self.watchdogs()]
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.05)

    def _events(self, kind, action):
        runs = self.runs()
        found = self._recorder.events(kind, action)
        return [one for one in found if one["Actor"]["Attributes"].get(RUN_LABEL) in runs]


class Finished:
    """How a run ended."""

    def __init__(self, status, output):
        self.status = status
        self.output = output

    def outcomes(self):
        return pytest.RunResult.parse_summary_nouns(self.output.splitlines())


@pytest.fixture
def suite(pytester, engine, real_engine, recorder, tmp_path_factory, processes):
    """An empty suite, for the engine under test. After the test no container, volume or process of its runs is left."""
    made = Suite(pytester, engine, real_engine, recorder, tmp_path_factory.mktemp("state"), processes)
    yield from ending(made)


def ending(made):
    """Hand over a suite, and see that nothing of its runs is left."""
    yield made
    made.end()
    left = made.leftovers()
    for one in made.containers():
        one.remove(force=True, v=True)
    assert left == []
    wait_for(lambda: not made.volumes(), seconds=20)
