"""What it costs a run that its containers write much: the owner's memory, and the time of tests beside it.

    python3 dev.py bench capture

One container writes 1 GB as fast as the engine takes it. Five containers write 20,000 lines a second together, and then
each, while a loop of trivial tests runs: once in a run that has these containers, and once beside containers that write
the same and whose logs `docker logs --follow` reads, so that what the engine takes to serve them is in both.

It exits with 1 above its limits: 64 MiB, 1.05 times as long with 20,000 lines a second, and any line that is not on
disk.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import docker

IMAGE = "debian:bookworm-slim"
ROUNDS = 9
GIGABYTE = 1_000_000_000
LINE = "x" * 99
MOST_MIB, MOST_RATIO = 64, 1.05

# 10 MB at once, until there is 1 GB.
MUCH = f"$| = 1; my $piece = qq({LINE}\\n) x 1000; print $piece for 1..{GIGABYTE // 100_000}; sleep 600"
# So many lines a second, in ten portions.
STEADY = (
    "$| = 1; my $portion = qq({line}\\n) x {count}; while (1) {{ print $portion; select undef, undef, undef, 0.1 }}"
)

CONFTEST = """
import json, os, resource
from pathlib import Path
from pytest_wincontainers import container

def memory():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

COMMANDS = json.loads(Path("commands.json").read_text())
"""
DECLARED = """
@container(image="{image}", command=COMMANDS[{number}], ready=lambda endpoint: None)
def box{number}():
    pass
"""

ALL_OF_IT = """
import time
from conftest import memory
from pytest_wincontainers.reports import logs
from pathlib import Path

def test_it(box0):
    begun, largest = memory(), 0
    log = Path(box0._link.info().log)
    deadline = time.monotonic() + 600
    # Each line has the engine's time in front.
    size = {lines} * (100 + len("2026-01-01T00:00:00.000000000Z "))
    while sum(path.stat().st_size for _, path in logs.files_of(log)) < size:
        largest = max(largest, memory())
        assert time.monotonic() < deadline
        time.sleep(0.02)
    print("GROWN", largest - begun)
    print("LINES", sum(piece.count(b"\\n") for piece in logs.chunks(log)))
"""

TRIVIAL = """
import time
import pytest

BEGUN = []

@pytest.mark.wincontainers({names})
def test_first():
    time.sleep(2)
    BEGUN.append(time.perf_counter())

@pytest.mark.parametrize("number", range(4000))
def test_trivial(number):
    assert number >= 0

def test_last():
    print("SECONDS", time.perf_counter() - BEGUN[0])
"""


def told(folder: Path, *words: str) -> list[float]:
    """What a run in that folder has printed behind these words."""
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "--wincontainers-order=file"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    lines = [line.lstrip(".") for line in done.stdout.splitlines()]
    found = [float(line.split()[1]) for word in words for line in lines if line.startswith(word)]
    if done.returncode != 0 or len(found) != len(words):
        raise SystemExit(done.stdout + done.stderr)
    return found


def suite(folder: Path, commands: list[list[str]], test: str, *, declared: bool) -> Path:
    """A suite, with or without the containers."""
    folder.mkdir()
    (folder / "commands.json").write_text(json.dumps(commands))
    boxes = "".join(DECLARED.format(image=IMAGE, number=number) for number in range(len(commands)) if declared)
    (folder / "conftest.py").write_text(CONFTEST + boxes)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = wincontainers: x\n")
    (folder / "test_it.py").write_text(test)
    return folder


def beside(folder: Path, lines: int) -> float:
    """Compare the loop of tests in a run with five containers with that beside them: the ratio of their times."""
    commands = [["perl", "-e", STEADY.format(line=LINE, count=lines // 50)]] * 5
    names = ", ".join(f'"box{number}"' for number in range(5))
    within = suite(folder / f"within{lines}", commands, TRIVIAL.format(names=names), declared=True)
    # One that writes nothing, so that the plugin does all else that it does.
    idle = [["sleep", "600"]]
    without = suite(folder / f"beside{lines}", idle, TRIVIAL.format(names='"box0"'), declared=True)
    client = docker.from_env()
    times: dict[str, list[float]] = {"within": [], "beside": []}
    for _ in range(ROUNDS):
        times["within"] += told(within, "SECONDS")
        boxes = [client.containers.run(IMAGE, command, detach=True) for command in commands]
        follow = [["docker", "logs", "--follow", "--timestamps", box.id] for box in boxes]
        readers = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in follow]
        try:
            times["beside"] += told(without, "SECONDS")
        finally:
            for box in boxes:
                box.remove(force=True)
            for reader in readers:
                reader.wait()
    medians = {name: statistics.median(found) for name, found in times.items()}
    print(f"4,000 tests while five containers write {lines:,} lines a second, medians of {ROUNDS} rounds")
    print(f"  beside the run  {medians['beside']:5.2f} s")
    print(f"  within the run  {medians['within']:5.2f} s")
    # Of each round, as a machine is not as fast at all times.
    ratios = [within / beside for within, beside in zip(times["within"], times["beside"], strict=True)]
    ratio = statistics.median(ratios)
    print(f"  within / beside: {ratio:.3f}")
    return ratio


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        much = suite(folder / "much", [["perl", "-e", MUCH]], ALL_OF_IT.format(lines=GIGABYTE // 100), declared=True)
        grown, lines = told(much, "GROWN", "LINES")
        print(f"1 GB from one container: the owner's memory has grown by {grown / (1 << 20):.1f} MiB at the most")
        print(f"  lines on disk: {lines:,.0f} of {GIGABYTE // 100:,}")
        ratio = beside(folder, 20_000)
        beside(folder, 100_000)
    return int(grown > MOST_MIB << 20 or lines != GIGABYTE // 100 or ratio > MOST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
