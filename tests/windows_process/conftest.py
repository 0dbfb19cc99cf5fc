"""Tests of what only a process of Windows' Python can show: run by `python3 dev.py windows`, and on Windows itself."""

import json
import sys
from pathlib import Path

import pytest

from tests.kit.suite import WITHOUT_HYPOTHESIS

if sys.platform != "win32":
    collect_ignore_glob = ["test_*.py"]

CONFTEST = """
import pathlib
from pytest_wincontainers import container
from pytest_wincontainers.testing import FakeEngine

def pytest_wincontainers_engine(config):
    return FakeEngine(journal=pathlib.Path(__file__).with_name("journal"))

@container(image="cache:1")
def cache():
    pass
"""


class Suite:
    """A suite with one container of an engine in memory, in a folder that a test chooses."""

    def __init__(self, pytester):
        self._pytester = pytester
        self.folder = pytester.path

    def put(self, folder, test="def test_it(cache):\n    assert cache.port\n"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "conftest.py").write_text(CONFTEST, "utf-8")
        (folder / "test_it.py").write_text(test, "utf-8")
        self.folder = folder

    def run(self, *arguments):
        result = self._pytester.runpytest_subprocess(
            f"--rootdir={self.folder}", *WITHOUT_HYPOTHESIS, *arguments, self.folder
        )
        lines = (self.folder / "journal").read_text().splitlines()
        changes = [json.loads(line)["change"] for line in lines]
        assert changes.count("create") == changes.count("remove") > 0
        return result

    def logs(self, below):
        return list(Path(below).rglob("cache.log"))


@pytest.fixture
def suite(pytester, monkeypatch):
    # What pytester reads the output as.
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    made = Suite(pytester)
    made.put(pytester.path / "suite", "def test_it(cache):\n    assert cache.container_id\n")
    return made
