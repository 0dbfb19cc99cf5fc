"""File locks between the runs on one machine: for builds, for start slots, and as proof that a run is alive.

The operating system lets go of a process's locks when it dies, however it dies; so a run whose lock can be
taken is provably dead, with no process ids or clocks to be fooled by.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

_POLL_SECONDS = 0.05
_CROWDED_SECONDS = 300


class Locks:
    """The locks of one engine, in the user's state folder.

    `check` is called while waiting; what it raises ends the wait.
    """

    def __init__(self, state: Path, engine_id: str, check: Callable[[], None]) -> None:
        self._folder = state / "engines" / hashlib.sha256(engine_id.encode()).hexdigest()[:16]
        self._folder.mkdir(parents=True, exist_ok=True)
        self._crowd = self._folder / "crowded"
        self._check = check

    @contextmanager
    def named(self, name: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold the lock of that name; `waiting` is called once when somebody else holds it."""
        lock = FileLock(self._folder / (re.sub(r"[^\w.-]", "_", name) + ".lock"))
        with self._acquired([lock], waiting):
            yield

    @contextmanager
    def slot(self, count: int) -> Iterator[None]:
        """Hold one of `count` places; or all of them, while the engine is crowded, so that one starts at a time."""
        places = [FileLock(self._folder / f"slot-{number}.lock") for number in range(count)]
        while True:
            crowded = self._is_crowded()
            with ExitStack() as held:
                # In the same order everywhere, so that no two wait for each other.
                for wanted in [[place] for place in places] if crowded else [places]:
                    held.enter_context(self._acquired(wanted, lambda: None))
                if crowded or not self._is_crowded():
                    yield
                    return

    def crowded(self) -> None:
        """Say that the engine failed of too many starts at once; all processes heed it for some minutes."""
        self._crowd.touch()

    def _is_crowded(self) -> bool:
        try:
            return time.time() - self._crowd.stat().st_mtime < _CROWDED_SECONDS
        except OSError:
            return False

    @contextmanager
    def _acquired(self, locks: list[FileLock], waiting: Callable[[], None]) -> Iterator[None]:
        told = False
        while True:
            for lock in locks:
                if _taken(lock):
                    try:
                        yield
                    finally:
                        lock.release()
                    return
            if not told:
                told = True
                waiting()
            self._check()
            # No system tells a process when another one lets go of a file lock.
            time.sleep(_POLL_SECONDS)


class RunLock:
    """The sign of life of one run, held from before its first container until after its last."""

    def __init__(self, state: Path, run: str) -> None:
        self._path = state / "runs" / f"{run}.lock"
        # Taken in one thread and let go in another.
        self._lock = FileLock(self._path, thread_local=False)

    def hold(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()

    def release(self) -> None:
        """Let go, and take the file away, as the run has nothing left to be found by."""
        self._lock.release()
        self.forget()

    def is_dead(self) -> bool:
        """Whether the run was on this machine, under this account, and its process is gone."""
        if not self._path.exists() or not _taken(self._lock):
            return False
        self._lock.release()
        return True

    def forget(self) -> None:
        """Take away the file."""
        # On Windows another run's sweep may have it open at this moment.
        with suppress(OSError):
            self._path.unlink()


def _taken(lock: FileLock) -> bool:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True
