"""The board: the state of every container of a run, written by the threads that start them, read by all others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum


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
    """One container's line."""

    name: str
    state: State
    since: float
    detail: str = ""


class Board:
    """Thread-safe. `changed` is notified at each change; whoever waits for more than this board shares it."""

    def __init__(
        self,
        names: Iterable[str],
        clock: Callable[[], float] = time.monotonic,
        mask: Callable[[str], str] = lambda line: line,
    ) -> None:
        self.changed = threading.Condition()
        self._clock = clock
        self._mask = mask
        self.begun = clock()
        self.engine = ""
        self._entries = {name: Entry(name, State.WAITING, self.begun) for name in names}
        self._notes: list[str] = []

    def say(self, name: str, state: State, detail: str = "") -> None:
        """The container is in that state now."""
        with self.changed:
            before = self._entries[name]
            since = before.since if before.state is state else self._clock()
            self._entries[name] = Entry(name, state, since, detail)
            self.changed.notify_all()

    def note(self, line: str) -> None:
        """Add a line to the run's summary; engines say of a failed start what its variables were."""
        line = self._mask(line)
        with self.changed:
            if line not in self._notes:
                self._notes.append(line)

    @property
    def entries(self) -> list[Entry]:
        with self.changed:
            return list(self._entries.values())

    @property
    def notes(self) -> list[str]:
        with self.changed:
            return list(self._notes)

    def seconds(self, entry: Entry) -> float:
        """How long the run took until this entry's state, or has taken so far where that still goes on."""
        return (entry.since if entry.state in SETTLED else self._clock()) - self.begun
