"""Which tests run which lines, in their own process and in those that they start."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pytest_wincontainers"
FOLDER = ROOT / ".mutation"
"""Where what was measured is kept; git ignores it."""

_CONTEXT = "WINCONTAINERS_TEST_CONTEXT"
# coverage starts in every process that has this variable.
_START = "COVERAGE_PROCESS_START"
_SETTINGS = f"""
[run]
branch = true
parallel = true
data_file = {FOLDER / "data"}
source_pkgs = pytest_wincontainers
context = ${{{_CONTEXT}-}}
disable_warnings = module-not-imported,no-data-collected,module-not-measured,already-imported,dynamic-conflict
"""


class Coverage(NamedTuple):
    """What was measured."""

    lines: dict[str, dict[int, list[str]]]
    """By path in the package and line: the node ids of the tests that ran it."""
    seconds: dict[str, float]
    """How long each test took."""

    def tests(self, path: str, line: int | None) -> list[str]:
        """The tests that run a line, or any line of the file, the quickest first."""
        lines = self.lines.get(path, {})
        found = lines.get(line, ()) if line is not None else {test for tests in lines.values() for test in tests}
        return sorted(found, key=lambda test: self.seconds.get(test, 0.0))


def measure(arguments: list[str]) -> int:
    """Run the tests and keep what they run; pytest's exit code."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    settings = FOLDER / "coverage.ini"
    settings.write_text(_SETTINGS)
    command = [sys.executable, "-m", "pytest", "-p", "tests.mutation.measurement", *arguments]
    status = subprocess.call(command, cwd=ROOT, env={**os.environ, _START: str(settings)})
    subprocess.check_call([sys.executable, "-m", "coverage", "combine", "--quiet", f"--rcfile={settings}"], cwd=ROOT)
    return status


def report() -> int:
    """Print the coverage of lines and branches."""
    return subprocess.call(
        [sys.executable, "-m", "coverage", "report", f"--rcfile={FOLDER / 'coverage.ini'}"], cwd=ROOT
    )


def load() -> Coverage:
    """What was measured last. Raises FileNotFoundError where nothing was."""
    from coverage import CoverageData

    if not (FOLDER / "data").exists():
        raise FileNotFoundError("nothing was measured")
    data = CoverageData(str(FOLDER / "data"))
    data.read()
    lines = {
        Path(file).relative_to(PACKAGE).as_posix(): {
            line: sorted({part for one in contexts for part in one.split("|") if "::" in part})
            for line, contexts in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    return Coverage(lines, dict(_seconds()))


def _seconds() -> Iterator[tuple[str, float]]:
    for path in FOLDER.glob("seconds-*"):
        for line in path.read_text("utf-8").splitlines():
            yield tuple(json.loads(line))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    """Have what runs from here on, also in processes that the test starts, be this test's."""
    import coverage

    # pytest-xdist puts the name of a group behind it.
    test = (
        item.nodeid.rpartition("@")[0] if item.get_closest_marker("xdist_group") and "@" in item.nodeid else item.nodeid
    )
    os.environ[_CONTEXT] = test
    current = coverage.Coverage.current()
    if current is not None:
        current.switch_context(test)
    begun = time.monotonic()
    result = yield
    with (FOLDER / f"seconds-{os.getpid()}").open("a", encoding="utf-8") as file:
        file.write(json.dumps([test, time.monotonic() - begun]) + "\n")
    return result
