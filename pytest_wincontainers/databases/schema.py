"""What a database is made of, as the statements that make it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

SYSTEM = frozenset({"information_schema", "mysql", "performance_schema", "sys"})

_AUTO_INCREMENT = re.compile(r" AUTO_INCREMENT=\d+")
# In the order in which they can be made: each may need those before it.
KINDS = ("schema", "sequence", "table", "function", "procedure", "view", "trigger", "event")


class Key(NamedTuple):
    """Which object: its kind, its schema and its name."""

    kind: str
    schema: str
    name: str


@dataclass(frozen=True)
class Definition:
    """The statement that makes an object, and the settings it is to be run with.

    `table` and `event` are a trigger's, `time_zone` an event's; `number` keeps objects of a kind in their order.
    """

    sql: str
    sql_mode: str = ""
    charset: str = ""
    collation: str = ""
    table: str = ""
    number: int = 0
    event: str = ""
    time_zone: str = ""

    def to_json(self) -> str:
        """As one text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Definition:
        """From that text."""
        return cls(**json.loads(text))

    def renamed(self, kind: str, old: str, new: str) -> Definition:
        """The same for another schema, whose name stands in it where an object is named in full."""
        dot = "" if kind == "schema" else "."
        return replace(self, sql=self.sql.replace(f"{quoted(old)}{dot}", f"{quoted(new)}{dot}"))


def quoted(*names: str) -> str:
    """A name, or names joined by dots, as SQL has them."""
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)


def schemas(cursor: Cursor, own: str) -> list[str]:
    """The schemas that are neither the server's own nor the one called `own`."""
    cursor.execute("SHOW DATABASES")
    return [name for (name,) in cursor.fetchall() if name.lower() not in {*SYSTEM, own}]


def read(cursor: Cursor, wanted: Iterable[str]) -> dict[Key, Definition]:
    """Every object of these schemas. Raises pymysql.Error."""
    return dict(item for schema in wanted for item in _read(cursor, schema))


def _read(cursor: Cursor, schema: str) -> Iterator[tuple[Key, Definition]]:
    shown = _row(cursor, f"SHOW CREATE DATABASE {quoted(schema)}")
    yield Key("schema", schema, ""), Definition(str(shown[1]))
    cursor.execute(f"SHOW FULL TABLES FROM {quoted(schema)}")
    for name, kind in cursor.fetchall():
        word = {"VIEW": "view", "SEQUENCE": "sequence"}.get(kind, "table")
        shown = _row(cursor, f"SHOW CREATE {'VIEW' if word == 'view' else 'TABLE'} {quoted(schema, name)}")
        if word == "view":
            yield Key(word, schema, name), Definition(shown[1], "", shown[2], shown[3])
        elif word == "sequence":
            # What comes next is a part of the data.
            yield Key(word, schema, name), Definition(shown[1])
        else:
            # What comes next is a part of the data.
            yield Key(word, schema, name), Definition(_AUTO_INCREMENT.sub("", shown[1], count=1))
    cursor.execute(
        "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %s", (schema,)
    )
    for kind, name in cursor.fetchall():
        if kind in {"FUNCTION", "PROCEDURE"}:
            shown = _row(cursor, f"SHOW CREATE {kind} {quoted(schema, name)}")
            yield Key(kind.lower(), schema, name), Definition(shown[2], shown[1], shown[3], shown[4])
    cursor.execute(
        "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_ORDER, EVENT_MANIPULATION FROM information_schema.TRIGGERS "
        "WHERE TRIGGER_SCHEMA = %s ORDER BY ACTION_ORDER",
        (schema,),
    )
    for name, table, number, event in cursor.fetchall():
        shown = _row(cursor, f"SHOW CREATE TRIGGER {quoted(schema, name)}")
        yield Key("trigger", schema, name), Definition(shown[2], shown[1], shown[3], shown[4], table, number, event)
    cursor.execute("SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %s", (schema,))
    for (name,) in cursor.fetchall():
        shown = _row(cursor, f"SHOW CREATE EVENT {quoted(schema, name)}")
        yield Key("event", schema, name), Definition(shown[3], shown[1], shown[4], shown[5], time_zone=shown[2])


def _row(cursor: Cursor, statement: str) -> Sequence[Any]:
    cursor.execute(statement)
    row: Sequence[Any] | None = cursor.fetchone()
    return row or ()


@dataclass(frozen=True)
class Column:
    """A column of a table; `exact` says how two values of it are found to differ in any way at all."""

    name: str
    type: str

    def differs(self, left: str, right: str) -> str:
        """The condition that its values in two tables are not the same."""
        one, other = f"{left}.{quoted(self.name)}", f"{right}.{quoted(self.name)}"
        if self.type in _BY_VALUE:
            return f"NOT ({one} <=> {other})"
        # 'a' equals 'A ' in most collations, and 0.0 equals -0.0.
        return f"NOT (CAST({one} AS BINARY) <=> CAST({other} AS BINARY))"


_BY_VALUE = frozenset(
    {
        *(
            "tinyint",
            "smallint",
            "mediumint",
            "int",
            "bigint",
            "decimal",
            "year",
            "date",
            "time",
            "datetime",
            "timestamp",
        ),
        *("bit", "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"),
    }
)


@dataclass(frozen=True)
class Table:
    """The columns of a table that are stored, and those that tell its rows apart; none where nothing does."""

    columns: tuple[Column, ...]
    key: tuple[str, ...]
    engine: str


def tables(cursor: Cursor, schema: str) -> Mapping[str, Table]:
    """The tables of a schema by name."""
    cursor.execute(
        "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s "
        "AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')",
        (schema,),
    )
    engines = {name: str(engine) for name, engine in cursor.fetchall()}
    columns: dict[str, list[Column]] = {name: [] for name in engines}
    nullable: set[tuple[str, str]] = set()
    cursor.execute(
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, IS_NULLABLE, GENERATION_EXPRESSION FROM information_schema.COLUMNS "
        "WHERE TABLE_SCHEMA = %s ORDER BY TABLE_NAME, ORDINAL_POSITION",
        (schema,),
    )
    for table, name, kind, null, generated in cursor.fetchall():
        if table in columns:
            if not generated:
                columns[table].append(Column(name, kind.lower()))
            if null == "YES" or generated:
                nullable.add((table, name))
    cursor.execute(
        "SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS "
        "WHERE TABLE_SCHEMA = %s AND NON_UNIQUE = 0 "
        "ORDER BY TABLE_NAME, INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX",
        (schema,),
    )
    indexes: dict[tuple[str, str], list[tuple[str | None, object]]] = {}
    for table, index, column, part in cursor.fetchall():
        indexes.setdefault((table, index), []).append((column, part))
    keys: dict[str, tuple[str, ...]] = {}
    for (table, _), parts in indexes.items():
        whole = all(column and part is None and (table, column) not in nullable for column, part in parts)
        if whole and table not in keys:
            keys[table] = tuple(str(column) for column, _ in parts)
    return {name: Table(tuple(columns[name]), keys.get(name, ()), engine) for name, engine in engines.items()}
