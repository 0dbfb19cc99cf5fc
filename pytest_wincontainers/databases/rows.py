"""Restoring the rows of one table that differ from the saved rows; triggers and foreign keys are off meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from pytest_wincontainers.databases.connections import errors
from pytest_wincontainers.databases.schema import Table, quoted

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_FEW = 500
_AT_ONCE = 200
_DUPLICATE = 1062
_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})


def copy(cursor: Cursor, source: str, target: str, shape: Table) -> None:
    """Add all rows of one table to another of the same shape; both names are quoted."""
    columns = ", ".join(quoted(column.name) for column in shape.columns)
    if columns:
        cursor.execute(f"INSERT INTO {target} ({columns}) SELECT {columns} FROM {source}")


def restore(cursor: Cursor, name: str, kept: str, shape: Table, auto_increment: int, size: int) -> None:
    """Make the rows of `name` those of `kept`, which has `size` of them; `auto_increment` is what comes after them."""
    if not shape.key or shape.engine != "InnoDB":
        if _sums(cursor, name, shape) != _sums(cursor, kept, shape):
            cursor.execute(f"DELETE FROM {name}")
            copy(cursor, kept, name, shape)
    elif not (_has_number(shape) and _restore_few(cursor, name, kept, shape, auto_increment, size)):
        _restore_many(cursor, name, kept, shape)


def _has_number(shape: Table) -> bool:
    types = {column.name: column.type for column in shape.columns}
    return len(shape.key) == 1 and types.get(shape.key[0]) in _INTEGERS


def _restore_few(cursor: Cursor, name: str, kept: str, shape: Table, auto_increment: int, size: int) -> bool:
    """By the numbers of the rows that differ, in one pass over the table; whether that was all there was to do."""
    key = quoted(shape.key[0])
    if auto_increment:
        # What a test has added mostly lies behind.
        cursor.execute(f"DELETE FROM {name} WHERE {key} >= {auto_increment}")
    joined, differs = _joined(name, shape)
    cursor.execute(
        f"SELECT s.{key} FROM {kept} s LEFT JOIN {name} ON {joined} WHERE {name}.{key} IS NULL OR {differs} "
        f"LIMIT {_FEW + 1}"
    )
    numbers = [int(number) for (number,) in cursor.fetchall()]
    if len(numbers) > _FEW:
        return False
    if numbers:
        listed = ", ".join(map(str, numbers))
        columns = ", ".join(quoted(column.name) for column in shape.columns)
        # Unique values may have been swapped, so that all go before the first comes.
        cursor.execute(f"DELETE FROM {name} WHERE {key} IN ({listed})")
    if count(cursor, name) + len(numbers) != size:
        return False
    if numbers:
        cursor.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {kept} WHERE {key} IN ({listed})")
    return True


def _restore_many(cursor: Cursor, name: str, kept: str, shape: Table) -> None:
    joined, differs = _joined(name, shape)
    first = quoted(shape.key[0])
    # The table without an alias: one would be looked for in the current database.
    cursor.execute(
        f"DELETE FROM {name} USING {name} LEFT JOIN {kept} s ON {joined} WHERE s.{first} IS NULL OR {differs}"
    )
    columns = ", ".join(quoted(column.name) for column in shape.columns)
    source = ", ".join(f"s.{quoted(column.name)}" for column in shape.columns)
    cursor.execute(
        f"INSERT INTO {name} ({columns}) SELECT {source} FROM {kept} s LEFT JOIN {name} ON {joined} "
        f"WHERE {name}.{first} IS NULL"
    )


def restore_some(cursor: Cursor, name: str, kept: str, shape: Table, keys: Iterable[tuple[str, ...]]) -> bool:
    """Make the rows with these keys, as SQL has them, those of `kept`; whether that was all there was to do."""
    conditions = list(_conditions(shape, sorted(keys)))
    columns = ", ".join(quoted(column.name) for column in shape.columns)
    # Unique values may have been swapped, so that all go before the first comes.
    for condition in conditions:
        cursor.execute(f"DELETE FROM {name} WHERE {condition}")
    try:
        for condition in conditions:
            cursor.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {kept} WHERE {condition}")
    except errors() as problem:
        # Another row has a value that is to be unique.
        if problem.args[0] == _DUPLICATE:
            return False
        raise
    return True


def _conditions(shape: Table, keys: Sequence[Sequence[str]]) -> Iterator[str]:
    names = [quoted(name) for name in shape.key]
    for begin in range(0, len(keys), _AT_ONCE):
        some = keys[begin : begin + _AT_ONCE]
        if len(names) == 1:
            yield f"{names[0]} IN ({', '.join(key[0] for key in some)})"
        else:
            # MariaDB would look at every row for a list of rows.
            yield " OR ".join(f"({' AND '.join(map(' = '.join, zip(names, key, strict=True)))})" for key in some)


def _joined(name: str, shape: Table) -> tuple[str, str]:
    """The condition that a row and a kept one, `s`, have the same key, and the one that they are not the same."""
    same = " AND ".join(f"{name}.{quoted(column)} = s.{quoted(column)}" for column in shape.key)
    return same, " OR ".join(column.differs(name, "s") for column in shape.columns)


def count(cursor: Cursor, name: str) -> int:
    """How many rows there are."""
    cursor.execute(f"SELECT COUNT(*) FROM {name}")
    (number,) = cursor.fetchone() or (0,)
    return int(number)


def _sums(cursor: Cursor, name: str, shape: Table) -> object:
    """What tells the rows of a table from any others, whatever their order.

    CHECKSUM TABLE would not: it knows nothing of where a value ends and the next column's begins.
    """
    values = ", ".join(f"IFNULL(MD5({column.exact(name)}), '-')" for column in shape.columns)
    row = f"MD5(CONCAT({values}))" if values else "''"
    halves = ", ".join(f"SUM(CAST(CONV({side}({row}, 15), 16, 10) AS DECIMAL(40)))" for side in ("LEFT", "RIGHT"))
    cursor.execute(f"SELECT COUNT(*), {halves} FROM {name}")
    return cursor.fetchone()
