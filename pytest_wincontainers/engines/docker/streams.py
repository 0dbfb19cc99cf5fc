"""Streams of the engine: the logs of containers, and commands in them with their input, output and exit code."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from docker.errors import DockerException
from docker.utils.socket import NPIPE_ENDED, demux_adaptor, frames_iter

from pytest_wincontainers.engines.docker.calls import lost_connection
from pytest_wincontainers.engines.docker.pieces import pieces_of
from pytest_wincontainers.engines.docker.records import Records, lines_in
from pytest_wincontainers.errors import EngineError
from pytest_wincontainers.guests.base import GuestRules

_PIECE = 64 * 1024
_STDERR = 2
_END_SECONDS = 10.0
_LONGEST_OUTPUT = 64 << 20
_MESSAGE_PIPE = 0x4
"""The flag of a named pipe in message mode (PIPE_TYPE_MESSAGE)."""


def log_lines(api: Any, container: str, *, follow: bool, tail: int | None) -> Iterator[bytes]:
    """The lines of a container's log, each with the engine's time in front and its end."""
    options = {"stdout": True, "stderr": True, "timestamps": True, "follow": follow, "stream": True}
    stream = api.logs(container, tail="all" if tail is None else tail, **options)
    try:
        # Not by the stream itself: it tells neither which output a record is of, nor of a connection that was lost.
        response = stream._response
        connection = api._get_raw_response_socket(response)
        api._disable_socket_timeout(connection)
        pieces, chunked = pieces_of(response, getattr(connection, "_sock", connection))
        yield from lines_in(pieces, chunked=chunked)
    finally:
        _close(stream)


def texts(pieces: Sequence[tuple[bytes | None, bytes | None]], guest: GuestRules) -> tuple[str, str]:
    """The texts of standard output and standard error."""
    # Each as a whole: characters, and PowerShell's XML, are cut anywhere.
    outputs = b"".join(out for out, _ in pieces if out)
    errors = b"".join(error for _, error in pieces if error)
    return guest.decode(outputs), guest.decode(errors)


def feed(api: Any, container: str, command: Sequence[str], user: str, source: BinaryIO) -> tuple[int, list[Any]]:
    """Run a command with a file as its standard input; its exit code and output.

    Some of the output is lost where the connection cannot be closed by halves (see `half_close`), or where the command
    does not read all of its input and the engine resets the connection.
    """
    created = api.exec_create(container, list(command), stdin=True, user=user)
    connection = api.exec_start(created["Id"], socket=True)
    real = getattr(connection, "_sock", connection)

    def write() -> None:
        with lost_connection() as failed:
            while piece := source.read(_PIECE):
                real.sendall(piece)
        # However that ended, the command must not wait for more.
        with lost_connection():
            if failed and not isinstance(real, socket.socket):
                real.close()
            else:
                half_close(real)

    writer = threading.Thread(target=write, name="wincontainers-feed", daemon=True)
    writer.start()
    if type(real) is not socket.socket:
        # Two threads must not use one TLS connection, nor wait for one handle of a pipe, as the SDK does where it reads
        # (docker-py docker/transport/npipesocket.py). What the command writes meanwhile is kept on the way.
        writer.join()
    pieces: list[Any] = []
    try:
        with lost_connection() as lost:
            pieces.extend(demux_adaptor(*frame) for frame in frames_iter(connection, tty=False))
        writer.join()
    finally:
        _close(connection)
    # The command may still be running if the connection ended first. An engine that is gone does not answer.
    return _exit_code(api, created["Id"], float("inf") if lost else _END_SECONDS), pieces


def half_close(connection: Any) -> None:
    """Tell an engine that a program's input ends here, and leave its output to be read if possible.

    Without this a program that reads its input to the end never ends, and tar does so (libarchive/libarchive
    archive_read_open_filename.c).
    """
    if isinstance(connection, socket.socket):
        # An SSLSocket's own shutdown() would read the rest as if it were not encrypted. Go takes the end of the TCP
        # stream for that of TLS when it comes between two records (golang/go src/crypto/tls/conn.go); OpenSSL, as in
        # some proxies, takes it for the end of both directions.
        socket.socket.shutdown(connection, socket.SHUT_WR)
    elif hasattr(connection, "shutdown_write"):
        connection.shutdown_write()
    elif connection.flags & _MESSAGE_PIPE:
        # The engine takes an empty message for the end (microsoft/go-winio pipe.go CloseWrite, moby/moby
        # daemon/listeners/listeners_windows.go).
        connection.send(b"")
    else:
        # Nothing else ends the input of a pipe of bytes, such as a proxy's (docker/cli#4718). The command goes on
        # (moby/moby daemon/server/router/container/exec.go).
        connection.close()


def read(api: Any, container: str, command: Sequence[str], user: str) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Run a command and yield what it writes to standard output and error."""
    created = api.exec_create(container, list(command), user=user)
    stream = api.exec_start(created["Id"], stream=True, demux=True)
    try:
        yield from frames(api, stream)
    finally:
        _close(stream)


def frames(api: Any, stream: Any) -> Iterator[tuple[bytes | None, bytes | None]]:
    """What a command writes to standard output and error, from the SDK's stream.

    The SDK reads the socket itself. Whatever came in one piece with the head of the answer, as a short command's whole
    output may, is in a buffer by then, and would be lost (docker/docker-py#3332).
    """
    response = stream._response
    read = getattr(response.raw._fp.fp, "read1", None)
    if read is None:  # paramiko's
        yield from stream
        return
    api._disable_socket_timeout(api._get_raw_response_socket(response))
    records = Records()
    for read_now in _until_its_end(read):
        for output, piece in records.add(read_now):
            yield (None, piece) if output == _STDERR else (piece, None)


def _until_its_end(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while True:
        try:
            piece = read(_PIECE)
        except (OSError, ValueError):  # it was closed
            return
        except Exception as problem:
            # That a named pipe has ended is an error of pywin32's own.
            if problem.args[:1] != (NPIPE_ENDED,):
                raise
            return
        if not piece:
            return
        yield piece


class ExecStream:
    """A command in a container, run once."""

    def __init__(
        self, api: Any, container: str, command: Sequence[str], environment: Mapping[str, str], user: str
    ) -> None:
        self._api = api
        self._container = container
        self._command = list(command)
        self._options = {"environment": dict(environment), "user": user}
        self._stream: Any = None
        self._closed = False
        self._closing = threading.Lock()

    def run(self) -> tuple[int, list[Any]]:
        """Run it; its exit code and output."""
        created = self._api.exec_create(self._container, self._command, **self._options)
        stream = self._stream = self._api.exec_start(created["Id"], stream=True, demux=True)
        try:
            pieces = [] if self._closed else list(_limited(frames(self._api, stream), self._command[0]))
        finally:
            self.close()
        return _exit_code(self._api, created["Id"]), pieces

    def close(self) -> None:
        """Let go of its output, which ends a `run` in another thread; the command itself goes on."""
        self._closed = True
        # Once: what is closed goes back to the SDK's pool, and may carry the next request a moment later.
        with self._closing:
            stream, self._stream = self._stream, None
            if stream is not None:
                _close(stream)


def _limited(pieces: Iterable[Any], program: str) -> Iterator[Any]:
    """The pieces of a command's output, as long as they are not too many to be kept. Raises EngineError."""
    length = 0
    for one in pieces:
        length += sum(len(output or b"") for output in one)
        if length > _LONGEST_OUTPUT:
            raise EngineError(
                f"{program} has written more than {_LONGEST_OUTPUT >> 20} MiB of output",
                hint="let it write to a file in the container, and get that with copy_out(); the command keeps "
                "running until its container ends",
            )
        yield one


def _close(stream: Any) -> None:
    # The SDK leaves the connection to the garbage collector. Its own close() wakes whoever reads, but not for SSH; then
    # the response and the connection below it release the socket. Any of them may be closed already, which each layer
    # says in its own way.
    response = getattr(stream, "_response", None)
    connection = getattr(getattr(response, "raw", None), "_connection", None)
    for layer in (stream, response, connection):
        with suppress(OSError, AttributeError, ValueError, DockerException):
            layer.close()  # type: ignore[union-attr]


def _exit_code(api: Any, exec_id: str, seconds: float = _END_SECONDS) -> int:
    # The streams may end a moment before the engine has noted the end.
    deadline = time.monotonic() + seconds
    while (code := api.exec_inspect(exec_id)["ExitCode"]) is None:
        if time.monotonic() > deadline:
            raise EngineError("the engine reported no exit code for a command", hint="check the engine's log")
        time.sleep(0.05)
    return int(code)
