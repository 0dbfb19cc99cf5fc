"""Waiting for other processes."""

from __future__ import annotations

import time


def wait_for(condition, seconds=60):
    """Wait until the condition has a value; the value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value
