"""Writes a container's log to files while the container runs."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime, timezone
from io import FileIO
from pathlib import Path

from pytest_wincontainers.engines.base import LONGEST_LINE
from pytest_wincontainers.guests.text import decode_line
from pytest_wincontainers.reports.logs.files import LEFT_OUT, file_of, files_of, write_all
from pytest_wincontainers.reports.masks import Mask

MEBIBYTE = 1 << 20
_BOM = b"\xef\xbb\xbf"


class LogWriter:
    """Writes whole lines as they come, with every secret masked; of `files` files of `size` bytes the oldest goes.

    Once it is closed nothing is written any more, whichever thread still tries.
    """

    def __init__(self, path: Path, mask: Mask, *, size: int, files: int) -> None:
        self.path = path
        self.lines = 0
        """How many lines of the container's output were written."""
        self._mask = mask
        self._size = size
        self._kept = files
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        self._number = 1
        self._written = 0
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether nothing is written any more."""
        return self._closed

    @property
    def longest(self) -> int:
        """How many bytes the end of a text may have that are the first half of a secret."""
        return self._mask.longest

    def open(self) -> None:
        """Create the file, unless that is done. Raises OSError."""
        with self._lock:
            if not self._closed:
                self._opened()

    def telling(self) -> Telling:
        """Begin to be told the container's output from its first line on."""
        return Telling(self)

    def add(self, first: int, content: bytes) -> bool:
        """Add whole lines, before which `first` were told; whether more is taken. Raises OSError.

        Lines that are written already are passed over: whoever reads the output again tells everything again.
        """
        count = content.count(b"\n")
        with self._lock:
            if self._closed:
                return False
            known = self.lines - first
            if known >= count:
                return True
            if known > 0:
                content = content.split(b"\n", known)[known]
            if self._written >= self._size:
                self._go_on_in_next()
            # Unbuffered: tests read the file while it is written.
            file = self._opened()
            try:
                write_all(file, content)
            except OSError:
                # A full disk takes a part of it: not half a line, after which all comes again.
                file.truncate(self._written)
                file.seek(self._written)
                raise
            self._written += len(content)
            self.lines = first + count
            return True

    def close(self, why: str = "") -> None:
        """Write nothing more after this. `why` tells in the file why the rest is missing. Raises OSError."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                if why:
                    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
                    write_all(self._opened(), f"{now}Z {LEFT_OUT}{why})\n".encode())
            finally:
                if self._file is not None:
                    self._file.close()

    def readable(self, lines: bytes) -> bytes:
        """The lines in UTF-8, with every secret masked."""
        if _is_utf8(lines) and 0 not in lines and _BOM not in lines:
            return self._mask.data(lines.replace(b"\r\n", b"\n"))
        return b"".join(map(self._decoded, lines.split(b"\n")[:-1]))

    def _decoded(self, line: bytes) -> bytes:
        when, blank, said = line.removesuffix(b"\r").partition(b" ")
        text = self._mask.text((when + blank).decode("utf-8", "replace") + decode_line(said))
        return text.replace("\n", " ").encode("utf-8", "replace") + b"\n"

    def _go_on_in_next(self) -> None:
        """The next file from here on."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._number += 1
        self._written = 0
        # On Windows, one that somebody reads at this moment stays until the next time.
        for number in range(1, self._number - self._kept + 1):
            with suppress(OSError):
                file_of(self.path, number).unlink(missing_ok=True)

    def _opened(self) -> FileIO:
        if self._file is None:
            if self._number == 1:
                # Of a container before this one, which a snapshot had failed.
                for number, path in files_of(self.path):
                    if number > 1:
                        path.unlink(missing_ok=True)
            self._file = FileIO(file_of(self.path, self._number), "w")
        return self._file


class Telling:
    """One pass through a container's output, from its beginning."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer
        self._told = 0
        self._rest = bytearray()
        self._cut = False

    def add(self, piece: bytes) -> bool:
        """Add what comes next, which may break anywhere; whether more is taken. Raises OSError."""
        end = piece.rfind(b"\n") + 1
        if not end:
            self._hold(piece)
            return True
        lines = piece[:end]
        if self._rest:
            first, _, others = lines.partition(b"\n")
            self._hold(first)
            lines = self._line() + others
        self._rest += piece[end:]
        return self._write(lines)

    def end(self) -> None:
        """The output is over; a last line without an end is written. Raises OSError."""
        if self._rest:
            self._write(self._line())

    def _hold(self, piece: bytes) -> None:
        """Keep the beginning of a line, of a long one as much as is written."""
        room = LONGEST_LINE + 1 - len(self._rest)
        self._cut = self._cut or len(piece) > room
        self._rest += piece[: max(0, room)]

    def _line(self) -> bytes:
        line, cut = bytes(self._rest), self._cut or len(self._rest) > LONGEST_LINE
        self._rest.clear()
        self._cut = False
        if not cut:
            return line + b"\n"
        # Its end may be the first half of a secret.
        line = self._writer.readable(line[:LONGEST_LINE] + b"\n")[:-1]
        return line[: -self._writer.longest] + b" (the rest of this line was left out)\n"

    def _write(self, lines: bytes) -> bool:
        first = self._told
        self._told += lines.count(b"\n")
        if self._told <= self._writer.lines:
            return not self._writer.closed
        return self._writer.add(first, self._writer.readable(lines))


def _is_utf8(content: bytes) -> bool:
    try:
        return content.isascii() or bool(content.decode())
    except UnicodeDecodeError:
        return False
