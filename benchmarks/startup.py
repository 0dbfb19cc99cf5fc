"""How long a chain takes to get ready, beside each member alone and beside starting them one after the other.

    python3 dev.py bench startup

The chain is the example shop's: database -> web -> browser. Alone means a run of its own with that container only;
the site's database then runs already, in another run.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SHOP = Path(__file__).resolve().parents[1] / "examples" / "shop"
ROUNDS = 7

DATABASE = """
@mysql_container(database="shop", migrations="db/migrations", log_statements=True{more})
def database(): ...
"""
WEB = """
@iis_container(Site("shop", path="site", port=8080, transforms=["Web.Docker.config"], health="/Default.aspx"){more})
def web({needs}):
    return {{"connection_strings": {{"Shop": {connection}}}}}
"""
BROWSER = """
@selenium_container(browser="chrome"{more})
def browser({needs}): ...
"""
CHAINED = {"needs": "database", "connection": "database.connection_string"}
IN_TURN = ", starts_after_ready=True"

# While the database's own run lasts, the site is run against it.
HOLD = """
import os, subprocess, sys

def test_it(database):
    environment = {**os.environ, "SHOP": database.inside.connection_string}
    subprocess.run([sys.executable, "-m", "pytest", "-s"], cwd=os.environ["WEB_SUITE"], env=environment, check=True)
"""

SUITES = {
    "the chain": (
        DATABASE.format(more="") + WEB.format(more="", **CHAINED) + BROWSER.format(more="", needs="web"),
        "def test_it(browser): pass",
    ),
    "one after the other": (
        DATABASE.format(more="") + WEB.format(more=IN_TURN, **CHAINED) + BROWSER.format(more=IN_TURN, needs="web"),
        "def test_it(browser): pass",
    ),
    "web": ("import os\n" + WEB.format(more="", needs="", connection="os.environ['SHOP']"), "def test_it(web): pass"),
    "database": (DATABASE.format(more=""), HOLD),
    "browser": (BROWSER.format(more="", needs=""), "def test_it(browser): pass"),
}


def make(folder: Path, declarations: str, test: str) -> None:
    shutil.copytree(SHOP / "site", folder / "site")
    shutil.copytree(SHOP / "db", folder / "db")
    (folder / "conftest.py").write_text("from pytest_wincontainers import *\n" + declarations)
    (folder / "test_it.py").write_text(test + "\n")
    (folder / "pytest.ini").write_text("[pytest]\n")


def ready_times(suite: Path) -> dict[str, float]:
    """Seconds from the start of its run until each container was ready, from the manifests of the runs."""
    command = [sys.executable, "-m", "pytest", "-s"]
    environment = {**os.environ, "WEB_SUITE": str(suite.parent / "web")}
    ran = subprocess.run(command, cwd=suite, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise SystemExit(ran.stdout + ran.stderr)
    suites = [suite, suite.parent / "web"] if suite.name == "database" else [suite]
    runs = [json.loads((one / ".wincontainers" / "latest" / "run.json").read_text("utf-8")) for one in suites]
    return {
        one["name"]: next(step["at"] for step in one["steps"] if step["state"] == "ready") - run["started"]
        for run in runs
        for one in run["containers"]
    }


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in SUITES}
    with tempfile.TemporaryDirectory() as temporary:
        for name, (declarations, test) in SUITES.items():
            make(Path(temporary, name), declarations, test)
        ready_times(Path(temporary, "the chain"))  # builds the images
        for _ in range(ROUNDS):
            for name in ("the chain", "one after the other"):
                times[name].append(ready_times(Path(temporary, name))["browser"])
            alone = {**ready_times(Path(temporary, "database")), **ready_times(Path(temporary, "browser"))}
            for name in ("database", "web", "browser"):
                times[name].append(alone[name])
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    slowest = max(("database", "web", "browser"), key=lambda name: medians[name])
    print(f"medians of {ROUNDS} rounds, seconds until ready")
    for name in ("database", "web", "browser"):
        print(f"  {name + ' alone':<20} {medians[name]:5.2f}")
    for name in ("the chain", "one after the other"):
        print(f"  {name:<20} {medians[name]:5.2f}")
    print(f"the chain / its slowest member alone ({slowest}): {medians['the chain'] / medians[slowest]:.2f}")
    print(f"one after the other / the chain: {medians['one after the other'] / medians['the chain']:.2f}")


if __name__ == "__main__":
    main()
