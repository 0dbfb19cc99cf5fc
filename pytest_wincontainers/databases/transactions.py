"""Transactions that a test has left: its connections are closed, and what it has prepared (XA) is rolled back."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_wincontainers.databases.connections import errors

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_ACTIVE = ", ACTIVE "
_TRANSACTION = re.compile(r"^---TRANSACTION ", re.MULTILINE)
_THREAD = re.compile(r"^(?:MySQL|MariaDB) thread id (\d+)", re.MULTILINE)
_LOCKED = re.compile(r"^TABLE LOCK table `((?:[^`]|``)+)`\.`", re.MULTILINE)
_TRIES = 100
_PAUSE_SECONDS = 0.01


class TransactionEnder:
    """Ends the transactions in some schemas; with `alone`, those of connections without a database, too."""

    def __init__(self, schemas: Collection[str], *, alone: bool) -> None:
        self._schemas = schemas
        self._alone = alone

    def end(self, cursor: Cursor) -> Sequence[str]:
        """End them, but for the prepared ones of all schemas, whose names are returned. Raises pymysql.Error."""
        # information_schema.INNODB_TRX is not asked: it is as old as the last question before a pause of 0.1 s.
        report = _report(cursor)
        # Most resets find none.
        if _ACTIVE not in report:
            return []
        active = set(dict(locks_in(report)))
        cursor.execute("SELECT ID, DB FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID()")
        databases = {int(number): name for number, name in cursor.fetchall() if int(number) in active}
        ending = {number for number, name in databases.items() if self._is_of_a_test(name)}
        if ending != databases.keys():
            # It may have named the database in its statements.
            locked = dict(locks_in(_report_with_locks(cursor)))
            ending |= {one for one in databases if not locked.get(one, set()).isdisjoint(self._schemas)}
        for number in ending:
            with suppress(errors()):
                cursor.execute(f"KILL CONNECTION {number}")
        return prepared(cursor)

    def _is_of_a_test(self, database: str | None) -> bool:
        return database in self._schemas if database else self._alone


def _report(cursor: Cursor) -> str:
    cursor.execute("SHOW ENGINE INNODB STATUS")
    (*_, report) = cursor.fetchone() or ("",)
    return str(report)


def _report_with_locks(cursor: Cursor) -> str:
    cursor.execute("SELECT @@GLOBAL.innodb_status_output_locks")
    (before,) = cursor.fetchone() or (0,)
    cursor.execute("SET GLOBAL innodb_status_output_locks = ON")
    try:
        return _report(cursor)
    finally:
        cursor.execute(f"SET GLOBAL innodb_status_output_locks = {int(before)}")


def locks_in(report: str) -> Iterator[tuple[int, set[str]]]:
    """The connections in a transaction, and the schemas that they have locked, as InnoDB reports them.

    Without the performance schema, no other place tells.
    """
    for part in _TRANSACTION.split(report)[1:]:
        thread = _THREAD.search(part)
        if thread is not None and _ACTIVE in part.partition("\n")[0]:
            yield int(thread[1]), {name.replace("``", "`") for name in _LOCKED.findall(part)}


def prepared(cursor: Cursor) -> list[str]:
    """The names of all prepared transactions, as `XA ROLLBACK` takes them."""
    cursor.execute("SELECT VERSION()")
    (version,) = cursor.fetchone() or ("",)
    if "mariadb" in version.lower():
        cursor.execute("XA RECOVER FORMAT = 'RAW'")
    else:
        cursor.execute("XA RECOVER CONVERT XID")
    return [_name(*row) for row in cursor.fetchall()]


def _name(number: int, length: int, _rest: int, data: str | bytes) -> str:
    text = data.hex() if isinstance(data, bytes) else data[2:]
    return f"X'{text[: 2 * length]}',X'{text[2 * length :]}',{number}".lower().replace("x'", "X'")


def roll_back(cursor: Cursor, name: str) -> None:
    """Roll a prepared transaction back; that of a connection which is being closed is nobody's only a moment later."""
    for _ in range(_TRIES):
        try:
            cursor.execute(f"XA ROLLBACK {name}")
        except errors():  # noqa: PERF203 - that is what it waits for
            time.sleep(_PAUSE_SECONDS)
        else:
            return
