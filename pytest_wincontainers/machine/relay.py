"""A socket in front of a process's pipes, for systems whose processes cannot have a socket there."""

from __future__ import annotations

import socket
import subprocess
import threading
from contextlib import suppress
from typing import IO

_PIECE = 64 * 1024


def socket_of(process: subprocess.Popen[bytes]) -> socket.socket:
    """The socket that is a process's standard input and output from now on; both must be pipes without a buffer."""
    near, far = socket.socketpair()
    source, sink = process.stdout, process.stdin
    # So that nobody else reads or closes them, as `communicate` would.
    process.stdout = process.stdin = None
    for pump, pipe in ((_write, sink), (_read, source)):
        threading.Thread(target=pump, args=(far, pipe), name="wincontainers-relay", daemon=True).start()
    return near


def _write(far: socket.socket, sink: IO[bytes]) -> None:
    """Give a process what comes through the socket, and the end of its input when that ends."""
    with suppress(OSError, ValueError), sink:
        while piece := far.recv(_PIECE):
            view = memoryview(piece)
            while view:
                view = view[sink.write(view) :]


def _read(far: socket.socket, source: IO[bytes]) -> None:
    with far, source, suppress(OSError, ValueError):
        while piece := source.read(_PIECE):
            far.sendall(piece)
        # Not only closed, as the other thread may be waiting for what comes.
        far.shutdown(socket.SHUT_RDWR)
