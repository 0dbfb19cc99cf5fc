"""The lines of a log, and how people read them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers.engines.base import LONGEST_LINE
from pytest_wincontainers.engines.times import timestamp
from pytest_wincontainers.guests.text import without_ansi, without_clixml
from pytest_wincontainers.reports.logs.files import chunks, split

_MOST_BYTES = 16 << 20
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CLIXML = "#< CLIXML"
_CLIXML_OBJECTS = re.compile(r"(?:#< CLIXML\s*)?<Objs [^>]*>.*?</Objs>")


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


def whole_lines(written: bytes) -> Iterator[Line]:
    """The lines of a piece of log."""
    start = 0
    while start < len(written):
        # Not splitlines(), which also breaks at what programs draw progress bars with; and one line at a time, as a
        # log may be large.
        end = written.find(b"\n", start)
        end = end if end >= 0 else len(written)
        when, text = split(written[start:end].decode("utf-8", "replace"))
        if when:
            yield Line(timestamp(when), when[11:23], text)
        start = end + 1


def excerpt(log: Path, start: int, since: float, until: float, *, without: str = "") -> list[str]:
    """The lines after the position `start`, from `since` to `until`, as people read them: at most the last 16 MiB.

    Lines that begin with `without` are left out. Raises OSError.
    """
    found: deque[str] = deque()
    size = 0
    for line in lines_of(chunks(log, start)):
        for one in whole_lines(line):
            if since <= one.time <= until and not (without and one.text.startswith(without)):
                found.append(one.for_people)
                size += len(found[-1])
                while size > _MOST_BYTES and len(found) > 1:
                    size -= len(found.popleft())
    return list(found)


def shown(text: str) -> str:
    """Text as every report takes it: without colours, control characters, PowerShell's XML and lone surrogates.

    A lone surrogate ends a whole pytest-xdist session, and XML has no NUL.
    """
    if _CLIXML in text or "<Objs " in text:
        text = _CLIXML_OBJECTS.sub(lambda found: without_clixml(f"{_CLIXML}\n{found[0].removeprefix(_CLIXML)}"), text)
        text = text.removesuffix(_CLIXML)
    text = _CONTROL.sub(lambda found: "" if found[0] in "\r\0" else "\ufffd", without_ansi(text))
    return text.encode("utf-8", "replace").decode("utf-8")
