"""From the body of an answer to the lines of a container's log.

The engine sends a record for each piece of output, with a head that says which output it is of (moby
pkg/stdcopy/stdcopy.go), and each record in a chunk of its own (RFC 9112, section 7.1).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator

import urllib3.exceptions

from pytest_wincontainers.engines.base import LONGEST_LINE

_HEAD = struct.Struct(">BxxxL")
_LONGEST_CHUNK_HEAD = 1024
_FULL = 16 * 1024
"""The engine logs a longer line in records of at least this length, each with a time (moby daemon/logger/copier.go)."""
_END = b"\n\r\n"
_HEAD_ZEROS = b"\0\0\0"
_LAST = b"0\r\n\r\n"
_FIRST = re.compile(rb"([0-9a-fA-F]{1,8})\r\n[\x01\x02]\0\0\0[\s\S]{4}")
_BETWEEN = re.compile(rb"\n\r\n[0-9a-fA-F]{1,8}\r\n[\x01\x02]\0\0\0[\s\S]{4}")


def lines_in(pieces: Iterable[bytes], *, chunked: bool) -> Iterator[bytes]:
    """Whole lines of a log, as many at once as there are, from a body that breaks anywhere.

    Raises urllib3's ProtocolError if a chunked body ends before its last chunk.
    """
    records, lines = Records(), Lines()
    rest = b""
    over = not chunked
    for piece in pieces:
        content, plain = piece, b""
        if chunked:
            rest += piece
            if records.whole and lines.whole:
                plain, end = plain_lines(rest)
                rest = rest[end:]
            content, end, over = content_of(rest)
            rest = rest[end:]
        found = plain + lines.add(records.add(content))
        if found:
            yield found
        if chunked and over:
            break
    if not over:
        raise urllib3.exceptions.ProtocolError("the connection was closed before the end of the log")
    if last := lines.end():
        yield last


def plain_lines(body: bytes) -> tuple[bytes, int]:
    """The lines at the beginning of a chunked body where each is a whole record in a chunk of its own, and their end.

    Nothing where that is not so. Python takes more time to look at each line than to do all else with it, and tests in
    the same process wait for it.
    """
    end = body.rfind(_END, 0, -len(_LAST) if body.endswith(_LAST) else None) + 1
    before = body.rfind(_END, 0, end)
    first = _FIRST.match(body)
    last = _FIRST.match(body, before + len(_END)) if before >= 0 else first
    if first is None or last is None or first.end() > end:
        return b"", 0
    # A line feed that ends no chunk shows that a record or a chunk somewhere has more or less than a line; after the
    # last one, only its length does.
    found, heads = _BETWEEN.subn(b"\n", body[first.end() : end])
    if found.count(b"\n") != heads + 1 or _HEAD_ZEROS in found or int(last[1], 16) != end - last.end(1) - 2:
        return b"", 0
    return found, end + 2


def content_of(body: bytes) -> tuple[bytes, int, bool]:
    """The content of the whole chunks at the beginning of a chunked body, their end, and whether the last is there."""
    found: list[bytes] = []
    start = 0
    while (line := body.find(b"\r\n", start, start + _LONGEST_CHUNK_HEAD)) >= 0:
        size = int(body[start:line].partition(b";")[0], 16)
        if not size:
            return b"".join(found), line + 2, True
        end = line + 2 + size
        if end + 2 > len(body):
            break
        found.append(body[line + 2 : end])
        start = end + 2
    return b"".join(found), start, False


class Records:
    """The records in a multiplexed stream that breaks anywhere."""

    def __init__(self) -> None:
        self._rest = bytearray()

    @property
    def whole(self) -> bool:
        """Whether what was added ends with a record."""
        return not self._rest

    def add(self, content: bytes) -> list[tuple[int, bytes]]:
        """Add what comes next; the records that are whole by now, each with its output."""
        rest = self._rest
        rest += content
        found = []
        start = 0
        while len(rest) - start >= _HEAD.size:
            output, length = _HEAD.unpack_from(rest, start)
            end = start + _HEAD.size + length
            if end > len(rest):
                break
            found.append((output, bytes(rest[start + _HEAD.size : end])))
            start = end
        del rest[:start]
        return found


class Lines:
    """Whole lines of records: a line that is in several has the time of the first.

    Else a time would stand in the middle of a line, and a password there would not be found to be masked.
    """

    def __init__(self) -> None:
        self._begun: dict[int, bytearray] = {}

    @property
    def whole(self) -> bool:
        """Whether no line waits for its end."""
        return not self._begun

    def add(self, records: Iterable[tuple[int, bytes]]) -> bytes:
        """Add what comes next; the lines that are whole by now."""
        begun = self._begun
        lines = []
        for output, record in records:
            line = begun.get(output)
            if line is None and record.endswith(b"\n"):
                lines.append(record)
                continue
            text = record.partition(b" ")[2]
            if line is None:
                line = begun[output] = bytearray(record)
            elif len(line) <= LONGEST_LINE:
                line += text
            # A shorter record without an end has the last words of a program.
            if text.endswith(b"\n") or len(text) < _FULL:
                del begun[output]
                lines.append(bytes(line).removesuffix(b"\n") + b"\n")
        return b"".join(lines)

    def end(self) -> bytes:
        """The lines whose ends have not come."""
        return b"".join(bytes(line) + b"\n" for line in self._begun.values())
