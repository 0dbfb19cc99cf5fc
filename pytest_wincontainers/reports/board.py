"""The board: the state of every container of a run, written by the threads that start them, read by all others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any


class State(Enum):
    """The states of a container; the value is the word for people."""

    WAITING = "waiting"
    IMAGE = "image"
    STARTING = "starting"
    BOOTING = "booting"
    PREPARING = "preparing"
    RESTARTING = "restarting"
    READY = "ready"
    FAILED = "failed"
    NOT_STARTED = "not started"
    CANCELLED = "cancelled"
    ENDED = "ended"


SETTLED = {State.READY, State.FAILED, State.NOT_STARTED, State.CANCELLED, State.ENDED}
"""The states that do not go on."""


@dataclass(frozen=True)
class Entry:
    """One container's line; times are of the board's clock."""

    name: str
    state: State
    since: float
    detail: str = ""
    started: float | None = None
    """When the engine was asked to start it, the last time."""
    restarts: int = 0


def _nobody(kind: str, **values: Any) -> None:
    """Nobody listens."""


class Board:
    """Thread-safe. `changed` is notified at each change; whoever waits for more than this board shares it.

    `record` is told all that happens, for the journal: a kind and its values.
    """

    def __init__(
        self,
        names: Iterable[str],
        clock: Callable[[], float] = time.monotonic,
        mask: Callable[[str], str] = lambda line: line,
        record: Callable[..., None] = _nobody,
    ) -> None:
        self.changed = threading.Condition()
        self._clock = clock
        self._mask = mask
        self._record = record
        self.begun = clock()
        self.engine = ""
        self._entries = {name: Entry(name, State.WAITING, self.begun) for name in names}
        self._notes: list[str] = []

    def connected(self, engine: str) -> None:
        """The engine answers; what it is."""
        with self.changed:
            self.engine = engine
            self._record("engine", text=engine)
            self.changed.notify_all()

    def say(self, name: str, state: State, detail: str = "") -> None:
        """The container is in that state now."""
        detail = self._mask(detail)
        with self.changed:
            before = self._entries[name]
            if before.state is state:
                self._entries[name] = replace(before, detail=detail)
            else:
                now = self._clock()
                starts = state in {State.STARTING, State.RESTARTING}
                self._entries[name] = Entry(
                    name,
                    state,
                    now,
                    detail,
                    now if starts else before.started,
                    before.restarts + (state is State.RESTARTING),
                )
                self._record("state", name=name, state=state.name.lower())
            self.changed.notify_all()

    def blocked(self, name: str, by: Iterable[str]) -> None:
        """The container waits for others from now on; for none: no more."""
        self._record("blocked", name=name, by=list(by))

    def reused(self, name: str) -> None:
        """The container is one that an earlier run has left."""
        self._record("reused", name=name)

    def retried(self, name: str, what: str, failure: str, words: str) -> None:
        """Something was tried again after a transient failure."""
        self._record("retry", name=name, what=what, failure=failure)
        self.note(f"{name}: {what} was retried after {failure}: {words}")

    def note(self, line: str) -> None:
        """Add a line to the run's summary; engines say of a failed start what its variables were."""
        line = self._mask(line)
        with self.changed:
            if line not in self._notes:
                self._notes.append(line)
                self._record("note", text=line)

    @property
    def entries(self) -> list[Entry]:
        with self.changed:
            return list(self._entries.values())

    @property
    def notes(self) -> list[str]:
        with self.changed:
            return list(self._notes)

    def seconds(self, entry: Entry) -> float:
        """How long the entry's state has lasted, or, of one that does not go on, how long the way to it took.

        That way begins with the container's own start.
        """
        if entry.state not in SETTLED:
            return self._clock() - entry.since
        return entry.since - (entry.started if entry.started is not None else self.begun)
