"""The body of an answer that goes on as long as a container writes, read in few and large pieces.

Each read interrupts the tests in the same process, and urllib3 reads line by line.
"""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from pytest_wincontainers.machine import MACHINE

_PIECE = 64 * 1024
_COLLECTED = 1 << 20
_MEMORY_SECONDS = 0.5
_FEW, _MANY = 4.5, 500.0
"""Of lines within that time: about 9 and 1,000 a second."""
_PAUSE, _LONG_PAUSE = 0.1, 0.4
_LEAST_PAUSE = 0.01
_LINE_FEEDS = 3
"""Of each record: after its length, of its line, and at its end."""


class Pace:
    """How long a stream is left to collect before it is read: each read interrupts the thread that runs tests.

    As long as few lines come, nobody is kept waiting for one. Streams with many are read at the same moments, so that
    one interruption is enough for all of them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._recent = 0.0

    def took(self, piece: bytes | None) -> None:
        """Called after each read."""
        now = self._clock()
        lines = max(1, piece.count(b"\n") // _LINE_FEEDS) if piece else 0
        self._recent = self._recent * math.exp((self._last - now) / _MEMORY_SECONDS) + lines
        self._last = now

    @property
    def pause(self) -> float:
        """For how many seconds to collect; 0 is not to wait for more than the next line."""
        if self._recent <= _FEW:
            return 0.0
        every = _LONG_PAUSE if self._recent > _MANY else _PAUSE
        left = every - self._clock() % every
        return left if left > _LEAST_PAUSE else left + every


def pieces_of(response: Any, connection: Any) -> tuple[Iterator[bytes], bool]:
    """The body of an answer of the Docker SDK, which comes through that connection, in pieces that break anywhere.

    The second value tells whether it is still in chunks.
    """
    raw = response.raw
    read = getattr(getattr(getattr(raw, "_fp", None), "fp", None), "read1", None)
    if read is None or not getattr(raw, "chunked", False):
        return raw.stream(_PIECE, decode_content=False), False
    if type(connection) is socket.socket:
        return _from_socket(read(_PIECE), connection), True
    # TLS and named pipes have messages of their own, which come one by one.
    return iter(lambda: read(_PIECE), b""), True


def _from_socket(first: bytes, connection: socket.socket) -> Iterator[bytes]:
    """What came with the head of the answer, and all that comes after it."""
    yield first
    pace = Pace()
    while True:
        pause = pace.pause
        piece = MACHINE.collect(connection, pause, _COLLECTED) if pause else connection.recv(_PIECE)
        if piece == b"":
            return
        pace.took(piece)
        if piece:
            yield piece
