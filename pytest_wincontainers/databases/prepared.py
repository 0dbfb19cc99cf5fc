"""The prepared state of a server's databases: saved in this package's own schema, restored for tests, and copied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_wincontainers.databases.baseline import Baseline, begin, begun, keep, load
from pytest_wincontainers.databases.changes import Changes, Words
from pytest_wincontainers.databases.connections import Connections
from pytest_wincontainers.databases.counters import CounterReader, CounterReading
from pytest_wincontainers.databases.foreign_keys import Reference, parents, refers_to
from pytest_wincontainers.databases.ledger import StatementLedger
from pytest_wincontainers.databases.log import BinaryLog, LogInterrupted, LogUnreadable
from pytest_wincontainers.databases.schema import Key, quoted, read, schemas
from pytest_wincontainers.databases.tables import TableRestorer
from pytest_wincontainers.databases.touched import by_counters, by_log
from pytest_wincontainers.databases.transactions import TransactionEnder, prepared, roll_back
from pytest_wincontainers.errors import PreparationError

if TYPE_CHECKING:
    import pymysql
    from pymysql.cursors import Cursor

_TRIES = 4
_LOCK_WAIT_TIMEOUT = 1205
# A server hangs up on whom it could not send anything for a minute, as in a long test.
_CONNECTIONS = 2


class PreparedState:
    """The prepared state in the schema `own`; a connection as root is made by `connect` when first needed.

    With `copied` = (database, copy) it is the state of a copy of one database.
    """

    def __init__(
        self, connect: Callable[[], pymysql.Connection[Any]], own: str, copied: tuple[str, str] | None = None
    ) -> None:
        self._connections = Connections(connect)
        self._own = own
        self._copied = copied
        self._baseline = Baseline({}, {})
        self._parents: Mapping[Key, Collection[Reference]] = {}
        self._ledger = StatementLedger(own)
        self._log = BinaryLog(connect)
        self._known_reader: CounterReader | None = None
        self._reading = CounterReading()
        self._tables = TableRestorer(self._baseline, self._connections, self._ledger)

    def keep(self, progress: Callable[[str], None]) -> None:
        """Keep the state as it is now. Raises pymysql.Error."""
        with self._cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS {quoted(self._own)}")
            self._ledger.create(cursor)
            keep(cursor, self._own, progress)
            # What came before is of no interest, and would be in every snapshot.
            position = self._log.position(cursor)
            if position is not None and position.is_ours:
                cursor.execute("FLUSH BINARY LOGS")
                self._log.forget_older(cursor, self._log.position(cursor) or position)
            begin(cursor, self._own, self._copied, self._now(cursor))

    def begin(self) -> None:
        """Say that the state is the prepared one at this moment, as it is after a start. Raises pymysql.Error."""
        with self._cursor() as cursor:
            begin(cursor, self._own, self._copied, self._now(cursor))

    def _now(self, cursor: Cursor) -> CounterReading:
        """How the log and the counters stand."""
        position = self._log.position(cursor)
        return replace(self._reader(cursor).read(cursor, self._ledger), position=position)

    def _reader(self, cursor: Cursor) -> CounterReader:
        self._known_reader = self._known_reader or CounterReader(cursor)
        return self._known_reader

    def others(self) -> Sequence[str]:
        """The databases of the prepared state that a copy of one does not have."""
        with self._cursor() as cursor:
            self._load(cursor)
            return self._baseline.others

    def _load(self, cursor: Cursor) -> None:
        """Read what is kept, once in a process."""
        if self._baseline.definitions:
            return
        self._baseline = load(cursor, self._own, self._copied)
        self._parents = parents(self._baseline.definitions)
        self._tables = TableRestorer(self._baseline, self._connections, self._ledger)
        self._reading = begun(cursor, self._own, self._copied)

    # -- going back ---------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Bring data, AUTO_INCREMENT and definitions back. Raises PreparationError and pymysql.Error."""
        import pymysql

        for number in range(1, _TRIES + 1):
            try:
                self._reset()
                return
            except pymysql.OperationalError as problem:  # noqa: PERF203 - that is what it waits for
                # A connection that was ended may take a moment to let go of its locks.
                if problem.args[0] != _LOCK_WAIT_TIMEOUT:
                    raise
                if number == _TRIES:
                    raise PreparationError(
                        "the prepared state cannot be restored because a table is still locked",
                        details="\n".join(["open connections:", *self._connected()]),
                        hint="unlock the tables, or close the connection that locked them, at the end of the test",
                    ) from problem

    def _connected(self) -> list[str]:
        with self._cursor() as cursor:
            cursor.execute(
                "SELECT ID, USER, HOST, IFNULL(DB, 'no database'), COMMAND, TIME FROM information_schema.PROCESSLIST "
                "WHERE ID <> CONNECTION_ID() AND IFNULL(DB, '') <> 'information_schema' AND COMMAND <> 'Binlog Dump' "
                "ORDER BY ID"
            )
            lines = [
                f"{number}: {user} from {host}, in {database}: {command} for {seconds} s"
                for number, user, host, database, command, seconds in cursor.fetchall()
            ]
            names = prepared(cursor)
            return [*lines, *(f"a prepared transaction: XA ROLLBACK {name}" for name in names)]

    def _reset(self) -> None:
        with self._cursor() as cursor:
            self._load(cursor)
            alone = self._copied is None
            left = TransactionEnder(self._baseline.schemas, alone=alone).end(cursor)
            now = self._now(cursor)
            changes = self._changes(self._reading, now)
            for name in left:
                # Of one that the log does not tell of, nobody knows whose it is.
                if alone or (changes is not None and name in changes.prepared):
                    roll_back(cursor, name)
            if changes is None:
                restored = self._restore_by_counters(cursor, now)
            else:
                restored = self._restore_by_log(cursor, changes, now)
            self._tables.restore_sequences(cursor)
            if now.position is not None and (self._reading.position or now.position).file != now.position.file:
                self._log.forget_older(cursor, now.position)
            # What others have run meanwhile counts as after it.
            self._reading = replace(now, tables=self._reader(cursor).tables(cursor)) if restored else now

    def _changes(self, before: CounterReading, now: CounterReading) -> Changes | None:
        """What was changed between two readings; None where the log does not tell."""
        if before.position is None or now.position is None or not (now.same_life(before) and now.steady):
            return None
        shapes = {(key.schema, key.name): kept.shape for key, kept in self._baseline.of_kind("table").items()}
        for _ in range(_CONNECTIONS):
            changes = Changes(shapes, self._baseline.schemas, everywhere=self._copied is None)
            try:
                changes.add_all(self._log.events(before.position, now.position))
            except LogInterrupted:
                continue
            except LogUnreadable:
                break
            return changes
        return None

    def _restore_by_counters(self, cursor: Cursor, now: CounterReading) -> bool:
        """Restore whatever the counters do not show to be as it was; whether that was anything."""
        unknown = not now.same_schema(self._reading)
        if unknown:
            self._restore_definitions(cursor)
            now = replace(now, tables=self._reader(cursor).tables(cursor))
        touched = list(by_counters(self._baseline.of_kind("table"), self._reading, now))
        self._tables.restore(cursor, touched, now.tables)
        return bool(touched) or unknown

    def _restore_by_log(self, cursor: Cursor, changes: Changes, now: CounterReading) -> bool:
        """Restore what the log tells of; whether that was anything."""
        before, made = self._reading, set[Key]()
        counted = now.statements - before.statements
        if changes.whole_schemas or counted != changes.statements or not (now.trusted and before.trusted):
            made = self._restore_definitions(cursor)
        elif changes.defined:
            made = self._restore_definitions(cursor, self._named_in(changes.defined))
        tables = {key: kept for key, kept in self._baseline.of_kind("table").items() if key not in made}
        touched = list(by_log(tables, self._parents, changes, before, now))
        # Of a table that nobody has opened since its definition was touched, the server had not known what comes next.
        counts = self._reader(cursor).tables(cursor) if changes.defined else now.tables
        self._tables.restore(cursor, touched, counts)
        return bool(touched or made)

    def _named_in(self, words: Words) -> Callable[[str], bool]:
        """Whether a name is among these words, or that of a table with foreign keys, which follow a renamed one."""
        following = {key.name for key, what in self._baseline.definitions.items() if refers_to(what.sql, words.have)}
        return lambda name: name in following or words.have(name)

    def _restore_definitions(self, cursor: Cursor, named: Callable[[str], bool] = lambda _: True) -> set[Key]:
        there = schemas(cursor, self._own)
        if self._copied is not None:
            there = [name for name in there if name in self._baseline.schemas]
        return self._tables.maker.restore(cursor, read(cursor, there, named), named)

    # -- copying ------------------------------------------------------------------------------------------

    def make_copy(self, accounts: Iterable[tuple[str, str]]) -> None:
        """Make the copy of the database anew, and let these accounts (user, host) use it. Raises as `reset` does."""
        if self._copied is None:
            raise ValueError("only the state of a copied database can be copied")
        with self._cursor() as cursor:
            self._load(cursor)
            name = quoted(*self._baseline.schemas)
            self._ledger.run(cursor, f"DROP DATABASE IF EXISTS {name}")
            self._tables.maker.make(cursor, self._baseline.definitions, {})
            pattern = name.replace("_", "\\_").replace("%", "\\%")
            for user, host in accounts:
                cursor.execute(f"GRANT ALL ON {pattern}.* TO %s@%s", (user, host))
            self._reading = self._now(cursor)
            begin(cursor, self._own, self._copied, self._reading)

    def _cursor(self) -> AbstractContextManager[Cursor]:
        return self._connections.borrowed()
