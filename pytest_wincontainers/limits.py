"""A time limit for calls that have no timeout of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

ResultT = TypeVar("ResultT")


def within(seconds: float, call: Callable[[], ResultT]) -> ResultT:
    """What `call` returns or raises, if it does so within so many seconds; else TimeoutError, and it is left alone.

    Docker's SDK reads a named pipe without any limit (docker-py docker/transport/npipesocket.py), an engine's stop of
    a container can take ten minutes, and pywinrm asks for a command's output for ever.
    """
    future: Future[ResultT] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as problem:  # noqa: BLE001 - raised by whoever waits
            future.set_exception(problem)

    # Not an executor's thread, which the interpreter would wait for at its end.
    thread = threading.Thread(target=work, name="wincontainers-call", daemon=True)
    thread.start()
    thread.join(seconds)
    if not future.done():
        raise TimeoutError
    return future.result()
