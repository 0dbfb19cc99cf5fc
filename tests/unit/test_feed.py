"""A file as the input of a command in a container, over each kind of connection to an engine."""

import contextlib
import io
import socket
import ssl
import struct
import threading
import time

import pytest

from pytest_wincontainers.engines.docker import streams
from tests.hosts.tls import Authority

MESSAGES, BYTES = 0x4, 0x0
"""The flags of a named pipe, as docker.transport.NpipeSocket has them."""
INPUT = b"x" * 3_000_000


class PipeError(Exception):
    """What a named pipe raises: no OSError."""

    __module__ = "pywintypes"


class Pipe:
    """What docker.transport.NpipeSocket can do. An empty message travels as an end, which is what go-winio makes of it."""

    def __init__(self, connection, flags):
        self.flags = flags
        self._connection = connection
        self._closed = False

    def send(self, data):
        if not data and self.flags & MESSAGES:
            self._connection.shutdown(socket.SHUT_WR)
        return self.sendall(data)

    def sendall(self, data):
        try:
            self._connection.sendall(data)
        except OSError as problem:
            raise PipeError(232, "WriteFile", "The pipe is being closed.") from problem
        return len(data)

    def recv(self, size):
        found = self._connection.recv(size)
        if self._closed:
            raise RuntimeError("Can not reuse socket after connection was closed.")
        return found

    def fileno(self):
        return self._connection.fileno()

    def close(self):
        self._closed = True
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)


class Channel:
    """What paramiko.Channel can do."""

    def __init__(self, connection):
        self._connection = connection
        self.sendall, self.recv, self.fileno = connection.sendall, connection.recv, connection.fileno
        self.close = connection.close

    def shutdown_write(self):
        self._connection.shutdown(socket.SHUT_WR)


class Tar:
    """The SDK's client, of a command that reads its input to the end, and the engine that runs it."""

    def __init__(self, near, far, *, reads=10**9, late=0.0):
        self._near, self._far = near, far
        self._reads, self._late = reads, late
        self.got = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def exec_create(self, container, command, **options):
        return {"Id": "1"}

    def exec_start(self, exec_id, **options):
        self._thread.start()
        return self._near

    def exec_inspect(self, exec_id):
        return {"ExitCode": 0 if self._ended.is_set() else None}

    def _run(self):
        time.sleep(self._late)
        with contextlib.suppress(OSError), self._far:
            while self.got < self._reads and (piece := self._far.recv(65536)):
                self.got += len(piece)
            self._ended.set()
            self._far.sendall(struct.pack(">BxxxL", 2, 3) + b"end")


def fed(tar):
    """What comes of feeding it, if it ends."""
    done = []
    thread = threading.Thread(
        target=lambda: done.append(streams.feed(tar, "1", ["tar"], "", io.BytesIO(INPUT))), daemon=True
    )
    thread.start()
    thread.join(60)
    assert done, "it hangs"
    return done[0]


@pytest.fixture
def pair():
    near, far = socket.socketpair()
    with near, far:
        yield near, far


@pytest.fixture
def tls(pair, tmp_path):
    """The same with TLS."""
    authority = Authority(tmp_path)
    served = []
    context = authority.server_context()
    thread = threading.Thread(target=lambda: served.append(context.wrap_socket(pair[1], server_side=True)))
    thread.start()
    near = ssl.create_default_context(cafile=authority.path).wrap_socket(pair[0], server_hostname="127.0.0.1")
    thread.join()
    with near, served[0]:
        yield near, served[0]


def test_over_a_socket(pair):
    tar = Tar(*pair)
    assert fed(tar) == (0, [(None, b"end")])
    assert tar.got == len(INPUT)


def test_over_tls(tls):
    """The command's last words are lost here: unlike Go's, OpenSSL's TLS knows no end of one direction without a word."""
    tar = Tar(*tls)
    assert fed(tar)[0] == 0
    assert tar.got == len(INPUT)


def test_over_ssh(pair):
    tar = Tar(Channel(pair[0]), pair[1])
    assert fed(tar) == (0, [(None, b"end")])
    assert tar.got == len(INPUT)


def test_over_a_named_pipe(pair):
    tar = Tar(Pipe(pair[0], MESSAGES), pair[1])
    assert fed(tar) == (0, [(None, b"end")])
    assert tar.got == len(INPUT)


def test_over_a_named_pipe_without_messages(pair):
    """It is closed, and the command's end is waited for; its output is nobody's then."""
    tar = Tar(Pipe(pair[0], BYTES), pair[1])
    assert fed(tar) == (0, [])
    assert tar.got == len(INPUT)


@pytest.mark.parametrize("wrap", [lambda near: near, lambda near: Pipe(near, MESSAGES)], ids=["socket", "pipe"])
@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_command_that_leaves_some_of_it(pair, wrap):
    """Its connection is reset, so that its last words may be lost."""
    assert fed(Tar(wrap(pair[0]), pair[1], reads=65536))[0] == 0


@pytest.mark.parametrize("wrap", [lambda near: near, lambda near: Pipe(near, MESSAGES)], ids=["socket", "pipe"])
def test_a_command_that_reads_too_late(pair, wrap):
    """The SDK's connections have a time limit for each write. The command is not left waiting for the rest."""
    pair[0].settimeout(0.1)
    tar = Tar(wrap(pair[0]), pair[1], late=2)
    assert fed(tar)[0] == 0
    assert 0 < tar.got < len(INPUT)
