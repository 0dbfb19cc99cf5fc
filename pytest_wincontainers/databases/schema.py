"""The objects of a database, as the statements that create them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

SYSTEM = frozenset({"information_schema", "mysql", "performance_schema", "sys"})

_AUTO_INCREMENT = re.compile(r" AUTO_INCREMENT=\d+")
# In the order in which they can be made: each may need those before it.
KINDS = (
    *("schema", "sequence", "table", "function", "procedure", "package", "package body"),
    *("view", "trigger", "event"),
)
ROUTINES = frozenset({"function", "procedure", "package", "package body"})
# Those that others name by schema and name.
NAMED_IN_FULL = frozenset({"sequence", "table", "view", "function", "procedure", "package"})


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

    def renamed(self, kind: str, old: str, new: str, names: Collection[str]) -> Definition:
        """The same for another schema: where its sql names one of the schema's objects, `names`, in full."""
        if kind == "schema":
            return replace(self, sql=self.sql.replace(quoted(old), quoted(new), 1))
        known = {name.lower() for name in names}

        def with_new(found: re.Match[str]) -> str:
            # It may be a table's alias, with a column behind it.
            of_schema = found["object"] and _unquoted(found["schema"]).lower() == old.lower()
            if not of_schema or _unquoted(found["object"]).lower() not in known:
                return found[0]
            return f"{quoted(new)}{found['dot']}{found['object']}"

        return replace(self, sql=(_ANSI_NAMES if "ANSI_QUOTES" in self.sql_mode else _NAMES).sub(with_new, self.sql))


def _names(quotes: str) -> re.Pattern[str]:
    """Names in full, and whatever else could have what looks like one in it: texts, comments, other names."""
    name = "|".join([*(f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}" for quote in quotes), r"[\w$]+"])
    others = [rf"{quote}(?:[^{quote}\\]|\\.)*{quote}" for quote in "'\"" if quote not in quotes]
    others += [r"--\s[^\n]*", r"\#[^\n]*", r"/\*(?!M?!).*?\*/"]
    # Variables, and the hosts of accounts.
    others += [f"@+(?:{name})"]
    return re.compile(
        rf"{'|'.join(others)}|(?P<schema>{name})(?:(?P<dot>\s*\.\s*)(?P<object>{name}))?",
        re.DOTALL,
    )


_NAMES, _ANSI_NAMES = _names("`"), _names('`"')


def _unquoted(name: str) -> str:
    return name[1:-1].replace(name[0] * 2, name[0]) if name[:1] in {"`", '"'} else name


def quoted(*names: str) -> str:
    """A name, or names joined by dots, as SQL has them."""
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)


def schemas(cursor: Cursor, own: str) -> list[str]:
    """The schemas that are neither the server's own nor the one called `own`."""
    cursor.execute("SHOW DATABASES")
    return [name for (name,) in cursor.fetchall() if name.lower() not in {*SYSTEM, own}]


def read(cursor: Cursor, wanted: Iterable[str], named: Callable[[str], bool] = lambda _: True) -> dict[Key, Definition]:
    """The objects of these schemas whose names, or whose tables' names, are `named`; a schema itself has the name "".

    Raises pymysql.Error.
    """
    return dict(item for schema in wanted for item in _read(cursor, schema, named))


def _read(cursor: Cursor, schema: str, named: Callable[[str], bool]) -> Iterator[tuple[Key, Definition]]:
    if named(""):
        shown = _row(cursor, f"SHOW CREATE DATABASE {quoted(schema)}")
        yield Key("schema", schema, ""), Definition(str(shown[1]))
    cursor.execute(f"SHOW FULL TABLES FROM {quoted(schema)}")
    for name, kind in cursor.fetchall():
        if not named(name):
            continue
        word = {"VIEW": "view", "SEQUENCE": "sequence"}.get(kind, "table")
        shown = _row(cursor, f"SHOW CREATE {word.upper()} {quoted(schema, name)}")
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
        if kind.lower() in ROUTINES and named(name):
            shown = _row(cursor, f"SHOW CREATE {kind} {quoted(schema, name)}")
            yield Key(kind.lower(), schema, name), Definition(shown[2], shown[1], shown[3], shown[4])
    cursor.execute(
        "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_ORDER, EVENT_MANIPULATION FROM information_schema.TRIGGERS "
        "WHERE TRIGGER_SCHEMA = %s ORDER BY ACTION_ORDER",
        (schema,),
    )
    for name, table, number, event in cursor.fetchall():
        if named(name) or named(table):
            shown = _row(cursor, f"SHOW CREATE TRIGGER {quoted(schema, name)}")
            yield Key("trigger", schema, name), Definition(shown[2], shown[1], shown[3], shown[4], table, number, event)
    cursor.execute("SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %s", (schema,))
    for (name,) in cursor.fetchall():
        if named(name):
            shown = _row(cursor, f"SHOW CREATE EVENT {quoted(schema, name)}")
            yield Key("event", schema, name), Definition(shown[3], shown[1], shown[4], shown[5], time_zone=shown[2])


def _row(cursor: Cursor, statement: str) -> Sequence[Any]:
    cursor.execute(statement)
    row: Sequence[Any] | None = cursor.fetchone()
    return row or ()


@dataclass(frozen=True)
class Column:
    """A column of a table; `position` counts from 0, `charset` is that of a text."""

    name: str
    type: str
    position: int = 0
    charset: str = ""
    unsigned: bool = False

    def differs(self, left: str, right: str) -> str:
        """The condition that its values in two tables are not the same."""
        if self.type in _BY_VALUE:
            return f"NOT ({left}.{quoted(self.name)} <=> {right}.{quoted(self.name)})"
        # 'a' equals 'A ' in most collations, and 0.0 equals -0.0.
        return f"NOT ({self.exact(left)} <=> {self.exact(right)})"

    def exact(self, table: str) -> str:
        """Its value as bytes that no other value has."""
        value = f"{table}.{quoted(self.name)}"
        # A FLOAT's text has six digits, of the nine that it takes.
        return f"CAST(CAST({value} AS DOUBLE) AS BINARY)" if self.type == "float" else f"CAST({value} AS BINARY)"


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
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, IS_NULLABLE, GENERATION_EXPRESSION, ORDINAL_POSITION, "
        "CHARACTER_SET_NAME, COLUMN_TYPE FROM information_schema.COLUMNS "
        "WHERE TABLE_SCHEMA = %s ORDER BY TABLE_NAME, ORDINAL_POSITION",
        (schema,),
    )
    for table, name, kind, null, generated, number, charset, whole_type in cursor.fetchall():
        if table in columns:
            if not generated:
                unsigned = "unsigned" in whole_type.lower()
                columns[table].append(Column(name, kind.lower(), int(number) - 1, charset or "", unsigned))
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
