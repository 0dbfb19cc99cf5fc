"""File locks between the runs on one machine: for builds, for start slots, and as proof that a run is alive.

The operating system lets go of a process's locks when it dies, however it dies; so a run whose lock can be
taken is provably dead, with no process ids or clocks to be fooled by.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

_POLL_SECONDS = 0.05
_CROWDED_SECONDS = 300
_LATE_SECONDS = 3600

PRIVATE_PREFIX = "wincontainers-"
"""How the names of the folders begin that hold the passwords of a run."""

WAITING = "waiting for another `wincontainers up` of this project to end"


class Locks:
    """The locks of one engine, in the user's state folder.

    `check` is called while waiting; what it raises ends the wait.
    """

    def __init__(self, state: Path, engine_id: str, check: Callable[[], None]) -> None:
        self._folder = state / "engines" / hashlib.sha256(engine_id.encode()).hexdigest()[:16]
        self._folder.mkdir(parents=True, exist_ok=True)
        self._crowd = self._folder / "crowded"
        self._check = check

    @property
    def folder(self) -> Path:
        """What the runs on this engine share."""
        return self._folder

    @contextmanager
    def named(self, name: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold the lock of that name; `waiting` is called once when somebody else holds it."""
        # Let go of by another thread, perhaps.
        lock = FileLock(self._folder / (re.sub(r"[^\w.-]", "_", name) + ".lock"), thread_local=False)
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
    """The sign of life of one run, held from before its first container until after its last.

    Beside the lock stands a record of what the run may leave: the folder of its passwords, and the engine of its
    containers.
    """

    def __init__(self, state: Path, run: str) -> None:
        self.run = run
        self._path = state / "runs" / f"{run}.lock"
        self._record = self._path.with_suffix(".json")
        # Taken in one thread and let go in another.
        self._lock = FileLock(self._path, thread_local=False)

    @classmethod
    def all(cls, state: Path) -> list[RunLock]:
        """Those of all runs of this account on this machine that have not been taken away."""
        paths = (state / "runs").glob("*.*")
        return [cls(state, run) for run in sorted({path.stem for path in paths if path.suffix in {".lock", ".json"}})]

    def hold(self, engine_id: str = "", private: Path | None = None) -> None:
        """Take it. `private` is the folder that goes with the run, and `engine_id` the engine of its containers."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._lock.is_locked:
            self._lock.acquire()
        self._write({"engine": engine_id, "private": str(private or "")})

    def release(self) -> None:
        """Let go, and take the files away, as the run has nothing left to be found by."""
        # On Windows another run's sweep may have one open at this moment.
        with suppress(OSError):
            self._record.unlink()
        self._lock.release()
        with suppress(OSError):
            self._path.unlink()

    def lease(self, until: float) -> None:
        """Let go, and say until when the run's containers stay, in seconds since 1970."""
        self._write({**self._read(), "private": "", "until": until})
        self._lock.release()

    @property
    def is_leased(self) -> bool:
        """Whether the run's containers stay although it has ended."""
        until = self._read().get("until", 0.0)
        return isinstance(until, (int, float)) and time.time() < until

    @property
    def was_leased(self) -> bool:
        """Whether the run has ended on purpose, and left its containers for some time."""
        return "until" in self._read()

    @property
    def stays(self) -> bool:
        """Whether the run's containers stay, and no other run is using them."""
        return self.is_leased and not self.is_held

    @property
    def is_held(self) -> bool:
        """Whether a process has it at this moment."""
        if self._path.exists() and _taken(self._lock):
            self._lock.release()
            return False
        return self._path.exists()

    @property
    def exists(self) -> bool:
        """Whether there was such a run on this machine, under this account, and something of it may be left."""
        return self._record.exists() or self._path.exists()

    def take_over(self) -> bool:
        """Hold the lock of a run that is dead; whether it was on this machine, under this account, and is gone."""
        if not self.exists or not _taken(self._lock):
            return False
        # On Windows the lock's file goes whenever it is let go of (tox-dev/filelock WindowsFileLock); by the record the
        # run is known until nothing of it is left. Earlier versions wrote none.
        if not self._record.exists():
            self._write({})
        return True

    def let_go(self) -> None:
        """Let go of it, and leave the record where it is."""
        self._lock.release()

    def remove_private(self) -> None:
        """Remove the folder with the passwords of a dead run."""
        private = Path(self._read().get("private") or ".")
        # The record lies where others may write, too: nothing but such a folder is ever removed.
        if private.name.startswith(PRIVATE_PREFIX) and private.is_dir() and not private.is_symlink():
            shutil.rmtree(private, ignore_errors=True)

    def is_past(self, engine_id: str) -> bool:
        """Whether no containers of a dead run can appear any more, where this engine has none now.

        An engine may finish a call that was under way when the run died; and another engine may have containers.
        """
        record = self._read()
        if record.get("engine") not in (None, "", engine_id):
            return False
        if "dead" not in record:
            record["dead"] = time.time()
            self._write(record)
        return bool(time.time() - record["dead"] > _LATE_SECONDS)

    def _read(self) -> dict[str, Any]:
        try:
            record = json.loads(self._record.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def _write(self, record: dict[str, Any]) -> None:
        self._record.write_text(json.dumps(record), "utf-8")


class ProjectLock:
    """Held by the command that starts what is to stay of a project, for the next one to take that up."""

    def __init__(self, state: Path, project: str) -> None:
        """`project` is its name; see `Stack.project`."""
        self._path = state / "projects" / f"{hashlib.sha256(project.encode()).hexdigest()[:16]}.lock"
        self._lock = FileLock(self._path, thread_local=False)

    def hold(self, waiting: Callable[[], None]) -> None:
        """Take it; `waiting` is called once when another process holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        told = False
        while not _taken(self._lock):
            if not told:
                told = True
                waiting()
            time.sleep(_POLL_SECONDS)

    def release(self) -> None:
        """Let go of it."""
        self._lock.release()

    @classmethod
    def wait_for(cls, state: Path, projects: Iterable[str], waiting: Callable[[], None]) -> None:
        """Wait until nobody holds those of projects."""
        for project in projects:
            lock = cls(state, project)
            if lock._path.exists():
                lock.hold(waiting)
                lock.release()


def _taken(lock: FileLock) -> bool:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True
