"""Files that another process has open: on Windows they can be neither replaced nor removed, and often not be read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

ResultT = TypeVar("ResultT")
_OPEN_SECONDS = 2.0


def while_open(call: Callable[[], ResultT]) -> ResultT:
    """What `call` returns; again for some seconds as long as it raises PermissionError."""
    deadline = time.monotonic() + _OPEN_SECONDS
    while True:
        try:
            return call()
        except PermissionError:  # noqa: PERF203 - that is what it waits for
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
