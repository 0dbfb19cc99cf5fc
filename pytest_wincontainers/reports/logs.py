"""A container's log: written to a file while the container runs, and excerpted for a single test.

Each line of the file has the engine's time in front. A test's part is cut by that time, not by when a line
reached the file, so that neither a slow stream nor a neighbouring test shifts it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

from pytest_wincontainers.engines.base import timestamp
from pytest_wincontainers.guests.text import decode_line

_MASK = "***"
_QUIET_SECONDS = 0.06
_LONGEST_SECONDS = 0.5


def lines_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines without their ends, from pieces that break anywhere."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r")
    if rest:
        yield rest


def write_log(
    path: Path,
    pieces: Iterable[bytes],
    secrets: Iterable[str],
    *,
    skip: int = 0,
    written: Callable[[int], None] = lambda _: None,
) -> None:
    """Write a stream to a file, line by line as it comes, with every secret masked.

    `skip` lines of the stream are in the file already: the others are added to it. `written` is told, after each
    line, how many are in the file.
    """
    hidden = list(secrets)
    count = 0
    with path.open("ab" if skip else "wb") as file:
        for line in lines_of(pieces):
            count += 1
            if count <= skip:
                continue
            when, blank, said = line.partition(b" ")
            text = masked((when + blank).decode("utf-8", "replace") + decode_line(said), hidden)
            file.write(text.encode("utf-8", "replace") + b"\n")
            file.flush()
            written(count)


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret made unreadable, also where JSON, XML or a URL quotes it."""
    # The longest first, as one may contain another.
    for form in sorted({form for secret in filter(None, secrets) for form in _forms(secret)}, key=len, reverse=True):
        text = text.replace(form, _MASK)
    return text


@cache
def _forms(secret: str) -> frozenset[str]:
    as_json = {json.dumps(secret, ensure_ascii=only_ascii)[1:-1] for only_ascii in (True, False)}
    return frozenset({secret, quote(secret, safe=""), escape(secret), escape(secret, {'"': "&quot;"}), *as_json})


def tail(path: Path, count: int) -> str:
    """The last lines, without their times."""
    try:
        lines = path.read_bytes().decode("utf-8", "replace").removesuffix("\n").split("\n")
    except OSError:
        return ""
    return "\n".join(text for _, text in map(_split, lines[-count:]))


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


def whole_lines(written: bytes) -> Iterator[Line]:
    """The lines of a piece of log."""
    # Not splitlines(), which also breaks at what programs draw progress bars with.
    for line in written.decode("utf-8", "replace").split("\n"):
        when, text = _split(line)
        if when:
            yield Line(timestamp(when), when[11:23], text)


def settle(paths: Iterable[Path]) -> None:
    """Wait for lines that are on their way: until nothing has come for a moment, or half a second.

    A server writes its line of a request after the answer, and the stream takes its time.
    """
    watched = list(paths)
    deadline = time.monotonic() + _LONGEST_SECONDS
    before = [size(path) for path in watched]
    while time.monotonic() < deadline:
        time.sleep(_QUIET_SECONDS)
        now = [size(path) for path in watched]
        if now == before:
            return
        before = now


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
