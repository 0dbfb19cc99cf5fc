"""Calls beside this one, and time limits for those that have no timeout of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from contextvars import ContextVar, copy_context
from typing import TypeVar

ResultT = TypeVar("ResultT")

_GRACE_SECONDS = 0.2
_SLICE_SECONDS = 0.2
_DEADLINE: ContextVar[float] = ContextVar("deadline", default=float("inf"))


class OutOfTime(TimeoutError):
    """A call did not end within its time limit."""


def within(seconds: float, call: Callable[[], ResultT]) -> ResultT:
    """What `call` returns or raises, if it does so within so many seconds; else OutOfTime, and it is left alone.

    Docker's SDK reads a named pipe without any limit (docker-py docker/transport/npipesocket.py), an engine's stop of
    a container can take ten minutes, and pywinrm asks for a command's output for ever.
    """

    def work() -> ResultT:
        _DEADLINE.set(min(_DEADLINE.get(), time.monotonic() + seconds))
        return call()

    future = begin(work)
    # A call that knows its limit says more of what took so long.
    wait([future], seconds + _GRACE_SECONDS)
    if not future.done():
        raise OutOfTime
    return future.result()


def begin(call: Callable[[], ResultT]) -> Future[ResultT]:
    """Begin a call beside this one; nobody waits for it at the interpreter's end, as for an executor's threads."""
    future: Future[ResultT] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as problem:  # noqa: BLE001 - raised by whoever waits
            future.set_exception(problem)

    threading.Thread(target=copy_context().run, args=(work,), name="wincontainers-call", daemon=True).start()
    return future


def beside(calls: Iterable[Callable[[], object]]) -> Callable[[], None]:
    """Begin calls beside this one; call what is returned to wait for their ends, and to raise what one has raised."""
    futures = [begin(call) for call in calls]

    def ended() -> None:
        for future in futures:
            # In slices, as Windows does not interrupt a wait without a timeout.
            while not future.done():
                wait([future], _SLICE_SECONDS)
            future.result()

    return ended


def left(most: float) -> float:
    """The seconds that are left to the call `within` which this runs, and `most` at the most; never below 0."""
    return max(0.0, min(most, _DEADLINE.get() - time.monotonic()))
