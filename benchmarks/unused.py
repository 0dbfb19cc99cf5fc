"""What an installed, unused plugin costs a pytest run.

    python3 dev.py bench unused

A run of one empty test, with the plugin and with `-p no:wincontainers`, in turns.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 100
# What else is installed here only blurs the figures.
OTHERS = ("cacheprovider", "xdist", "xdist.looponfail", "hypothesispytest")


def seconds(folder: str, *arguments: str) -> float:
    others = [word for name in OTHERS for word in ("-p", f"no:{name}")]
    command = [sys.executable, "-m", "pytest", "-q", *others, *arguments]
    # As on most machines: modules are compiled once, not in every run.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - begun


def main() -> None:
    with_plugin, without = [], []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_it.py").write_text("def test_it():\n    pass\n")
        seconds(folder)
        for _ in range(ROUNDS):
            with_plugin.append(seconds(folder))
            without.append(seconds(folder, "-p", "no:wincontainers"))
    a, b = statistics.median(with_plugin), statistics.median(without)
    # Neighbours in time share the machine's mood; their differences do not drift with it.
    added = statistics.median(one - other for one, other in zip(with_plugin, without, strict=True))
    print(f"medians of {ROUNDS} runs: {a * 1000:.1f} ms with, {b * 1000:.1f} ms without: {a / b:.3f}")
    print(f"the plugin adds {added * 1000:.1f} ms")


if __name__ == "__main__":
    main()
