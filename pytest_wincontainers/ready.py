"""Readiness checks, to be passed to `container(ready=…)`.

    from pytest_wincontainers import container, ready

    @container(image="cache:1", ports=[6379], ready=ready.tcp(6379))
    def cache(): ...

All checks of a list must pass, one after the other.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Protocol

from pytest_wincontainers.errors import DeclarationError, EngineError, StartError
from pytest_wincontainers.limits import left

_CONNECT_SECONDS = 2
_HANG_UP_SECONDS = 0.1
_PUBLISHED_HANG_UP_SECONDS = 1.0
"""The engine's own process takes a published port first, and on a busy machine needs its time to find nobody there."""

ANSWER_SECONDS = 120
_LONGEST_COMMAND = 3600.0
_BODY_SECONDS = 2.0
_LONGEST_BODY = 1 << 20
_PIECE = 1 << 16
REFUSED = "connection refused"


class Ready(Protocol):
    """A readiness check."""

    def __call__(self, endpoint: Any) -> str | None:
        """Return None if the check passes, otherwise a line that says why not. Raises StartError if it never will."""


@dataclass(frozen=True)
class Tcp:
    """See `tcp`."""

    port: int
    made_by = "ready.tcp"

    def __call__(self, endpoint: Any) -> str | None:
        port = endpoint.ports[self.port]
        seconds = _HANG_UP_SECONDS if port == self.port else _PUBLISHED_HANG_UP_SECONDS
        try:
            with socket.create_connection((endpoint.host, port), left(_CONNECT_SECONDS)) as connection:
                return (
                    None if _stays(connection, seconds) else f"port {self.port}: the connection is closed immediately"
                )
        except OSError as problem:
            return f"port {self.port}: {reason(problem)}"


def _stays(connection: socket.socket, seconds: float) -> bool:
    """Whether the connection stays open: an engine listens on a published port before the container does."""
    connection.settimeout(seconds)
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True


@dataclass(frozen=True)
class Http:
    """See `http`."""

    port: int
    path: str
    status: Sequence[int] | None
    made_by = "ready.http"

    def __call__(self, endpoint: Any) -> str | None:
        answer = request(endpoint.host, endpoint.ports[self.port], self.path)
        if isinstance(answer, str):
            return f"port {self.port}: {answer}"
        good = answer.status < 500 if self.status is None else answer.status in self.status
        return None if good else f"GET {self.path} on port {self.port} returned {answer.status}"


@dataclass(frozen=True)
class Log:
    """See `log`."""

    pattern: str

    def __call__(self, endpoint: Any) -> str | None:
        found = re.search(self.pattern, endpoint.logs(), re.MULTILINE)
        return None if found else f"no line of the log matches {self.pattern!r}"


@dataclass(frozen=True)
class Exec:
    """See `exec`."""

    command: tuple[str, ...]
    made_by = "ready.exec"

    def __call__(self, endpoint: Any) -> str | None:
        try:
            result = endpoint.exec(*self.command, timeout=left(_LONGEST_COMMAND))
        except EngineError:
            if left(1.0):
                raise
            return f"the check {self.made_by} did not return"
        if result.exit_code == 0:
            return None
        last = (result.output.strip().splitlines() or ["no output"])[-1]
        return f"{self.command[0]} exited with code {result.exit_code}: {last}"


@dataclass(frozen=True)
class Healthy:
    """See `healthy`. If it is not `required`, a container without a health check is ready."""

    required: bool = True
    made_by = "ready.healthy"

    def __call__(self, endpoint: Any) -> str | None:
        state = endpoint.state()
        if not state.running:
            return "the container does not run"
        health = state.health
        if health is None and self.required:
            raise StartError(
                f"{endpoint.name} has no health check for ready.healthy()",
                hint="add healthcheck=Healthcheck(…), or a HEALTHCHECK to the image's Dockerfile",
            )
        if health is None or health.status == "healthy":
            return None
        # The engine runs the check for the first time after its interval, by default 30 s (moby/moby
        # daemon/health.go); run here, it is known as soon as it passes.
        try:
            result = endpoint.exec(*health.command, timeout=left(health.timeout))
        except EngineError as problem:
            return f"the health check failed: {problem.message}"
        if result.exit_code == 0:
            return None
        return f"the health check exited with code {result.exit_code}: {result.output.strip() or 'no output'}"


def tcp(port: int) -> Ready:
    """Ready once the container accepts connections on `port`."""
    return Tcp(port)


def http(port: int, path: str = "/", *, status: Sequence[int] | None = None) -> Ready:
    """Ready once a GET request for `path` returns one of the given `status` codes; by default, any code below 500.

    The status counts, not the whole body: a page that never ends is ready, too.
    """
    return Http(port, path, status)


def healthy() -> Ready:
    """Ready once the health check of the container passes: its `healthcheck=`, or the HEALTHCHECK of its image.

    The check is run without waiting for its interval. Raises StartError if there is none.
    """
    return Healthy()


def log(pattern: str) -> Ready:
    """Ready once a line of the container's output matches the regular expression."""
    __tracebackhide__ = True
    try:
        re.compile(pattern)
    except (re.error, TypeError) as problem:
        raise DeclarationError(
            f"ready.log() has an invalid pattern: {problem}", hint="give a regular expression as a string"
        ) from None
    return Log(pattern)


def exec(*command: str) -> Ready:  # noqa: A001 - the engines' own word
    """Ready once a command in the container exits with 0. `tcp` and `http` are faster.

    A command that does not end within the container's `timeout` is left running there.
    """
    return Exec(command)


@dataclass(frozen=True)
class Answer:
    """An HTTP response. `body` is what arrived of it in two seconds, one MiB at the most."""

    status: int
    body: bytes


class _Timed(socket.socket):
    """A connection whose reads end at a deadline, however slowly the bytes come."""

    deadline = 0.0

    def recv_into(self, *given: Any) -> int:
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        self.settimeout(seconds)
        return super().recv_into(*given)


def request(
    host: str, port: int, path: str, headers: Mapping[str, str] | None = None, seconds: float = ANSWER_SECONDS
) -> Answer | str:
    """Send a GET request and return the response, or a line that says why there is none.

    A site compiles its pages at the first request, which takes tens of seconds on a slow machine. So the time limit
    is long once the connection is established; in a readiness check it is what the container has left.
    """
    connection = HTTPConnection(host, port)
    try:
        plain = socket.create_connection((host, port), left(_CONNECT_SECONDS))
        with _Timed(plain.family, plain.type, plain.proto, fileno=plain.detach()) as timed:
            timed.settimeout(left(seconds))
            timed.deadline = time.monotonic() + left(seconds)
            connection.sock = timed
            connection.request("GET", path, headers={"Connection": "close", **(headers or {})})
            answer = connection.getresponse()
            timed.deadline = time.monotonic() + left(_BODY_SECONDS)
            return Answer(answer.status, _body(answer))
    except (OSError, HTTPException) as problem:
        return reason(problem)
    finally:
        connection.close()


def _body(answer: HTTPResponse) -> bytes:
    """What there is of it: a page that never ends has answered, too."""
    body = b""
    with suppress(OSError, HTTPException):
        while len(body) < _LONGEST_BODY and (piece := answer.read1(_PIECE)):
            body += piece
    return body[:_LONGEST_BODY]


def reason(problem: Exception) -> str:
    """A line that says why a connection failed."""
    if isinstance(problem, ConnectionRefusedError):
        return REFUSED
    if isinstance(problem, TimeoutError):
        return "timed out"
    return (str(problem).splitlines() or [type(problem).__name__])[0]
