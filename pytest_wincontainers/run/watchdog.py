"""The owner's side of the watchdog: a small process that outlives its owner just long enough to clean up after it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO
from weakref import WeakSet

from pytest_wincontainers.engines.base import EngineAddress
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.machine import MACHINE

DONE = b"done\n"

PATIENCE = {guest: rules.patience for guest, rules in RULES.items()}
"""By guest, how long nothing must appear before the watchdog believes that nothing more comes."""

# A forked child of a test that outlives the owner would keep the pipe open, and the watchdog waiting.
_PIPES: WeakSet[IO[bytes]] = WeakSet()


def _close_pipes() -> None:
    for pipe in list(_PIPES):
        pipe.close()


MACHINE.after_fork(_close_pipes)

_TRACKING = {"RUNNER_TRACKING_ID"}
"""By this variable GitHub's runner finds what a job has left running, and kills it (actions/runner#598, #4601)."""

_PROGRAM = Path(__file__).with_name("cleaner.py")


class Watchdog:
    """The process, and the pipe that it listens to."""

    def __init__(self, run: str, engine: EngineAddress, folder: Path, artifacts: Path) -> None:
        duty = {
            "run": run,
            "engine": engine,
            "folder": str(folder),
            "artifacts": str(artifacts),
            "patience": PATIENCE,
            # Python itself passes over what is no text.
            "path": [one for one in sys.path if isinstance(one, str) and one],
        }
        # Detached, so that neither Ctrl+C nor the killing of the owner's group reaches it.
        self._process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), json.dumps(duty)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name not in _TRACKING},
            # Without a buffer, whose lock another thread may hold at a fork.
            bufsize=0,
            **MACHINE.detached(),
        )

        if self._process.stdin is not None:
            _PIPES.add(self._process.stdin)

    def dismiss(self) -> None:
        """Tell it that nothing is left to do, and wait for its end."""
        try:
            self._process.communicate(DONE, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()

    def take_over(self) -> None:
        """Leave the rest to it: it starts as soon as this process lets go of the pipe."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        # It is meant to outlive us; Python would warn of a process that nobody waited for, and a suite whose
        # warnings are errors would fail of it.
        self._process.returncode = 0
