"""Cancellation: how all threads of a run learn of its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_wincontainers.errors import Cancelled


class Cancellation:
    """Whether the run is over, and whether a call may still make a container. `changed` is notified at each change."""

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._cancelled = False
        self._making = 0

    @property
    def cancelled(self) -> bool:
        """Whether the run is over."""
        return self._cancelled

    def cancel(self) -> bool:
        """End the run; whether this was the first time."""
        with self._changed:
            first = not self._cancelled
            self._cancelled = True
            self._changed.notify_all()
            return first

    def check(self) -> None:
        """Raise Cancelled once the run is over."""
        if self._cancelled:
            raise Cancelled("the run ended while containers were starting")

    def pause(self, seconds: float) -> None:
        """Wait so many seconds. Raises Cancelled as soon as the run is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled, timeout=seconds)
        self.check()

    @contextmanager
    def making(self) -> Iterator[None]:
        """While this lasts, a container may come to be that a removal has not seen. Raises Cancelled."""
        with self._changed:
            self.check()
            self._making += 1
        try:
            yield
        finally:
            with self._changed:
                self._making -= 1
                self._changed.notify_all()

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no call makes a container any more; whether that is so.

        A build that goes on, or a request that a site has not answered yet, does not matter: the one ends with this
        process, the other with the container.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            return self._changed.wait_for(lambda: not self._making, timeout=max(0.0, deadline - time.monotonic()))
