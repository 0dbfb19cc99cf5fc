"""What the binary log says has been changed in some schemas: rows, by their keys, and definitions, by their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_wincontainers.databases.log import LogUnreadable
from pytest_wincontainers.databases.log_events import (
    MARIADB_TRANSACTION,
    QUERY,
    ROWS,
    SILENT,
    TABLE_MAP,
    WRITES,
    Event,
    Key,
    MappedTable,
    UnreadableEvent,
    keys_in,
    number_in,
    prepared_in,
    statement_in,
    table_in,
)
from pytest_wincontainers.databases.schema import Table

_MANY = 10_000
# What may stand before a statement: comments, also those that a server runs.
_BEGIN = re.compile(rb"(?:\s|/\*(?!M?!).*?\*/|--\s[^\n]*|#[^\n]*|/\*M?!\d*)*", re.DOTALL)
_WORD = re.compile(rb"[A-Za-z0-9_$]+")
_TRANSACTION = re.compile(rb"(?:BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|XA|START\s+TRANSACTION)\b", re.IGNORECASE)
_XA_START = re.compile(rb"XA\s+(?:START|BEGIN)\s+(X'[0-9a-f]*',\s*X'[0-9a-f]*',\s*\d+)", re.IGNORECASE)
_XA_END = re.compile(rb"XA\s+(?:END|PREPARE|COMMIT|ROLLBACK)\b|BEGIN\b", re.IGNORECASE)
_DEFINITION = re.compile(
    rb"(?P<verb>CREATE|ALTER|DROP|RENAME|TRUNCATE|ANALYZE|OPTIMIZE|REPAIR|FLUSH)\s+(?:OR\s+REPLACE\s+)?(?P<kind>\w*)",
    re.IGNORECASE,
)
_OTHERS = re.compile(rb"(?:GRANT|REVOKE|SET(?!\s+STATEMENT\b)|INSTALL|UNINSTALL|CHECK)\b", re.IGNORECASE)
_NOT_OF_SCHEMAS = frozenset({b"user", b"role", b"server", b"temporary"})
_BEFORE_KIND = rb"(?:CREATE|ALTER|DROP)\s+(?:(?!\b(?:TABLE|DATABASE|SCHEMA)\b).)*?"
# Those that leave rows and counters as they are; the others may do anything to the tables that they name.
_KEEPS_ROWS = re.compile(
    _BEFORE_KIND + rb"\b(?:VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|PACKAGE|SEQUENCE)\b|FLUSH\b",
    re.IGNORECASE | re.DOTALL,
)


class Words:
    """The words of some statements, for finding the names in them."""

    def __init__(self) -> None:
        self._words: set[str] = set()

    def add(self, sql: bytes) -> None:
        """Add those of a statement."""
        self._words.update(word.decode().lower() for word in _WORD.findall(sql))

    def __bool__(self) -> bool:
        return bool(self._words)

    def have(self, name: str) -> bool:
        """Whether a name may be among them; one that is no plain word may be anywhere."""
        if not self._words:
            return False
        return not (name.isascii() and _WORD.fullmatch(name.encode())) or name.lower() in self._words


@dataclass
class TouchedRows:
    """How many rows of a table were changed, and their keys; None where those do not tell.

    `gone` are those of rows that were deleted, or got another key; `older` says that there were rows before.
    """

    count: int = 0
    keys: set[Key] | None = field(default_factory=set)
    gone: set[Key] = field(default_factory=set)
    older: bool = False

    def add(self, found: Iterable[Sequence[Key]], *, written: bool) -> None:
        """Add the keys of an event's rows, which it has `written` newly, or not."""
        self.older |= not written
        for one in found:
            self.count += len(one)
            if self.keys is not None:
                self.keys.update(one)
            if not written and len(set(one)) == len(one):
                self.gone.add(one[0])
        if self.keys is not None and len(self.keys) > _MANY:
            self.keys = None


class Changes:
    """What events say of the tables with these shapes, in these schemas; of all schemas with `everywhere`."""

    def __init__(self, shapes: Mapping[tuple[str, str], Table], schemas: Collection[str], *, everywhere: bool) -> None:
        self._shapes = shapes
        self._schemas = schemas
        self._everywhere = everywhere
        self._tables: dict[int, MappedTable] = {}
        self._transaction = ""
        self.rows: dict[tuple[str, str], TouchedRows] = {}
        self.prepared: set[str] = set()
        """The prepared transactions (XA) that changed rows in the schemas."""
        self.statements = 0
        """How many statements may have changed a definition in whatever schema."""
        self.whole_schemas = False
        """Whether a statement was about schemas, so that anything in them may be another."""
        self.defined = Words()
        """The words of statements that may have changed definitions."""
        self.rewritten = Words()
        """The words of those that may have changed a table's rows, or begun counting their changes anew."""

    def add_all(self, events: Iterable[Event]) -> None:
        """Take in events. Raises LogUnreadable where they do not tell what was changed."""
        for event in events:
            if event.kind == QUERY:
                self._add_statement(event)
            elif event.kind == MARIADB_TRANSACTION:
                self._transaction = prepared_in(event)
            elif event.kind == TABLE_MAP:
                number, table = table_in(event)
                self._tables[number] = table
                if self._transaction and self._is_of_these(table.schema):
                    self.prepared.add(self._transaction)
            elif event.kind in ROWS:
                self._add_rows(event)
            elif event.kind not in SILENT:
                raise LogUnreadable(f"it has an event of type {event.kind}")

    def _is_of_these(self, schema: str) -> bool:
        return self._everywhere or schema in self._schemas

    def _add_rows(self, event: Event) -> None:
        table = self._tables.get(number_in(event))
        if table is None:
            raise LogUnreadable("it has rows of no table")
        name = (table.schema, table.name)
        shape = self._shapes.get(name)
        if shape is None or not self._is_of_these(table.schema):
            return
        touched = self.rows.setdefault(name, TouchedRows())
        if touched.keys is None:
            return
        try:
            touched.add(keys_in(event, table, shape), written=event.kind in WRITES)
        except UnreadableEvent:
            touched.keys = None

    def _add_statement(self, event: Event) -> None:
        database, sql = statement_in(event)
        begun = _BEGIN.match(sql)
        sql = sql[begun.end() :] if begun else sql
        if _TRANSACTION.match(sql):
            started = _XA_START.match(sql)
            if started is not None:
                self._transaction = re.sub(r"\s", "", started[1].decode().lower()).replace("x'", "X'")
            elif _XA_END.match(sql):
                self._transaction = ""
            return
        if _OTHERS.match(sql):
            return
        found = _DEFINITION.match(sql)
        if found is None:
            # One that changes rows, and does not say which.
            raise LogUnreadable("it has statements instead of rows")
        if found["kind"].lower() in _NOT_OF_SCHEMAS:
            return
        self.statements += 1
        words = Words()
        words.add(sql)
        if not (self._is_of_these(database) or any(words.have(schema) for schema in self._schemas)):
            return
        self.defined.add(sql)
        if not _KEEPS_ROWS.match(sql):
            self.rewritten.add(sql)
        if words.have("database") or words.have("schema"):
            self.whole_schemas = True
