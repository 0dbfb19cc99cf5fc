"""The one loop that waits for a container to become ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pytest_wincontainers.errors import NotReady, StartError
from pytest_wincontainers.ready import Ready

FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.5
_GROWTH = 1.5


def wait_until_ready(
    checks: Iterable[Ready],
    endpoint: Any,
    *,
    timeout: float,
    clock: Callable[[], float],
    pause: Callable[[float], None],
) -> None:
    """Return once every check holds, one after the other.

    `pause` waits so many seconds, or raises when waiting has become pointless. Raises NotReady after
    `timeout` seconds with what the last check said, and StartError for a check that returns something else.
    """
    begun = clock()
    for check in checks:
        delay = FIRST_PAUSE
        while (why_not := check(endpoint)) is not None:
            if not isinstance(why_not, str):
                raise StartError(
                    f"the readiness check {getattr(check, '__name__', check)} returned {why_not!r}",
                    hint="return None when the container is ready, or else a string that says why it is not",
                )
            if clock() - begun > timeout:
                raise NotReady(f"is not ready after {timeout:g} s: {why_not}")
            pause(delay)
            delay = min(delay * _GROWTH, LONGEST_PAUSE)
