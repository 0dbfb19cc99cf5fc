"""A container's log: written to a file while the container runs, and excerpted for a single test.

Each line of the file has the engine's time in front. A test's part is cut by that time, not by when a line
reached the file, so that neither a slow stream nor a neighbouring test shifts it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from io import FileIO
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

from pytest_wincontainers.engines.base import LONGEST_LINE, timestamp
from pytest_wincontainers.guests.text import decode_line

MEBIBYTE = 1 << 20
_MASK = "***"
_QUIET_SECONDS = 0.06
_LONGEST_SECONDS = 10.0
_STALLED_SECONDS = 2.0
_TAIL_BYTES = 256 * 1024
_LEFT_OUT = "(the rest of this log was left out: "


def lines_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines without their ends, from pieces that break anywhere; of a long line the first `LONGEST_LINE` + 1."""
    line = bytearray()
    for piece in pieces:
        first, *others = piece.split(b"\n")
        line += first[: max(0, LONGEST_LINE + 1 - len(line))]
        for other in others:
            yield bytes(line.removesuffix(b"\r"))
            line = bytearray(other[: LONGEST_LINE + 1])
    if line:
        yield bytes(line)


class LogWriter:
    """Writes a container's log to a file, line by line as it comes, with every secret masked.

    The file holds `limit` bytes at the most. Once it is closed nothing is written any more, whichever thread still
    tries.
    """

    def __init__(self, path: Path, secrets: Iterable[str], limit: int) -> None:
        self.path = path
        self.lines = 0
        """How many lines of the container's output are in the file."""
        self._secrets = frozenset(secrets)
        self._left = limit
        self._limit = limit
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return self._left < 0

    @property
    def closed(self) -> bool:
        """Whether nothing is written any more."""
        return self._closed

    def open(self) -> None:
        """Create the file, unless that is done. Raises OSError."""
        with self._lock:
            if not self._closed:
                self._opened()

    def write(self, number: int, line: bytes) -> bool:
        """Add a line of output, the first of which is number 1; whether the file takes more. Raises OSError.

        A line that is in the file already is passed over: whoever reads the output again tells everything again.
        """
        if number <= self.lines:
            return True
        when, blank, said = line.partition(b" ")
        text = masked((when + blank).decode("utf-8", "replace") + decode_line(said), self._secrets)
        if len(line) > LONGEST_LINE:
            # Its end may be the first half of a secret.
            text = f"{text[: -_longest(self._secrets)]} (the rest of this line was left out)"
        content = text.encode("utf-8", "replace") + b"\n"
        with self._lock:
            if self.full or self._closed:
                return False
            if number <= self.lines:
                return True
            self._left -= len(content)
            if self.full:
                content = when + f" {_LEFT_OUT}its limit is {self._limit / MEBIBYTE:g} MiB)\n".encode()
            # Unbuffered: tests read the file while it is written.
            self._opened().write(content)
            self.lines += 1
            return not self.full

    def close(self, why: str = "") -> None:
        """Write nothing more after this. `why` tells in the file why the rest is missing. Raises OSError."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                if why:
                    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
                    self._opened().write(f"{now}Z {_LEFT_OUT}{why})\n".encode())
            finally:
                if self._file is not None:
                    self._file.close()

    def _opened(self) -> FileIO:
        if self._file is None:
            self._file = FileIO(self.path, "w")
        return self._file


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret made unreadable, also where JSON, XML or a URL quotes it."""
    for form in _all_forms(frozenset(secrets)):
        text = text.replace(form, _MASK)
    return text


def _longest(secrets: frozenset[str]) -> int:
    return max(map(len, _all_forms(secrets)), default=1)


@cache
def _all_forms(secrets: frozenset[str]) -> tuple[str, ...]:
    # The longest first, as one may contain another.
    forms = {form for secret in filter(None, secrets) for form in _forms(secret)}
    return tuple(sorted(forms, key=len, reverse=True))


@cache
def _forms(secret: str) -> frozenset[str]:
    as_json = {json.dumps(secret, ensure_ascii=only_ascii)[1:-1] for only_ascii in (True, False)}
    return frozenset({secret, quote(secret, safe=""), escape(secret), escape(secret, {'"': "&quot;"}), *as_json})


def tail(path: Path, count: int) -> str:
    """The last lines, without their times."""
    try:
        lines = _end(path).removesuffix("\n").split("\n")
    except OSError:
        return ""
    return "\n".join(text for _, text in map(_split, lines[-count:]))


def _end(path: Path) -> str:
    """The last lines of a file; the first of them may be cut. Raises OSError."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
        return file.read().decode("utf-8", "replace")


def size(path: Path) -> int:
    """The bytes written so far."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


@dataclass(frozen=True)
class Line:
    """A line of a log with the engine's time; `time` is 0 where it has none."""

    time: float
    clock: str
    """The time for people: hour, minute, second and millisecond, UTC."""
    text: str

    @property
    def for_people(self) -> str:
        """The line with its time in front."""
        return f"{self.clock} {self.text}"


def read(path: Path, offset: int = 0) -> bytes:
    """What was written from `offset` on; nothing where there is no log. Raises OSError."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()
    except FileNotFoundError:
        return b""


def excerpt(path: Path, offset: int, since: float, until: float, *, without: str = "") -> list[str]:
    """The lines after `offset` from `since` to `until`, as people read them; not those that begin with `without`.

    Raises OSError.
    """
    lines = whole_lines(read(path, offset))
    return [
        line.for_people
        for line in lines
        if since <= line.time <= until and not (without and line.text.startswith(without))
    ]


def whole_lines(written: bytes) -> Iterator[Line]:
    """The lines of a piece of log."""
    start = 0
    while start < len(written):
        # Not splitlines(), which also breaks at what programs draw progress bars with; and one line at a time, as a
        # log may be large.
        end = written.find(b"\n", start)
        end = end if end >= 0 else len(written)
        when, text = _split(written[start:end].decode("utf-8", "replace"))
        if when:
            yield Line(timestamp(when), when[11:23], text)
        start = end + 1


class Arriving:
    """The lines of a log that are on their way to its file.

    `now` is the time of the engine's clock: what comes with a later time is not waited for. `latest` tells the time of
    the last line that the engine has.
    """

    def __init__(self, path: Path, now: float, latest: Callable[[], float]) -> None:
        self._path = path
        self._now = now
        self._latest = latest
        self._size = size(path)
        self._grown = time.monotonic()

    def here(self) -> bool:
        """Whether all are in the file, or no more are to be expected."""
        before, self._size = self._size, size(self._path)
        written = _last_time(self._path)
        if self._size != before:
            self._grown = time.monotonic()
            return written >= self._now
        return written >= self._latest() or time.monotonic() - self._grown > _STALLED_SECONDS


def settle(logs: Iterable[Arriving]) -> None:
    """Wait for lines that are on their way, ten seconds at the most.

    A server writes its line of a request after the answer, and the stream takes its time; for much output, seconds.
    """
    waiting = list(logs)
    deadline = time.monotonic() + _LONGEST_SECONDS
    while waiting and time.monotonic() < deadline:
        time.sleep(_QUIET_SECONDS)
        waiting = [one for one in waiting if not one.here()]


def is_full(path: Path) -> bool:
    """Whether a log takes no more. Raises OSError."""
    return _last_time(path) == float("inf")


def _last_time(path: Path) -> float:
    """The time of the last line, 0 where there is none, and infinite in a log that takes no more."""
    try:
        return last_time(_end(path))
    except OSError:
        return 0.0


def last_time(written: str) -> float:
    """The time of the last line in the end of a log, 0 where there is none, and infinite in one that takes no more."""
    for when, text in map(_split, reversed(written.split("\n"))):
        if when:
            return float("inf") if text.startswith(_LEFT_OUT) else timestamp(when)
    return 0.0


def clean(text: str) -> str:
    """Text that every report format takes: a lone surrogate ends a whole pytest-xdist session."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _split(line: str) -> tuple[str, str]:
    when, _, text = line.partition(" ")
    try:
        timestamp(when)
    except ValueError:
        return "", line
    return when, text
