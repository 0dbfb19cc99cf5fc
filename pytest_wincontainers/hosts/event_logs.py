"""Reading the event logs of an engine's machine after a failure, within a time limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pytest_wincontainers.errors import WincontainersError
from pytest_wincontainers.hosts.base import Host, in_a_line
from pytest_wincontainers.hosts.events import EVENTS, MINUTES, Events, read_events
from pytest_wincontainers.limits import OutOfTime, within

SECONDS = 10.0
"""How long a failure is delayed at most."""
_FRESH_SECONDS = 5.0


class EventLogs:
    """The event logs of a machine, or the problem why it cannot be asked. May be used from any thread."""

    def __init__(self, name: str, host: Host | None, problem: str = "") -> None:
        self._name = name
        self._host = host
        self._problem = problem
        self._events = Events()
        self._fresh_until = 0.0
        self._one_at_a_time = threading.Lock()

    def text(self, mask: Callable[[str], str]) -> str:
        """Recent errors and warnings, a line each below a title, or one line that says why they could not be read.

        Empty where there are none. Containers that fail at the same time share one answer, and a machine that could not
        be asked is not asked again. Takes `SECONDS` at most and never raises. `mask` masks secrets in a text.
        """
        if not self._one_at_a_time.acquire(timeout=SECONDS):
            # Whoever asks at this moment says what comes of it.
            return ""
        try:
            if not self._problem and time.monotonic() >= self._fresh_until:
                self._read()
            problem, events = self._problem, self._events
        finally:
            self._one_at_a_time.release()
        if problem:
            return f"the event logs of {self._name} could not be read: {mask(problem)}"
        lines = events.lines(mask)
        title = f"event logs of {self._name}, errors and warnings of the last {MINUTES} minutes (UTC):"
        return "\n".join([title, *lines]) if lines else ""

    def _read(self) -> None:
        host = self._host
        if host is None:
            return
        try:
            self._events = read_events(within(SECONDS, lambda: host.run(EVENTS, SECONDS)))
        except OutOfTime:
            self._problem = f"it did not answer within {SECONDS:g} s"
        except WincontainersError as problem:
            self._problem = in_a_line(problem)
        except ValueError as problem:
            self._problem = str(problem)
        self._fresh_until = time.monotonic() + _FRESH_SECONDS
