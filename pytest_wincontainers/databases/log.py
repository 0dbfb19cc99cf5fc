"""A server's binary log, read as a replica reads it."""

from __future__ import annotations

import re
import secrets
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_wincontainers.databases.connections import UNTOLD, errors
from pytest_wincontainers.databases.log_events import FORMAT, ROTATE, Event, event_in, has_checksums, rotated

if TYPE_CHECKING:
    import pymysql
    from pymysql.cursors import Cursor

OURS = "wincontainers-log"
"""The name of the files in our own images; another server's log is read, and nothing is deleted of it."""
_DUMP = 0x12
_READ_SECONDS = 10
_LIMIT = 32 * 1024 * 1024
_NUMBER = re.compile(r"\.(\d+)$")


class LogUnreadable(Exception):
    """The log does not tell what happened, or reading it would take longer than looking at the tables."""


class LogInterrupted(LogUnreadable):
    """The server has hung up, or has the place no more."""


class Position(NamedTuple):
    """A place in the log."""

    file: str
    offset: int

    @property
    def is_ours(self) -> bool:
        """Whether the files are those of our own images."""
        return self.file.startswith(f"{OURS}.")

    def reaches(self, other: Position) -> bool:
        """Whether it is not before another."""
        return (_number(self.file), self.offset) >= (_number(other.file), other.offset)


def _number(file: str) -> int:
    found = _NUMBER.search(file)
    return int(found[1]) if found else 0


class BinaryLog:
    """The log of one server; `connect` opens a connection as root."""

    def __init__(self, connect: Callable[[], pymysql.Connection[Any]]) -> None:
        self._connect = connect
        self._usable: bool | None = None
        self._question = "SHOW MASTER STATUS"
        self._stream: _Stream | None = None
        # The server hangs up on the older of two replicas with one number, which it would go on serving else.
        self._replica = secrets.randbelow(2**31) + 2**31

    def position(self, cursor: Cursor) -> Position | None:
        """Where the log ends now; None where the server has no log that tells of rows."""
        if self._usable is None:
            self._usable = False
            # A server that does not know what that is, has none.
            with suppress(errors()):
                cursor.execute("SELECT @@GLOBAL.log_bin, @@GLOBAL.binlog_format")
                self._usable = cursor.fetchone() == (1, "ROW")
        if not self._usable:
            return None
        try:
            cursor.execute(self._question)
        except errors():
            # MySQL's from 8.4 on.
            self._question = "SHOW BINARY LOG STATUS"
            cursor.execute(self._question)
        file, offset, some, others = (*(cursor.fetchone() or ()), "", 0, "", "")[:4]
        # A log of some databases does not tell of the others.
        return Position(file, int(offset)) if file and not some and not others else None

    def events(self, start: Position, end: Position) -> Iterator[Event]:
        """What was written between two places. Raises LogUnreadable, and LogInterrupted where trying again may help."""
        if not end.reaches(start):
            self.close()
            raise LogUnreadable("it was begun anew")
        if end.file == start.file and end.offset - start.offset > _LIMIT:
            self.close()
            raise LogUnreadable("too much was written")
        try:
            if self._stream is None or self._stream.place != start:
                self.close()
                self._stream = _Stream(self._connect(), start, self._replica)
            yield from self._stream.until(end)
        except (*_PROBLEMS, errors()) as problem:
            self.close()
            raise LogInterrupted(str(problem)) from problem
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hang up."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    @staticmethod
    def forget_older(cursor: Cursor, position: Position) -> None:
        """Delete the files before that of a position, where they are ours; those that are being read stay."""
        if position.is_ours:
            with suppress(errors()):
                cursor.execute("PURGE BINARY LOGS TO %s", (position.file,))


_PROBLEMS = (OSError, ValueError, IndexError, struct.error)


class _Stream:
    """A connection on which the server sends what is written, from a place on."""

    def __init__(self, connection: Any, place: Position, replica: int) -> None:
        self.place = place
        self._connection = connection
        self._read = 0
        # A server that has nothing to send would be waited for without end.
        self._connection._read_timeout = _READ_SECONDS
        with connection.cursor() as cursor:
            with suppress(errors()):
                cursor.execute(UNTOLD)
            cursor.execute("SELECT @@GLOBAL.binlog_checksum")
            self._checksum = cursor.fetchone() != ("NONE",)
            cursor.execute(
                "SET @master_binlog_checksum = @@GLOBAL.binlog_checksum, "
                "@source_binlog_checksum = @@GLOBAL.binlog_checksum, @mariadb_slave_capability = 4"
            )
        begin = struct.pack("<IHI", place.offset, 0, replica)
        self._connection._execute_command(_DUMP, begin + place.file.encode())

    def until(self, end: Position) -> Iterator[Event]:
        """The events up to a place."""
        begun = self._read
        while not self.place.reaches(end):
            packet = self._connection._read_packet()
            if packet.is_eof_packet():
                raise LogInterrupted("the server has ended it")
            data = packet.get_all_data()[1:]
            self._read += len(data)
            if self._read - begun > _LIMIT:
                raise LogUnreadable("too much was written")
            event = event_in(data, self._checksum)
            if event.kind == FORMAT:
                self._checksum = has_checksums(event)
            if event.kind == ROTATE:
                self.place = Position(*rotated(event))
            elif event.end:
                self.place = self.place._replace(offset=event.end)
                yield event

    def close(self) -> None:
        """Hang up; the server may have done so."""
        with suppress(errors(), OSError):
            # A goodbye would wait for an answer.
            self._connection._force_close()
