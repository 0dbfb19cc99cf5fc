"""The watchdog's process: waits for the end of its standard input, a pipe that only the owner holds.

When the owner says "done" first, that is all. Otherwise the owner died, even by kill -9, and what its run left is
removed. Run by path, not with -m: until the pipe ends it imports nothing but the interpreter's own modules.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_wincontainers.engines.base import Engine
    from pytest_wincontainers.guests.base import Patience

_DONE = b"done\n"
_ROUNDS = 60
"""How often it looks at the most."""


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Not up to the end, as another process may hold the pipe, too.
    if sys.stdin.buffer.readline() == _DONE:
        return
    duty = json.loads(sys.argv[1])
    # The owner's, so that the module is found that makes its engine.
    sys.path[:] = duty["path"]
    from pytest_wincontainers.engines.base import EngineAddress
    from pytest_wincontainers.engines.registry import make_engine
    from pytest_wincontainers.guests.base import Patience

    shutil.rmtree(duty["folder"], ignore_errors=True)
    patience = {guest: Patience(*given) for guest, given in duty["patience"].items()}
    try:
        clean_up(make_engine(EngineAddress(*duty["engine"])), duty["run"], patience)
    finally:
        finish_record(Path(duty["artifacts"]))


def finish_record(artifacts: Path) -> None:
    """Make the manifest and the page, which the owner did not come to."""
    from pytest_wincontainers.reports.record.finishing import claim, save

    manifest = claim(artifacts)
    if manifest is not None:
        save(artifacts, manifest)


def clean_up(engine: Engine, run: str, patience: Mapping[str, Patience]) -> None:
    """Remove the run's containers, also those that a call under way when the owner died still makes.

    The run's lock file stays: by it a later run knows that what it finds after all is nobody's any more.
    """
    from pytest_wincontainers.errors import WincontainersError
    from pytest_wincontainers.run.removal import RUN, remove_run

    quiet, seconds = 0, 1.0
    for _ in range(_ROUNDS):
        try:
            quiet = 0 if engine.containers([f"{RUN}={run}"]) else quiet + 1
            rounds, seconds = patience[engine.info().guest]
            if quiet == rounds:
                return
        except WincontainersError:
            quiet = 0
        remove_run(engine, run, rounds=1)
        time.sleep(seconds)


if __name__ == "__main__":
    main()
