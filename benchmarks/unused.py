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

ROUNDS = 40


def seconds(folder: str, *arguments: str) -> float:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments]
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTEST_ADDOPTS": ""})
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
    best = min(with_plugin) - min(without)
    print(f"medians of {ROUNDS} runs: {a * 1000:.1f} ms with, {b * 1000:.1f} ms without: {a / b:.3f}")
    print(f"the plugin adds {(a - b) * 1000:.1f} ms (fastest runs: {best * 1000:.1f} ms)")


if __name__ == "__main__":
    main()
