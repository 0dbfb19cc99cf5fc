"""The one loop that waits for a container to become ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pytest_wincontainers.errors import NotReady, StartError
from pytest_wincontainers.limits import OutOfTime, within
from pytest_wincontainers.ready import Ready

FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.5
_GROWTH = 1.5
_LEAST_SECONDS = 1.0
_LONGEST_TEXT = 100


def wait_until_ready(
    checks: Iterable[Ready],
    endpoint: Any,
    *,
    timeout: float,
    clock: Callable[[], float],
    pause: Callable[[float], None],
    say: Callable[[str], object] = str,
) -> None:
    """Return once every check holds, one after the other.

    `pause` waits so many seconds, or raises when waiting has become pointless; `say` is told what is waited for, which
    is what a check has as its `awaited`, or else what it says. Raises NotReady after
    `timeout` seconds with what the last check said; one that does not return by then is left alone. Raises StartError
    for a check that returns something else than None or a string.
    """
    deadline = clock() + timeout
    for check in checks:
        delay = FIRST_PAUSE
        say(getattr(check, "awaited", ""))
        while (why_not := _asked(check, endpoint, deadline - clock())) is not None:
            if not isinstance(why_not, str):
                raise StartError(
                    f"{_name(check)} returned {why_not!r}",
                    hint="return None when the container is ready, or else a string that says why it is not",
                )
            if clock() >= deadline:
                raise NotReady(f"is not ready after {round(timeout, 1):g} s: {why_not}")
            say(getattr(check, "awaited", "") or _shortened(why_not))
            pause(min(delay, max(0.0, deadline - clock())))
            delay = min(delay * _GROWTH, LONGEST_PAUSE)


def _shortened(text: str) -> str:
    line = (text.splitlines() or [""])[0]
    return line if len(line) <= _LONGEST_TEXT else f"{line[:_LONGEST_TEXT]}..."


def _asked(check: Ready, endpoint: Any, seconds: float) -> str | None:
    """What a check says, or that it says nothing in that time."""
    try:
        # The last one of several still gets a moment.
        return within(max(seconds, _LEAST_SECONDS), lambda: check(endpoint))
    except OutOfTime:
        return f"{_name(check)} did not return"


def _name(check: Ready) -> str:
    """The name of a check for people: a function's own, or that of what made it."""
    return f"the check {getattr(check, 'made_by', getattr(check, '__qualname__', type(check).__qualname__))}"
