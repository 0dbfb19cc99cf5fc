"""From started to handed over: readiness and preparation, with errors that say which container and what to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pytest_wincontainers.engines.base import ContainerState, Image
from pytest_wincontainers.errors import (
    Cancelled,
    ContainerExited,
    EngineError,
    EngineUnavailable,
    NotReady,
    PreparationError,
    StartError,
    WincontainersError,
    users_frames,
)
from pytest_wincontainers.reports.logs import tail
from pytest_wincontainers.run.container.follower import TAIL_LINES
from pytest_wincontainers.run.container.waiting import wait_until_ready
from pytest_wincontainers.services.recipe import readiness_of
from pytest_wincontainers.services.service import Service

_LAST_WORDS_SECONDS = 0.5

Pause = Callable[[float], None]
"""Waits so many seconds, or raises when waiting has become pointless."""


def make_ready(
    name: str,
    service: Service,
    endpoint: Any,
    *,
    image: Image | None,
    timeout: float,
    log: Path,
    pause: Pause,
    say: Callable[[str], None],
    state: Callable[[], ContainerState],
) -> None:
    """Return once every check of the service holds. Raises StartError."""
    try:
        wait_until_ready(readiness_of(service), endpoint, timeout=timeout, clock=time.monotonic, pause=pause, say=say)
    except NotReady as problem:
        pause(_LAST_WORDS_SECONDS)
        exposed = ", ".join(str(port) for port in image.ports) if image else ""
        raise NotReady(
            f"{name} {problem.message}" if problem.message.startswith("is ") else problem.message,
            details=problem.details or tail(log, TAIL_LINES),
            hint=_trouble(state)
            or problem.hint
            or (f"its image exposes {exposed}; " if exposed else "")
            + f"its log is {log}; --wincontainers-timeout or timeout= allows more time",
        ) from None
    except (ContainerExited, EngineUnavailable, Cancelled):
        raise
    except EngineError as problem:
        pause(_LAST_WORDS_SECONDS)
        raise StartError(
            f"the readiness check of {name} failed: {problem.message}",
            details=_joined(users_frames(problem), problem.details),
            hint=f"its log is {log}",
        ) from problem
    except WincontainersError as problem:
        problem.details = _joined(users_frames(problem), problem.details)
        raise
    except Exception as problem:
        raise StartError(
            f"the readiness check of {name} raised {type(problem).__name__}: {problem}",
            details=users_frames(problem),
            hint="a check returns None when it passes, otherwise a string that says why not",
        ) from problem


def _trouble(state: Callable[[], ContainerState]) -> str:
    """A hint where the engine knows why the container does not answer."""
    with suppress(EngineError):
        trouble = state().trouble
        return f"{trouble}; find out who did that" if trouble else ""
    return ""


@contextmanager
def explained(name: str, log: Path, pause: Pause) -> Iterator[None]:
    """A step of the preparation: what it raises becomes PreparationError, or stays one of ours."""
    try:
        yield
    except WincontainersError as problem:
        # A server that dies in the middle looks like a broken migration; its end says more.
        pause(_LAST_WORDS_SECONDS)
        problem.details = _joined(users_frames(problem), problem.details)
        raise
    except Exception as problem:
        pause(_LAST_WORDS_SECONDS)
        raise PreparationError(
            f"preparing {name} failed: {type(problem).__name__}: {problem}",
            details=_joined(users_frames(problem), tail(log, TAIL_LINES)),
            hint=f"its log is {log}",
        ) from problem


def _joined(*texts: str) -> str:
    return "\n".join(text for text in texts if text)
