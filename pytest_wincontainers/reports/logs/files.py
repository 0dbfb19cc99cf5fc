"""The files of a log, read as one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path

from pytest_wincontainers.engines.times import timestamp

LEFT_OUT = "(the rest of this log was left out: "
LONGEST_READ = 64 << 20
"""How many bytes of a log are read at once at the most."""
_TAIL_BYTES = 256 * 1024
_PIECE = 1 << 20
# A position is a file's number and a place in it, in one number that grows with the log.
_NUMBER_BITS = 40


def file_of(log: Path, number: int) -> Path:
    """The path of a log's file with that number, which begins with 1."""
    return log if number == 1 else log.with_name(f"{log.stem}.{number}{log.suffix}")


def files_of(log: Path) -> list[tuple[int, Path]]:
    """The files of a log that are there, in their order, with their numbers."""
    named = re.compile(rf"{re.escape(log.stem)}(?:\.(\d+))?{re.escape(log.suffix)}")
    found = []
    with suppress(OSError):
        for entry in os.scandir(log.parent):
            match = named.fullmatch(entry.name)
            if match is not None:
                found.append((int(match[1] or 1), Path(entry.path)))
    return sorted(found)


def position(log: Path) -> int:
    """The place at the end of what was written so far; 0 where there is no log."""
    for number, path in reversed(files_of(log)):
        with suppress(OSError):
            return number << _NUMBER_BITS | path.stat().st_size
    return 0


def chunks(log: Path, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """What was written from one position to another, or to the end, in pieces of a MiB. Raises OSError.

    The last piece of each file ends with a line.
    """
    first, offset = start >> _NUMBER_BITS, start & (1 << _NUMBER_BITS) - 1
    last, limit = (end >> _NUMBER_BITS, end & (1 << _NUMBER_BITS) - 1) if end is not None else (None, 0)
    for number, path in files_of(log):
        if number < first or (last is not None and number > last):
            continue
        left = limit if number == last else None
        try:
            with path.open("rb") as file:
                if number == first:
                    file.seek(offset)
                    left = left - offset if left is not None else None
                while piece := file.read(_PIECE if left is None else max(0, min(_PIECE, left))):
                    left = left - len(piece) if left is not None else None
                    yield piece
        except FileNotFoundError:
            # The oldest one has gone meanwhile.
            continue


def read(log: Path, start: int = 0) -> bytes:
    """What was written from a position on, of that at most the last 64 MiB; nothing where there is no log.

    Raises OSError.
    """
    end = bytearray()
    for piece in chunks(log, start):
        end += piece
        del end[: max(0, len(end) - LONGEST_READ)]
    return bytes(end)


def ending(log: Path) -> str:
    """The last lines; the first of them may be cut."""
    found = b""
    for _, path in reversed(files_of(log)):
        with suppress(OSError), path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            found = file.read() + found
        if len(found) >= _TAIL_BYTES // 2:
            break
    return found.decode("utf-8", "replace")


def write_all(file: FileIO, content: bytes) -> None:
    """Write all of it; the system takes less at once where a disk has little room. Raises OSError."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def replace_file(path: Path, content: bytes) -> None:
    """Write a file that others see whole, or as it was before. Raises OSError."""
    made = path.with_name(f"{path.name}.new")
    made.write_bytes(content)
    made.replace(path)


def split(line: str) -> tuple[str, str]:
    """The engine's time of a line, "" where it has none, and its text."""
    when, _, text = line.partition(" ")
    try:
        timestamp(when)
    except ValueError:
        return "", line
    return when, text


def last_time(written: str) -> float:
    """The time of the last line in the end of a log, 0 where there is none, and infinite in one that takes no more."""
    for when, text in map(split, reversed(written.split("\n"))):
        if when:
            return float("inf") if text.startswith(LEFT_OUT) else timestamp(when)
    return 0.0


def tail(log: Path, count: int) -> str:
    """The last lines, without their times."""
    lines = ending(log).removesuffix("\n").split("\n")
    return "\n".join(text for _, text in map(split, lines[-count:]))
