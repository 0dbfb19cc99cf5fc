"""Calling the Docker SDK: its errors are turned into this package's, with the matching entry of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import docker.errors
import requests
import urllib3.exceptions

from pytest_wincontainers.errors import EngineError, EngineUnavailable
from pytest_wincontainers.failures import find_failure

_NOT_STARTED_CODES = (126, 127, 128)
_NOT_STARTED = re.compile(
    r"OCI runtime exec failed: |unable to find (?:user|group) |"
    r"container \S+ encountered an error during |hcs\w*::System::CreateProcess "
)


@contextmanager
def calling(what: str) -> Iterator[None]:
    """Turn whatever goes wrong into EngineError or EngineUnavailable."""
    try:
        yield
    except docker.errors.APIError as problem:
        raise refused(what, str(problem.explanation or problem), problem.status_code or 0) from problem
    except Exception as problem:
        if not is_connection_error(problem):
            raise
        raise _unavailable(what, problem) from problem


def is_connection_error(problem: Exception) -> bool:
    """Whether this is how the SDK says that the connection to the engine failed.

    It lets errors of named pipes through as they are (docker/docker-py#2562); the module that has their class exists on
    Windows only.
    """
    known = (docker.errors.DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError)
    return isinstance(problem, known) or type(problem).__module__ == "pywintypes"


@contextmanager
def lost_connection() -> Iterator[list[Exception]]:
    """End a block where the connection to the engine is lost or closed; the list then has the error."""
    lost: list[Exception] = []
    try:
        yield lost
    except Exception as problem:
        # The SDK's named pipes say RuntimeError once they are closed (docker-py docker/transport/npipesocket.py).
        if not is_connection_error(problem) and type(problem) is not RuntimeError:
            raise
        lost.append(problem)


def refused(what: str, words: str, status: int = 0) -> EngineError:
    """The error for a call that the engine answered with these words."""
    failure = find_failure(words)
    return EngineError(
        f"the Docker engine refused to {what}",
        details=words,
        hint=failure.remedy if failure else "check the engine's log for more details",
        status=status,
        failure=failure,
    )


def check_started(what: str, code: int, stdout: str) -> None:
    """Raise EngineError if a command's output is the engine's own: why it could not start the program.

    The engine has answered already when it tries to, so it writes its message where the program's output would be
    (moby/moby api/server/router/container/exec.go; for Windows microsoft/service-fabric-issues#574, docker/docs#9870).
    """
    if code in _NOT_STARTED_CODES:
        check_output(what, stdout)


def check_output(what: str, stdout: str) -> None:
    """The same where the exit code is not known yet, of a program whose own output does not begin like this."""
    if _NOT_STARTED.match(stdout):
        raise refused(what, stdout.strip())


def _unavailable(what: str, problem: Exception) -> EngineUnavailable:
    failure = find_failure(str(problem))
    more = "check the engine's log; containers left by this run are removed by the next run at the latest"
    return EngineUnavailable(
        f"the Docker engine stopped responding when asked to {what}",
        details=first_line(problem),
        hint=failure.remedy if failure else more,
        failure=failure,
    )


@contextmanager
def tolerating(*statuses: int) -> Iterator[None]:
    """Pass over refusals with one of these statuses."""
    try:
        yield
    except EngineError as problem:
        if problem.status not in statuses:
            raise


def first_line(problem: BaseException) -> str:
    """The first line of an error's text."""
    return (str(problem).splitlines() or [type(problem).__name__])[0]
