"""Ctrl+C and SIGTERM during a command that leaves something to be told of."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SHELLS = 128
"""What shells add to a signal for the exit code of a program that it has ended."""


class Interruption:
    """Which signal has ended the command."""

    def __init__(self) -> None:
        self._signal: int = signal.SIGINT

    @property
    def exit_code(self) -> int:
        """The exit code that says so."""
        return _SHELLS + self._signal

    def _terminate(self, number: int, _frame: FrameType | None) -> None:
        self._signal = number
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """SIGTERM ends what is inside as Ctrl+C does."""
    interruption = Interruption()
    before = signal.signal(signal.SIGTERM, interruption._terminate)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGTERM, before)
