"""Time limits for calls that have no timeout of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar, copy_context
from typing import TypeVar

ResultT = TypeVar("ResultT")

_GRACE_SECONDS = 0.2
_DEADLINE: ContextVar[float] = ContextVar("deadline", default=float("inf"))


class OutOfTime(TimeoutError):
    """A call did not end within its time limit."""


def within(seconds: float, call: Callable[[], ResultT]) -> ResultT:
    """What `call` returns or raises, if it does so within so many seconds; else OutOfTime, and it is left alone.

    Docker's SDK reads a named pipe without any limit (docker-py docker/transport/npipesocket.py), an engine's stop of
    a container can take ten minutes, and pywinrm asks for a command's output for ever.
    """
    future: Future[ResultT] = Future()

    def work() -> None:
        _DEADLINE.set(min(_DEADLINE.get(), time.monotonic() + seconds))
        try:
            future.set_result(call())
        except BaseException as problem:  # noqa: BLE001 - raised by whoever waits
            future.set_exception(problem)

    # Not an executor's thread, which the interpreter would wait for at its end.
    thread = threading.Thread(target=copy_context().run, args=(work,), name="wincontainers-call", daemon=True)
    thread.start()
    # A call that knows its limit says more of what took so long.
    thread.join(seconds + _GRACE_SECONDS)
    if not future.done():
        raise OutOfTime
    return future.result()


def left(most: float) -> float:
    """The seconds that are left to the call `within` which this runs, and `most` at the most; never below 0."""
    return max(0.0, min(most, _DEADLINE.get() - time.monotonic()))
