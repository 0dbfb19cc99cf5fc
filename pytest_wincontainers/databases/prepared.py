"""The prepared state of a server's databases: saved in this package's own schema, restored for tests, and copied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_wincontainers.databases import rows, sequences
from pytest_wincontainers.databases.baseline import Baseline, KeptTable, keep, load, shown_next
from pytest_wincontainers.databases.connections import Connections
from pytest_wincontainers.databases.counters import CounterReader, CounterReading, TableCounters
from pytest_wincontainers.databases.definitions import DefinitionRestorer
from pytest_wincontainers.databases.ledger import StatementLedger
from pytest_wincontainers.databases.schema import Key, quoted, read, schemas
from pytest_wincontainers.databases.transactions import TransactionEnder, prepared
from pytest_wincontainers.errors import PreparationError

if TYPE_CHECKING:
    import pymysql
    from pymysql.cursors import Cursor

_TRIES = 4
_AT_ONCE = 2
_LOCK_WAIT_TIMEOUT = 1205


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
        self._sizes: dict[Key, int] = {}
        self._reading = CounterReading()
        self._reader: CounterReader | None = None
        self._ledger = StatementLedger(own)

    def keep(self, progress: Callable[[str], None]) -> None:
        """Keep the state as it is now. Raises pymysql.Error."""
        with self._cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS {quoted(self._own)}")
            self._ledger.create(cursor)
            keep(cursor, self._own, progress)

    def others(self) -> Sequence[str]:
        """The databases of the prepared state that a copy of one does not have."""
        with self._cursor() as cursor:
            return self._load(cursor).others

    def _load(self, cursor: Cursor) -> Baseline:
        """Read what is kept, once in a process."""
        if not self._baseline.definitions:
            # Else the server forgets the counters of a table that was not used for long.
            cursor.execute("SET GLOBAL table_definition_cache = 20000")
            self._baseline = load(cursor, self._own, self._copied)
        return self._baseline

    # -- going back ---------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Bring data, AUTO_INCREMENT and definitions back. Raises PreparationError and pymysql.Error."""
        import pymysql

        for number in range(1, _TRIES + 1):
            try:
                self._reset()
                return
            except pymysql.OperationalError as problem:  # noqa: PERF203 - that is what it waits for
                # The list of transactions that are open may be a tenth of a second old.
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
                "WHERE ID <> CONNECTION_ID() AND IFNULL(DB, '') <> 'information_schema' ORDER BY ID"
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
            # Of a prepared transaction nobody knows whose it is.
            ender = TransactionEnder(self._baseline.schemas, alone=alone, is_own=lambda _: alone)
            ender.end(cursor)
            reader = self._reader = self._reader or CounterReader(cursor)
            now = reader.read(cursor, self._ledger)
            all_known = now.knows_tables(self._reading)
            if not now.same_schema(self._reading):
                self._restore_definitions(cursor)
                now = reader.read(cursor, self._ledger)
            touched = []
            for key, kept in self._contents("table").items():
                before, counts = self._reading.tables.get(kept.inner_name), now.tables.get(kept.inner_name)
                if not (all_known and kept.counted) or before is None or counts != before:
                    touched.append((key, kept, counts))
            self._restore_sequences(cursor)
            self._restore_tables(cursor, touched)
            # What others have run meanwhile counts as after it.
            self._reading = replace(now, tables=reader.tables(cursor)) if touched else now

    def _restore_tables(self, cursor: Cursor, touched: Sequence[tuple[Key, KeptTable, TableCounters | None]]) -> None:
        if len(touched) < 2:
            for one in touched:
                self._restore_table(cursor, *one)
            return

        def restore_on_its_own(one: tuple[Key, KeptTable, TableCounters | None]) -> None:
            with self._connections.borrowed() as other:
                self._restore_table(other, *one)

        # Servers have several processors, and a table waits for no other while foreign keys are not looked at.
        with ThreadPoolExecutor(min(len(touched), _AT_ONCE)) as pool:
            list(pool.map(restore_on_its_own, touched))

    def _restore_table(self, cursor: Cursor, key: Key, kept: KeptTable, counts: TableCounters | None) -> None:
        name = quoted(key.schema, key.name)
        maker = self._maker
        fired = [one for one in maker.triggers_of(key) if self._baseline.definitions[one].event != "UPDATE"]
        for one in fired:
            self._ledger.run(cursor, f"DROP TRIGGER IF EXISTS {quoted(one.schema, one.name)}")
        if key not in self._sizes:
            self._sizes[key] = rows.count(cursor, kept.rows)
        rows.restore(cursor, name, kept.rows, kept.shape, kept.auto_increment, self._sizes[key])
        now = counts.auto_increment if counts is not None else shown_next(cursor, key)
        if kept.auto_increment and now not in {0, kept.auto_increment}:
            self._set_next(cursor, name, kept)
        for one in fired:
            maker.make_one(cursor, one)

    def _set_next(self, cursor: Cursor, name: str, kept: KeptTable) -> None:
        self._ledger.run(cursor, f"ALTER TABLE {name} AUTO_INCREMENT = {kept.auto_increment}")

    def _restore_sequences(self, cursor: Cursor) -> None:
        kept = {quoted(key.schema, key.name): one.auto_increment for key, one in self._contents("sequence").items()}
        for name in sequences.moved(cursor, list(kept.items())):
            self._ledger.run(cursor, sequences.restart(name, kept[name]))

    def _contents(self, kind: str) -> Mapping[Key, KeptTable]:
        return {key: kept for key, kept in self._baseline.contents.items() if key.kind == kind}

    @property
    def _maker(self) -> DefinitionRestorer:
        return DefinitionRestorer(self._baseline.definitions, self._ledger.run, self._fill)

    def _fill(self, cursor: Cursor, key: Key) -> None:
        kept = self._baseline.contents[key]
        if key.kind == "sequence":
            self._ledger.run(cursor, sequences.restart(quoted(key.schema, key.name), kept.auto_increment))
            return
        rows.copy(cursor, kept.rows, quoted(key.schema, key.name), kept.shape)
        if kept.auto_increment:
            self._set_next(cursor, quoted(key.schema, key.name), kept)

    def _restore_definitions(self, cursor: Cursor) -> None:
        there = schemas(cursor, self._own)
        if self._copied is not None:
            there = [name for name in there if name in self._baseline.schemas]
        self._maker.restore(cursor, read(cursor, there))

    # -- copying ------------------------------------------------------------------------------------------

    def make_copy(self, accounts: Iterable[tuple[str, str]]) -> None:
        """Make the copy of the database anew, and let these accounts (user, host) use it. Raises as `reset` does."""
        if self._copied is None:
            raise ValueError("only the state of a copied database can be copied")
        with self._cursor() as cursor:
            state = self._load(cursor)
            name = quoted(*state.schemas)
            self._ledger.run(cursor, f"DROP DATABASE IF EXISTS {name}")
            self._maker.make(cursor, state.definitions, {})
            pattern = name.replace("_", "\\_").replace("%", "\\%")
            for user, host in accounts:
                cursor.execute(f"GRANT ALL ON {pattern}.* TO %s@%s", (user, host))

    def _cursor(self) -> AbstractContextManager[Cursor]:
        return self._connections.borrowed()
