"""A small process that outlives its owner just long enough to clean up after it.

It waits for its standard input, a pipe that only the owner holds, to end. When the owner says "done" first,
that is all. Otherwise the owner died, even by kill -9, and the watchdog removes what its run left.

Run by path, not with -m: until the pipe ends it imports nothing but the interpreter's own modules.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pytest_wincontainers.engines.base import Engine

DONE = b"done\n"


class Patience(NamedTuple):
    """How long nothing has to show before the watchdog believes that nothing more comes: so often, so far apart."""

    rounds: int
    seconds: float


PATIENCE = {"linux": Patience(3, 1.0), "windows": Patience(20, 1.0)}
"""By guest: a call that was under way when the owner died may still make a container, which takes time on Windows."""

_ROUNDS = 60
"""How often it looks at the most."""


class Watchdog:
    """The owner's side: the process, and the pipe that it listens to."""

    def __init__(self, run: str, engine: str, folder: Path, state: Path) -> None:
        duty = {"run": run, "engine": engine, "folder": str(folder), "state": str(state), "patience": PATIENCE}
        # In a group of its own, so that neither Ctrl+C nor the killing of the owner's group reaches it.
        if sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        else:
            flags = 0
        self._process = subprocess.Popen(
            [sys.executable, __file__, json.dumps(duty)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=sys.platform != "win32",
            creationflags=flags,
        )

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


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.stdin.buffer.read() == DONE:
        return
    duty = json.loads(sys.argv[1])
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from pytest_wincontainers.engines.docker import DockerEngine

    shutil.rmtree(duty["folder"], ignore_errors=True)
    patience = {guest: Patience(*given) for guest, given in duty["patience"].items()}
    clean_up(DockerEngine(duty["engine"] or None), duty["run"], patience)


def clean_up(engine: Engine, run: str, patience: Mapping[str, Patience]) -> None:
    """Remove the run's containers, also those that a call under way when the owner died still makes.

    The run's lock file stays: by it a later run knows that what it finds after all is nobody's any more.
    """
    from pytest_wincontainers.errors import WincontainersError
    from pytest_wincontainers.run.removal import RUN, remove_run

    quiet, wait = 0, PATIENCE["linux"]
    for _ in range(_ROUNDS):
        try:
            quiet = 0 if engine.containers([f"{RUN}={run}"]) else quiet + 1
            wait = patience[engine.info().guest]
            if quiet == wait.rounds:
                return
        except WincontainersError:
            quiet = 0
        remove_run(engine, run, rounds=1)
        time.sleep(wait.seconds)


if __name__ == "__main__":
    main()
