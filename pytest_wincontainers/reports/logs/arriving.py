"""Waiting for the lines of a log that are on their way to its file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from pytest_wincontainers.reports.logs.files import ending, last_time, position

_QUIET_SECONDS = 0.06
_LONGEST_SECONDS = 10.0
_STALLED_SECONDS = 2.0


class Arriving:
    """The lines of a log that are on their way to its file.

    `now` is the time of the engine's clock: what comes with a later time is not waited for. `latest` tells the time of
    the last line that the engine has.
    """

    def __init__(self, path: Path, now: float, latest: Callable[[], float]) -> None:
        self._path = path
        self._now = now
        self._latest = latest
        self._position = position(path)
        self._grown = time.monotonic()

    def here(self) -> bool:
        """Whether all are in the file, or no more are to be expected."""
        before, self._position = self._position, position(self._path)
        written = last_time(ending(self._path))
        if self._position != before:
            self._grown = time.monotonic()
            return written >= self._now
        return written >= self._latest() or time.monotonic() - self._grown > _STALLED_SECONDS


def settle(logs: Iterable[Arriving]) -> None:
    """Wait for lines that are on their way, ten seconds at the most.

    A server writes its line of a request after the answer, and the stream takes its time; for much output, seconds.
    """
    waiting = list(logs)
    deadline = time.monotonic() + _LONGEST_SECONDS
    while waiting and time.monotonic() < deadline:
        time.sleep(_QUIET_SECONDS)
        waiting = [one for one in waiting if not one.here()]
