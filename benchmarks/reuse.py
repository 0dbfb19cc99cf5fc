"""How soon a test begins whose containers are up already, beside what pytest alone needs.

    python3 dev.py bench reuse

The example shop is brought up with `wincontainers up`. Each of these runs then alternates with the others, and tells
how long after its process was started its test began: a test that needs nothing without the plugin, a test on the
database, and one on all three tiers, both with --wincontainers-reuse.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SHOP = Path(__file__).parents[1] / "examples" / "shop"
ROUNDS = 10
LIMITS = {"database": 1.0, "three_tiers": 1.5}
"""How many seconds later a test may begin than one that needs nothing. Above it, the benchmark exits with 1."""

TESTS = {
    "alone": "def test_it():\n    pass\n",
    "database": "def test_it(database):\n    pass\n",
    "three_tiers": "def test_it(browser, web, database):\n    pass\n",
}
# Before the plugin's own, which restores the database for the test that comes.
BEGINNING = """
import pytest
import time

@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item):
    with open("begun", "w") as file:
        file.write(repr(time.time()))
"""


def begun_after(folder: Path, name: str) -> float:
    """The seconds from the start of pytest's process to that of its test."""
    plugin = ["-p", "no:wincontainers"] if name == "alone" else ["--wincontainers-reuse"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "beginning", *plugin, f"test_{name}.py"]
    if name == "alone":
        command.append("--noconftest")
    started = time.time()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    return float((folder / "begun").read_text()) - started


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "shop"
        shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(".wincontainers", "__pycache__", "tests"))
        for name, text in TESTS.items():
            (folder / f"test_{name}.py").write_text(text)
        (folder / "beginning.py").write_text(BEGINNING)
        os.environ["WINCONTAINERS_STATE"] = str(Path(temporary) / "state")
        os.environ["PYTHONPATH"] = str(folder)
        command = [sys.executable, "-m", "pytest_wincontainers.cli"]
        try:
            subprocess.run([*command, "up"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            times: dict[str, list[float]] = {name: [] for name in TESTS}
            for _ in range(ROUNDS):
                for name in TESTS:
                    times[name].append(begun_after(folder, name))
        finally:
            subprocess.run([*command, "down"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    medians = {name: statistics.median(found) for name, found in times.items()}
    print(f"from the start of pytest to that of the test, medians of {ROUNDS}")
    later = {name: seconds - medians["alone"] for name, seconds in medians.items()}
    for name, seconds in medians.items():
        more = f"  {later[name]:+.2f} s, limit {LIMITS[name]:.1f} s" if name in LIMITS else ""
        print(f"  {name.replace('_', ' '):<12} {seconds:5.2f} s{more}")
    return int(any(later[name] > most for name, most in LIMITS.items()))


if __name__ == "__main__":
    sys.exit(main())
