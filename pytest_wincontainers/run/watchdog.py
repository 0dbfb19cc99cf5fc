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
from pathlib import Path

DONE = b"done\n"
# A call that was under way when the owner died may still make a container; on Windows that takes its time.
_QUIET_ROUNDS = {"linux": 3, "windows": 20}
_ROUNDS = 60


class Watchdog:
    """The owner's side: the process, and the pipe that it listens to."""

    def __init__(self, run: str, engine: str, folder: Path, state: Path) -> None:
        duty = {"run": run, "engine": engine, "folder": str(folder), "state": str(state)}
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
    clean_up(duty["run"], duty["engine"] or None, Path(duty["folder"]))


def clean_up(run: str, url: str | None, folder: Path) -> None:
    """Remove the run's containers, also those that a call under way when the owner died still makes.

    The run's lock file stays: by it a later run knows that what it finds after all is nobody's any more.
    """
    import time

    from pytest_wincontainers.engines.docker import DockerEngine
    from pytest_wincontainers.errors import WincontainersError
    from pytest_wincontainers.run.removal import RUN, remove_run

    shutil.rmtree(folder, ignore_errors=True)
    engine = DockerEngine(url)
    quiet = 0
    for _ in range(_ROUNDS):
        try:
            quiet = 0 if engine.containers([f"{RUN}={run}"]) else quiet + 1
            if quiet == _QUIET_ROUNDS[engine.info().guest]:
                return
        except WincontainersError:
            quiet = 0
        remove_run(engine, run, rounds=1)
        time.sleep(1)


if __name__ == "__main__":
    main()
