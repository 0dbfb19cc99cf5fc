"""Stacks: containers that stay on an engine after their run, for a later run or for a person.

What is known of one lies in the user's state folder. It holds passwords, so only this account can read it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pytest_wincontainers.endpoints import ContainerInfo
from pytest_wincontainers.engines.base import EngineAddress
from pytest_wincontainers.machine.files import while_open
from pytest_wincontainers.run.locks import RunLock

_FORMAT = 1
_TRIES, _PAUSE_SECONDS = 5, 0.02


@dataclass(frozen=True)
class KeptContainer:
    """One container of a stack."""

    service: str
    """The kind of its service."""
    info: ContainerInfo
    parts: Mapping[str, str]
    """By what it is made of, a hash; empty if it cannot be used again."""
    access: Mapping[str, str]
    """Ready-made lines for people: by what takes it, such as a client or a connection string. They hold passwords."""
    declaration: str
    """The name of its declaration, which may have one container for each pytest-xdist worker."""
    ready: bool = True
    """Whether it became ready."""
    outdated: bool = False
    """Whether it may know others by old addresses."""


@dataclass(frozen=True)
class Stack:
    """The containers that stay of one run."""

    run: str
    project: str
    """The root directory of the suite that declares them; see `project_of`."""
    engine: EngineAddress
    engine_id: str
    """That of the engine itself, as it reports it."""
    until: float
    """When its lease runs out, in seconds since 1970."""
    why: str
    """In whose name it stays: "up", "reuse" or "keep"."""
    containers: Mapping[str, KeptContainer]

    @property
    def expired(self) -> bool:
        """Whether its lease has run out."""
        return time.time() >= self.until

    def secrets(self) -> Mapping[str, Mapping[str, str]]:
        """The passwords of its containers, by name."""
        return {name: one.info.secrets for name, one in self.containers.items()}

    def belongs_to(self, folder: Path) -> bool:
        """Whether a directory is in its project."""
        return self.project in projects_around(folder)


@dataclass(frozen=True)
class TakenStack:
    """A stack that this process has for itself, until it lets go of the lock."""

    stack: Stack
    lock: RunLock


def project_of(folder: Path) -> str:
    """The name of a project in its root directory, however that is written."""
    return os.path.normcase(os.path.realpath(folder))


def projects_around(folder: Path) -> list[str]:
    """The names of the projects that a directory may belong to."""
    return [project_of(one) for one in (folder, *folder.parents)]


class Stacks:
    """The stacks of this account on this machine. Methods that write raise OSError."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self._folder = state / "stacks"

    def all(self) -> list[Stack]:
        """All of them, the newest first; what cannot be read is left out."""
        paths = sorted(self._folder.glob("*.json"), key=_age)
        return [stack for path in paths if (stack := self.find(path.stem)) is not None]

    def find(self, run: str) -> Stack | None:
        """The stack of that run, if there is one."""
        try:
            found = json.loads(while_open(lambda: self._path(run).read_text("utf-8")))
            return _from_json(found) if found.get("format") == _FORMAT else None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def in_use(self, stack: Stack) -> bool:
        """Whether a process is using it at this moment."""
        return RunLock(self.state, stack.run).is_held

    def take(self, run: str) -> TakenStack | None:
        """The stack for this process alone; None where it is gone, or another process has it."""
        lock = RunLock(self.state, run)
        # Whoever only looks whether somebody has it, has it for a moment.
        for _ in range(_TRIES):
            if lock.take_over():
                break
            time.sleep(_PAUSE_SECONDS)
        else:
            if not lock.exists:
                # All of it is gone but for the list, which somebody had open then.
                self.forget(run)
            return None
        # Whoever had it may have removed it meanwhile.
        stack = self.find(run)
        if stack is None:
            lock.let_go()
            return None
        return TakenStack(stack, lock)

    def of(self, project: str, engine: EngineAddress) -> list[Stack]:
        """Those of a project on that engine: what was kept for a look comes last, and else the newest first."""
        mine = [one for one in self.all() if one.project == project and one.engine == engine]
        return sorted(mine, key=lambda one: one.why == "keep")

    def take_for(self, project: str, engine: EngineAddress) -> TakenStack | None:
        """One of them that nobody else has at this moment."""
        for stack in self.of(project, engine):
            taken = self.take(stack.run)
            if taken is not None and taken.lock.was_leased:
                return taken
            # Of one whose owner was killed, the watchdog removes the containers at this moment, or has done so.
            if taken is not None:
                self.forget(stack.run)
                taken.lock.let_go()
        return None

    def save(self, stack: Stack) -> None:
        """Write what is known of a stack."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(stack.run)
        part = path.with_suffix(".part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump({"format": _FORMAT, **asdict(stack)}, file)
            while_open(lambda: part.replace(path))
        except BaseException:
            # It has passwords.
            part.unlink(missing_ok=True)
            raise

    def forget(self, run: str) -> None:
        """The containers of that run are gone."""
        with suppress(OSError):
            while_open(self._path(run).unlink)

    def _path(self, run: str) -> Path:
        return self._folder / f"{run}.json"


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0


def _from_json(found: dict[str, Any]) -> Stack:
    del found["format"]
    containers = {
        name: KeptContainer(**{**one, "info": ContainerInfo.from_json(one["info"])})
        for name, one in found["containers"].items()
    }
    return Stack(**{**found, "engine": EngineAddress(*found["engine"]), "containers": containers})
