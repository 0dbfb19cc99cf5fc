"""The events of a server's binary log in ROW format, as bytes: which rows of which tables were changed, by their keys.

The format is MySQL's (its source documentation, "Replication: binary log"), which MariaDB shares. Values other than
keys are only stepped over, so that they need no decoding. (mysql-replication reads the log as well, but decodes every
value, a text in its character set, and stops at a key in latin1.)
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from pytest_wincontainers.databases.schema import Column, Table

QUERY, ROTATE, FORMAT, TABLE_MAP, MARIADB_TRANSACTION = 2, 4, 15, 19, 162
WRITES, UPDATES, DELETES = frozenset({23, 30}), frozenset({24, 31}), frozenset({25, 32})
ROWS = WRITES | UPDATES | DELETES
# What is about the log itself, ends of transactions, their names, and what belongs to a statement that tells itself.
SILENT = frozenset({3, 5, 13, 14, FORMAT, 16, 27, 29, 33, 34, 35, 36, 37, 38, 41, 160, 161, 163, 164})

_HEADER = 19
_FIRST_OF_VERSION_2 = 30
Step = Callable[[bytes, int], int]
"""From where a value begins to where it ends."""
Writer = Callable[[bytes], str]
Key = tuple[str, ...]
"""The values of a row's key, as SQL has them."""


class UnreadableEvent(Exception):
    """An event that this module does not understand."""


class Event(NamedTuple):
    """One event, without its header and checksum; `end` is the position in the file after it, 0 if it is in none."""

    kind: int
    end: int
    body: bytes


def event_in(packet: bytes, checksum: bool) -> Event:
    """The event in what a server sends."""
    (kind,) = packet[4:5]
    (end,) = struct.unpack_from("<I", packet, 13)
    return Event(kind, end, packet[_HEADER : -4 if checksum and kind != FORMAT else None])


def has_checksums(format_event: Event) -> bool:
    """Whether the events after this one have checksums."""
    return format_event.body[-5:-4] == b"\x01"


class Statement(NamedTuple):
    """A statement and the database that it was run in."""

    database: str
    sql: bytes


def statement_in(event: Event) -> Statement:
    """The statement of a QUERY event."""
    length, _, more = struct.unpack_from("<BHH", event.body, 8)
    begin = 13 + more
    return Statement(event.body[begin : begin + length].decode("utf-8", "replace"), event.body[begin + length + 1 :])


@dataclass(frozen=True)
class MappedTable:
    """What an event's rows belong to: a table, and the type of each column with what more the log says of it."""

    schema: str
    name: str
    kinds: Sequence[tuple[int, int]]

    @cached_property
    def steps(self) -> Sequence[Step]:
        """How to step over a value of each column. Raises UnreadableEvent."""
        return [_step(*one) for one in self.kinds]


def table_in(event: Event) -> tuple[int, MappedTable]:
    """The number and the table of a TABLE_MAP event."""
    body = event.body
    number, place = int.from_bytes(body[:6], "little"), 8
    names = []
    for _ in range(2):
        end = place + 1 + body[place]
        names.append(body[place + 1 : end].decode())
        place = end + 1
    count, place = _packed(body, place)
    types = body[place : place + count]
    _, place = _packed(body, place + count)
    kinds = []
    for kind in types:
        size = _METADATA.get(kind, 0)
        # Of a string that is its type, and then its length.
        order: Literal["big", "little"] = "big" if kind in {_STRING, _DECIMAL} else "little"
        kinds.append((kind, int.from_bytes(body[place : place + size], order)))
        place += size
    return number, MappedTable(names[0], names[1], kinds)


def number_in(event: Event) -> int:
    """The number of the table whose rows an event has."""
    return int.from_bytes(event.body[:6], "little")


def keys_in(event: Event, table: MappedTable, shape: Table) -> Sequence[Sequence[Key]]:
    """The key of each row that an event has; of an update, before and after. Raises UnreadableEvent."""
    try:
        return _keys_in(event, table, [column for name in shape.key for column in shape.columns if column.name == name])
    except (IndexError, KeyError, ValueError, struct.error) as problem:
        raise UnreadableEvent(str(problem)) from problem


def _keys_in(event: Event, table: MappedTable, key: Sequence[Column]) -> Sequence[Sequence[Key]]:
    body, place = event.body, 8
    if event.kind >= _FIRST_OF_VERSION_2:
        place += int.from_bytes(body[place : place + 2], "little")
    width, place = _packed(body, place)
    if width != len(table.steps) or not key:
        raise UnreadableEvent
    size = (width + 7) // 8
    shown = []
    for _ in range(2 if event.kind in UPDATES else 1):
        bits = int.from_bytes(body[place : place + size], "little")
        shown.append([number for number in range(width) if bits >> number & 1])
        place += size
    writers = {column.position: _writer(column, *table.kinds[column.position]) for column in key}
    found = []
    while place < len(body):
        values: dict[int, str] = {}
        keys = []
        for columns in shown:
            # What is not shown after an update is as it was before.
            place = _read_row(body, place, columns, table.steps, writers, values)
            keys.append(tuple(values[column.position] for column in key))
        found.append(keys)
    if place != len(body):
        raise UnreadableEvent
    return found


def _read_row(
    body: bytes,
    place: int,
    columns: Sequence[int],
    steps: Sequence[Step],
    writers: dict[int, Writer],
    values: dict[int, str],
) -> int:
    size = (len(columns) + 7) // 8
    nulls = int.from_bytes(body[place : place + size], "little")
    place += size
    for number, column in enumerate(columns):
        if nulls >> number & 1:
            continue
        end = steps[column](body, place)
        if column in writers:
            values[column] = writers[column](body[place:end])
        place = end
    return place


def _packed(data: bytes, place: int) -> tuple[int, int]:
    """A length, and where it ends."""
    first = data[place]
    sizes = {252: 2, 253: 3, 254: 8}
    if first not in sizes:
        return first, place + 1
    end = place + 1 + sizes[first]
    return int.from_bytes(data[place + 1 : end], "little"), end


# -- values ---------------------------------------------------------------------------------------------------

_INTEGER_SIZES = {1: 1, 2: 2, 9: 3, 3: 4, 8: 8}
_DATE, _YEAR, _VARCHAR, _DECIMAL, _STRING = 10, 13, 15, 246, 254
_FIXED = {**_INTEGER_SIZES, 4: 4, 5: 8, 6: 0, 7: 4, _DATE: 3, 11: 3, 12: 8, _YEAR: 1, 14: 3}
_FRACTIONS = {17: 4, 18: 5, 19: 3}
_BLOBS = frozenset({140, 242, 245, 249, 250, 251, 252, 255})
_VARCHARS = frozenset({_VARCHAR, 141, 253})
_METADATA = {
    **dict.fromkeys((4, 5, *_FRACTIONS, *_BLOBS), 1),
    **dict.fromkeys((16, *_VARCHARS, _DECIMAL, 247, 248, _STRING), 2),
}
_DIGITS = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)


def _step(kind: int, metadata: int) -> Step:
    """How to step over a value of a type."""
    if kind in _FIXED:
        return _over(_FIXED[kind])
    if kind in _FRACTIONS:
        return _over(_FRACTIONS[kind] + (metadata + 1) // 2)
    if kind in _BLOBS:
        return _over_prefixed(metadata)
    if kind in _VARCHARS:
        return _over_prefixed(1 if metadata < 256 else 2)
    if kind == _DECIMAL:
        whole, scale = (metadata >> 8) - (metadata & 255), metadata & 255
        return _over(sum(digits // 9 * 4 + _DIGITS[digits % 9] for digits in (whole, scale)))
    if kind == 16:
        return _over((metadata >> 8) + bool(metadata & 255))
    if kind == _STRING:
        real, length = _string(metadata)
        return _over(length) if real in {247, 248} else _over_prefixed(1 if length < 256 else 2)
    raise UnreadableEvent(str(kind))


def _string(metadata: int) -> tuple[int, int]:
    """The real type and the length of what is said to be a string; what the length lacks is hidden in the type."""
    real, length = metadata >> 8, metadata & 255
    if real & 0x30 != 0x30:
        return real | 0x30, length | (real & 0x30 ^ 0x30) << 4
    return real, length


def _over(size: int) -> Step:
    return lambda _, place: place + size


def _over_prefixed(size: int) -> Step:
    return lambda data, place: place + size + int.from_bytes(data[place : place + size], "little")


def _writer(column: Column, kind: int, metadata: int) -> Writer:
    """How SQL has a value of a key's column. Raises UnreadableEvent where it may not come back exactly."""
    if column.type in _INTEGERS and kind in _INTEGER_SIZES:
        return lambda value: str(int.from_bytes(value, "little", signed=not column.unsigned))
    if column.type in {"char", "varchar"} and column.charset and kind in {_VARCHAR, _STRING, 253}:
        size = _prefix(kind, metadata)
        return lambda value: f"_{column.charset} X'{value[size:].hex()}'"
    if column.type in {"binary", "varbinary"} and kind in {_VARCHAR, _STRING, 253}:
        size = _prefix(kind, metadata)
        # The log leaves out the zeros at the end.
        length = _string(metadata)[1] if column.type == "binary" else 0
        return lambda value: f"X'{value[size:].ljust(length, bytes(1)).hex()}'"
    if column.type == "date" and kind in {_DATE, 14}:
        return lambda value: _date(int.from_bytes(value, "little"))
    raise UnreadableEvent(column.type)


_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})


def _prefix(kind: int, metadata: int) -> int:
    length = _string(metadata)[1] if kind == _STRING else metadata
    return 1 if length < 256 else 2


def _date(packed: int) -> str:
    return f"'{packed >> 9:04}-{packed >> 5 & 15:02}-{packed & 31:02}'"


def prepared_in(event: Event) -> str:
    """The name of the prepared transaction that begins, as `XA ROLLBACK` takes it, or nothing.

    MariaDB has it in the event that begins a transaction, MySQL in a statement.
    """
    flags, place = event.body[12], 13
    if not flags & _PREPARED:
        return ""
    if flags & _GROUPED:
        place += 8
    number, length, more = struct.unpack_from("<IBB", event.body, place)
    data = event.body[place + 6 : place + 6 + length + more]
    return f"X'{data[:length].hex()}',X'{data[length:].hex()}',{number}"


_GROUPED, _PREPARED = 2, 64


def rotated(event: Event) -> tuple[str, int]:
    """The file and the position that a ROTATE event names."""
    return event.body[8:].decode(), int.from_bytes(event.body[:8], "little")
