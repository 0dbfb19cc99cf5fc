"""Waiting for other processes, and ending them."""

from __future__ import annotations

import os
import signal
import time


def wait_for(condition, seconds=60):
    """Wait until the condition has a value; the value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value


def interrupt(process):
    """Ctrl+C: the terminal sends it to the whole group."""
    os.killpg(process.pid, signal.SIGINT)
