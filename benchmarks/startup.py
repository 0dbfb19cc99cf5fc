"""How long a chain takes to get ready, beside its members one at a time and beside starting them in turn.

    python3 dev.py bench startup

The chain is the example shop's: database -> web -> browser. "Alone" is a member's own time, from its start to
ready, with all that it needs ready before.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SHOP = Path(__file__).resolve().parents[1] / "examples" / "shop"
ROUNDS = 7
MEMBERS = ("database", "web", "browser")
TEST = "def test_it(browser):\n    assert browser.url\n"


def ready_times(suite: Path) -> dict[str, float]:
    """Seconds until each member was ready, from a run's own summary."""
    command = [sys.executable, "-m", "pytest", "test_it.py"]
    ran = subprocess.run(command, cwd=suite, capture_output=True, text=True, check=False)
    found = dict(re.findall(r"(\w+) ready after ([\d.]+) s", ran.stdout.split("= wincontainers =")[-1]))
    if ran.returncode != 0 or set(found) != set(MEMBERS):
        raise SystemExit(ran.stdout + ran.stderr)
    return {name: float(seconds) for name, seconds in found.items()}


def suite(folder: Path, *, in_turn: bool) -> Path:
    """The shop with one test; in turn, nothing starts before all that it needs is ready."""
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(".wincontainers", "tests", "__pycache__"))
    (folder / "test_it.py").write_text(TEST)
    (folder / "pytest.ini").write_text("[pytest]\n")
    if in_turn:
        conftest = folder / "conftest.py"
        text = re.sub(r"^(@\w+_container\(.*)\)$", r"\1, starts_after_ready=True)", conftest.read_text(), flags=re.M)
        conftest.write_text(text)
    return folder


def main() -> None:
    chain_times, alone_times, turn_times = [], {name: [] for name in MEMBERS}, []
    with tempfile.TemporaryDirectory() as temporary:
        # The state folder may stay the user's: locks are cheap and shared.
        os.environ["WINCONTAINERS_ARTIFACTS"] = temporary
        together = suite(Path(temporary, "together"), in_turn=False)
        in_turn = suite(Path(temporary, "in-turn"), in_turn=True)
        ready_times(together)  # builds the images
        for _ in range(ROUNDS):
            chain_times.append(ready_times(together)["browser"])
            times = ready_times(in_turn)
            turn_times.append(times["browser"])
            before = 0.0
            for name in MEMBERS:
                alone_times[name].append(times[name] - before)
                before = times[name]
    chain, turn = statistics.median(chain_times), statistics.median(turn_times)
    alone = {name: statistics.median(times) for name, times in alone_times.items()}
    slowest = max(alone, key=lambda name: alone[name])
    print(f"medians of {ROUNDS} rounds, seconds")
    for name, seconds in alone.items():
        print(f"  {name} alone      {seconds:5.2f}")
    print(f"  one after the other {turn:5.2f}")
    print(f"  the chain           {chain:5.2f}")
    print(f"chain / slowest alone ({slowest}): {chain / alone[slowest]:.2f}")
    print(f"one after the other / chain: {turn / chain:.2f}")


if __name__ == "__main__":
    main()
