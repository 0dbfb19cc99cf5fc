"""Counts the statements that this package itself runs on a server, for all processes that reset its databases.

The server counts all statements alike, so one process's statements would look to another like a test's. The ledger is
kept in MEMORY tables: a server that restarts counts from 0, and they are empty then.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_wincontainers.databases.connections import errors
from pytest_wincontainers.databases.schema import quoted

if TYPE_CHECKING:
    from pymysql.cursors import Cursor


@dataclass(frozen=True)
class LedgerEntry:
    """How many statements that may change a definition were entered, and how many of them were on tables.

    `life` is another after each start of the server; `busy` says that somebody runs such a statement right now.
    """

    statements: int
    on_tables: int
    life: str
    busy: bool


class StatementLedger:
    """The statements that all processes have run on a server, kept in the schema `schema`."""

    def __init__(self, schema: str) -> None:
        self._ran = quoted(schema, "ran")
        self._busy = quoted(schema, "busy")

    def create(self, cursor: Cursor) -> None:
        """Make the tables, where they are to be made or anew."""
        for name in (self._ran, self._busy):
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
        cursor.execute(
            f"CREATE TABLE {self._ran} (id INT PRIMARY KEY, statements BIGINT NOT NULL, on_tables BIGINT NOT NULL, "
            "life CHAR(32) NOT NULL) ENGINE=MEMORY"
        )
        cursor.execute(f"CREATE TABLE {self._busy} (connection BIGINT PRIMARY KEY) ENGINE=MEMORY")

    def read(self, cursor: Cursor) -> LedgerEntry:
        """What all processes have entered by now."""
        question = f"SELECT statements, on_tables, life, (SELECT COUNT(*) FROM {self._busy}) FROM {self._ran}"
        cursor.execute(question)
        row = cursor.fetchone()
        if row is None:
            cursor.execute(f"INSERT IGNORE INTO {self._ran} VALUES (1, 0, 0, %s)", (uuid.uuid4().hex,))
            cursor.execute(question)
            row = cursor.fetchone() or (0, 0, "", 0)
        statements, on_tables, life, busy = row
        if busy:
            # A process that was killed is busy no more; what it has not entered looks like a test's.
            cursor.execute(
                f"SELECT COUNT(*) FROM {self._busy} JOIN information_schema.PROCESSLIST p ON p.ID = connection"
            )
            (busy,) = cursor.fetchone() or (0,)
        return LedgerEntry(int(statements), int(on_tables), life, bool(busy))

    def run(self, cursor: Cursor, statement: str | bytes) -> None:
        """Run a statement that may change a definition, and enter it."""
        on_table = isinstance(statement, str) and statement.startswith("ALTER TABLE")
        cursor.execute(f"INSERT IGNORE INTO {self._busy} VALUES (CONNECTION_ID())")
        try:
            cursor.execute(statement)  # type: ignore[arg-type]  # it takes bytes as they are
        except errors():
            # The server counts what fails, too; and the connection may be the reason.
            with suppress(errors()):
                self._enter(cursor, on_table)
            raise
        self._enter(cursor, on_table)

    def _enter(self, cursor: Cursor, on_table: bool) -> None:
        cursor.execute(f"UPDATE {self._ran} SET statements = statements + 1, on_tables = on_tables + {int(on_table)}")
        cursor.execute(f"DELETE FROM {self._busy} WHERE connection = CONNECTION_ID()")
