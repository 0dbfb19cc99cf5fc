"""The baseline: the prepared state, saved in this package's own schema, for all databases or for a copy of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_wincontainers.databases import rows, sequences
from pytest_wincontainers.databases.connections import errors
from pytest_wincontainers.databases.counters import CounterReader, CounterReading, is_counted
from pytest_wincontainers.databases.schema import NAMED_IN_FULL, Definition, Key, Table, quoted, read, schemas, tables
from pytest_wincontainers.errors import PreparationError

if TYPE_CHECKING:
    from pymysql.cursors import Cursor


@dataclass(frozen=True)
class KeptTable:
    """A table as it was prepared: where its rows are kept, its shape, and what AUTO_INCREMENT gives next.

    Or a sequence, and what it gives next.
    """

    rows: str
    shape: Table
    auto_increment: int
    inner_name: str
    counted: bool = True
    """Whether InnoDB's counters show each change."""


@dataclass(frozen=True)
class Baseline:
    """What is to be there, in the order in which it can be made; `contents` of tables and sequences."""

    definitions: Mapping[Key, Definition]
    contents: Mapping[Key, KeptTable]
    others: tuple[str, ...] = ()
    """The databases that were kept too, and of which this is no copy."""

    @property
    def schemas(self) -> list[str]:
        """The names of its databases."""
        return [key.schema for key in self.definitions if key.kind == "schema"]

    def of_kind(self, kind: str) -> Mapping[Key, KeptTable]:
        """The contents of its tables, or of its sequences."""
        return {key: kept for key, kept in self.contents.items() if key.kind == kind}


def keep(cursor: Cursor, own: str, progress: Callable[[str], None]) -> None:
    """Write the state of now into the schema `own`. Raises pymysql.Error."""
    schema = quoted(own)
    cursor.execute("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s", (own,))
    for (name,) in cursor.fetchall():
        if name.startswith("rows") or name == "objects":
            cursor.execute(f"DROP TABLE {schema}.{quoted(name)}")
    cursor.execute(
        f"CREATE TABLE {schema}.objects (id INT PRIMARY KEY, kind VARCHAR(20), schema_name VARCHAR(64), "
        "name VARCHAR(64), definition LONGTEXT, auto_increment DECIMAL(20), inner_name VARCHAR(700)) "
        "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    )
    cursor.execute(f"CREATE TABLE IF NOT EXISTS {schema}.begun (copy VARCHAR(64) PRIMARY KEY, reading LONGTEXT)")
    names = schemas(cursor, own)
    found = read(cursor, names)
    shapes = {name: tables(cursor, name) for name in names}
    # Which also opens the tables, so that each knows its next value.
    for key in found:
        if key.kind == "table":
            cursor.execute(f"SELECT 1 FROM {quoted(key.schema, key.name)} LIMIT 1")
    counts = CounterReader(cursor).tables(cursor)
    for number, (key, definition) in enumerate(found.items(), 1):
        if number % 20 == 0:
            progress(f"saving the prepared state: {number} of {len(found)}")
        inner = _inner_name(cursor, key)
        following = 0
        if key.kind == "table":
            following = counts[inner].auto_increment if inner in counts else shown_next(cursor, key)
            place = f"{schema}.rows{number}"
            cursor.execute(f"CREATE TABLE {place} LIKE {quoted(key.schema, key.name)}")
            rows.copy(cursor, quoted(key.schema, key.name), place, shapes[key.schema][key.name])
        if key.kind == "sequence":
            following = sequences.taken_from(cursor, quoted(key.schema, key.name))
        cursor.execute(
            f"INSERT INTO {schema}.objects VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (number, key.kind, key.schema, key.name, definition.to_json(), following, inner),
        )


def begin(cursor: Cursor, own: str, copied: tuple[str, str] | None, reading: CounterReading) -> None:
    """Write down how counters and log stand while the state, or a copy, is the prepared one. Raises pymysql.Error."""
    cursor.execute(f"REPLACE INTO {quoted(own)}.begun VALUES (%s, %s)", (_copy_of(copied), reading.to_json()))


def begun(cursor: Cursor, own: str, copied: tuple[str, str] | None) -> CounterReading:
    """How they stood then. Raises pymysql.Error."""
    cursor.execute(f"SELECT reading FROM {quoted(own)}.begun WHERE copy = %s", (_copy_of(copied),))
    row = cursor.fetchone()
    return CounterReading.from_json(row[0]) if row is not None else CounterReading()


def _copy_of(copied: tuple[str, str] | None) -> str:
    return copied[1] if copied is not None else ""


def load(cursor: Cursor, own: str, copied: tuple[str, str] | None) -> Baseline:
    """The state in the schema `own`; with `copied` = (database, copy), that of the copy. Raises PreparationError."""
    cursor.execute(f"SELECT * FROM {quoted(own)}.objects ORDER BY id")
    objects = list(cursor.fetchall())
    others: list[str] = []
    if copied is not None:
        cursor.execute("SELECT @@lower_case_table_names")
        if cursor.fetchone() != (0,):
            copied = copied[0].lower(), copied[1].lower()
        others = [schema for _, kind, schema, *_ in objects if kind == "schema" and schema != copied[0]]
        objects = list(_of_one(cursor, objects, copied[0]))
    # The shapes of what is kept, as the tables themselves may have been changed by now.
    shapes = tables(cursor, own)
    names = {row[3] for row in objects if row[1] in NAMED_IN_FULL}
    definitions: dict[Key, Definition] = {}
    contents: dict[Key, KeptTable] = {}
    for number, kind, schema, name, text, following, inner in objects:
        key, definition = Key(kind, schema, name), Definition.from_json(text)
        if copied is not None:
            key, definition = key._replace(schema=copied[1]), definition.renamed(kind, *copied, names | {name})
        definitions[key] = definition
        if kind in {"table", "sequence"}:
            place = f"rows{number}"
            contents[key] = KeptTable(
                rows=quoted(own, place),
                shape=shapes.get(place, Table((), (), "")),
                auto_increment=int(following),
                inner_name=inner if copied is None else _inner_name(cursor, key),
                counted=is_counted(definition.sql),
            )
    return Baseline(definitions, contents, tuple(others))


def _of_one(cursor: Cursor, objects: Iterable[Any], database: str) -> Iterator[Any]:
    """Those of one database, but for views that do not work in it either."""
    none = True
    for row in objects:
        if row[2] == database and not (row[1] == "view" and _is_broken(cursor, *row[2:4])):
            none = False
            yield row
    if none:
        raise PreparationError(
            f"no prepared state of the database {database} was saved",
            hint="check whether it existed after the migrations",
        )


def _is_broken(cursor: Cursor, schema: str, view: str) -> bool:
    try:
        cursor.execute(f"SELECT 1 FROM {quoted(schema, view)} LIMIT 0")
    except errors():
        return True
    return False


def _inner_name(cursor: Cursor, key: Key) -> str:
    """The name by which InnoDB knows a table."""
    cursor.execute(
        "SELECT CONVERT(CONCAT(CONVERT(%s USING filename), '/', CONVERT(%s USING filename)) USING utf8mb4)",
        (key.schema, key.name),
    )
    (name,) = cursor.fetchone() or ("",)
    return str(name)


def shown_next(cursor: Cursor, key: Key) -> int:
    """What AUTO_INCREMENT gives next in a table that InnoDB does not know."""
    cursor.execute(
        "SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
        (key.schema, key.name),
    )
    (value,) = cursor.fetchone() or (0,)
    return int(value or 0)
