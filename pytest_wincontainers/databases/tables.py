"""Restoring tables: their rows, what AUTO_INCREMENT and sequences give next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pytest_wincontainers.databases import rows, sequences
from pytest_wincontainers.databases.baseline import Baseline, KeptTable, shown_next
from pytest_wincontainers.databases.connections import Connections
from pytest_wincontainers.databases.counters import TableCounters
from pytest_wincontainers.databases.definitions import DefinitionRestorer
from pytest_wincontainers.databases.ledger import StatementLedger
from pytest_wincontainers.databases.schema import Key, quoted
from pytest_wincontainers.databases.touched import TouchedTable

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_AT_ONCE = 2


class TableRestorer:
    """Restores the tables of a baseline, and makes its objects anew with `maker`."""

    def __init__(self, baseline: Baseline, connections: Connections, ledger: StatementLedger) -> None:
        self._baseline = baseline
        self._connections = connections
        self._ledger = ledger
        self._sizes: dict[Key, int] = {}
        self.maker = DefinitionRestorer(baseline.definitions, ledger.run, self._fill)

    def restore(self, cursor: Cursor, touched: Sequence[TouchedTable], counts: Mapping[str, TableCounters]) -> None:
        """Restore the touched tables, whose counters are `counts`. Raises PreparationError and pymysql.Error."""
        if len(touched) < 2:
            for one in touched:
                self._restore(cursor, one, counts.get(one.kept.inner_name))
            return

        def restore_on_its_own(one: TouchedTable) -> None:
            with self._connections.borrowed() as other:
                self._restore(other, one, counts.get(one.kept.inner_name))

        # Servers have several processors, and a table waits for no other while foreign keys are not looked at.
        with ThreadPoolExecutor(min(len(touched), _AT_ONCE)) as pool:
            list(pool.map(restore_on_its_own, touched))

    def _restore(self, cursor: Cursor, touched: TouchedTable, counts: TableCounters | None) -> None:
        key, kept = touched.key, touched.kept
        name = quoted(key.schema, key.name)
        if touched.rows is None or touched.rows:
            fired = [one for one in self.maker.triggers_of(key) if self._baseline.definitions[one].event != "UPDATE"]
            for one in fired:
                self._ledger.run(cursor, f"DROP TRIGGER IF EXISTS {quoted(one.schema, one.name)}")
            self._restore_rows(cursor, touched, name)
            for one in fired:
                self.maker.make_one(cursor, one)
        now = counts.auto_increment if counts is not None else shown_next(cursor, key)
        if kept.auto_increment and now not in {0, kept.auto_increment}:
            self._set_next(cursor, name, kept)

    def _restore_rows(self, cursor: Cursor, touched: TouchedTable, name: str) -> None:
        key, kept = touched.key, touched.kept
        if touched.rows is not None and rows.restore_some(cursor, name, kept.rows, kept.shape, touched.rows):
            return
        if key not in self._sizes:
            self._sizes[key] = rows.count(cursor, kept.rows)
        rows.restore(cursor, name, kept.rows, kept.shape, kept.auto_increment, self._sizes[key])

    def _set_next(self, cursor: Cursor, name: str, kept: KeptTable) -> None:
        self._ledger.run(cursor, f"ALTER TABLE {name} AUTO_INCREMENT = {kept.auto_increment}")

    def restore_sequences(self, cursor: Cursor) -> None:
        """Restart the sequences that values were taken from. Raises pymysql.Error."""
        kept = {quoted(*key[1:]): one.auto_increment for key, one in self._baseline.of_kind("sequence").items()}
        for name in sequences.moved(cursor, list(kept.items())):
            self._ledger.run(cursor, sequences.restart(name, kept[name]))

    def _fill(self, cursor: Cursor, key: Key) -> None:
        kept = self._baseline.contents[key]
        name = quoted(key.schema, key.name)
        if key.kind == "sequence":
            self._ledger.run(cursor, sequences.restart(name, kept.auto_increment))
            return
        rows.copy(cursor, kept.rows, name, kept.shape)
        if kept.auto_increment:
            self._set_next(cursor, name, kept)
