"""Sequences: what one gives next, and putting it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pytest_wincontainers.databases.connections import errors

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_AT_ONCE = 100


def taken_from(cursor: Cursor, name: str) -> int:
    """What a sequence gives next; only asking for it tells, so that it is put back. Beyond its end, it gives none."""
    try:
        cursor.execute(f"SELECT NEXTVAL({name})")
    except errors():
        cursor.execute(f"SELECT next_not_cached_value FROM {name}")
    (value,) = cursor.fetchone() or (0,)
    cursor.execute(restart(name, int(value)))
    return int(value)


def restart(name: str, value: int) -> str:
    """The statement after which a sequence gives that value next."""
    return f"ALTER SEQUENCE {name} RESTART {value}"


def moved(cursor: Cursor, kept: Sequence[tuple[str, int]]) -> Iterator[str]:
    """Of the sequences that were restarted with these values, those that values were taken from since.

    A server takes several at once, and from the first on the table has what comes after those.
    """
    for begin in range(0, len(kept), _AT_ONCE):
        some = dict(enumerate(kept[begin : begin + _AT_ONCE]))
        parts = [
            f"SELECT {number}, next_not_cached_value, cycle_count FROM {name}" for number, (name, _) in some.items()
        ]
        cursor.execute(" UNION ALL ".join(parts))
        for number, value, cycles in cursor.fetchall():
            # One that has begun anew may be where it was.
            if value != some[number][1] or cycles:
                yield some[number][0]
