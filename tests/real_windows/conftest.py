"""Suites for the Windows host that is there, or for what stands in for one."""

import os
import subprocess
import sys
from pathlib import Path

import docker
import pytest

from pytest_wincontainers.engines.docker import DockerEngine
from tests.kit.suite import RUN_LABEL, WITHOUT_HYPOTHESIS
from tests.real_windows import REAL

HOST = """
import pytest

CORE = "mcr.microsoft.com/windows/servercore:{tag}"
only_real = pytest.mark.skipif({standin}, reason="a stand-in cannot show it")
"""


if REAL:

    @pytest.fixture
    def url():
        """The address of the engine under test; "" for the one that is there."""
        return ""

else:

    @pytest.fixture
    def url(engine):
        """The address of the engine under test."""
        return engine.url


class Suite:
    """A test suite in a folder of its own, for the best images that its host runs."""

    def __init__(self, pytester, url, state):
        self.path = pytester.path
        self._pytester = pytester
        self._environment = {**os.environ, "WINCONTAINERS_STATE": str(state), **({"DOCKER_HOST": url} if url else {})}
        self.client = docker.DockerClient.from_env(environment=self._environment, version="auto", timeout=600)
        engine = DockerEngine(url)
        info = engine.info()
        engine.close()
        assert info.guest == "windows", "the engine runs Linux containers; switch it to Windows containers"
        assert info.windows is not None, f"no build in {info.system!r}"
        self.files(host=HOST.format(tag=info.windows.at_all[0], standin=not REAL))

    def files(self, **contents):
        """Write Python files."""
        self._pytester.makepyfile(**contents)

    def run(self, *arguments):
        """Run it to its end; how many of its tests had which outcome. `output` is what it wrote."""
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", *WITHOUT_HYPOTHESIS, *arguments],
            cwd=self.path,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=3000,
            check=False,
        )
        print(ran.stdout)
        self.output = ran.stdout
        return pytest.RunResult.parse_summary_nouns(ran.stdout.splitlines())

    def passed(self, count, *, only_real=0):
        """The outcomes of a run in which everything passes, save what a stand-in cannot show."""
        return {"passed": count} if REAL or not only_real else {"passed": count - only_real, "skipped": only_real}

    def leftovers(self):
        """The names of the containers that are left of its runs."""
        runs = {path.name.rpartition("-")[2] for path in Path(self.path, ".wincontainers").glob("*-*-*")}
        found = self.client.containers.list(all=True, filters={"label": RUN_LABEL}, ignore_removed=True)
        return [one.name for one in found if one.labels[RUN_LABEL] in runs]


@pytest.fixture
def suite(pytester, url, tmp_path_factory):
    """An empty suite. After the test no container of its runs is left."""
    # Images, and what runs know of them, are for all tests of a session.
    made = Suite(pytester, url, tmp_path_factory.getbasetemp() / "state")
    yield made
    left = made.leftovers()
    made.client.close()
    assert left == []
