"""Which tables are to be restored, and which of their rows: by the binary log, or by counters alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pytest_wincontainers.databases import log_events
from pytest_wincontainers.databases.baseline import KeptTable
from pytest_wincontainers.databases.changes import Changes, TouchedRows
from pytest_wincontainers.databases.counters import CounterReading, TableCounters
from pytest_wincontainers.databases.foreign_keys import Reference, dependents
from pytest_wincontainers.databases.schema import Key

_INNODB = "InnoDB"


class TouchedTable(NamedTuple):
    """A table to restore: the keys of the rows that may be others; None where any may be."""

    key: Key
    kept: KeptTable
    rows: Collection[log_events.Key] | None = None


def by_counters(tables: Mapping[Key, KeptTable], before: CounterReading, now: CounterReading) -> Iterator[TouchedTable]:
    """What the counters of InnoDB do not show to be as it was."""
    all_known = now.knows_tables(before)
    for key, kept in tables.items():
        counts = now.tables.get(kept.inner_name)
        if not (all_known and kept.counted) or counts is None or counts != before.tables.get(kept.inner_name):
            yield TouchedTable(key, kept)


def by_log(
    tables: Mapping[Key, KeptTable],
    parents: Mapping[Key, Collection[Reference]],
    changes: Changes,
    before: CounterReading,
    now: CounterReading,
) -> Iterator[TouchedTable]:
    """What the log says was changed, and what the counters of InnoDB say was changed without a word in the log."""
    found = {
        key: _Evidence(
            kept,
            changes.rows.get((key.schema, key.name), TouchedRows()),
            before.tables.get(kept.inner_name),
            now.tables.get(kept.inner_name),
        )
        for key, kept in tables.items()
    }

    def is_hit(parent: Reference) -> bool:
        evidence = found.get(parent.table)
        return evidence is None or evidence.has_lost_rows(parent.columns)

    dependent = dependents(parents, is_hit)
    for key, evidence in found.items():
        if changes.rewritten.have(key.name) or evidence.is_unclear(dependent=key in dependent):
            yield TouchedTable(key, evidence.kept)
        elif evidence.rows.keys or evidence.has_other_next:
            yield TouchedTable(key, evidence.kept, evidence.rows.keys)


@dataclass(frozen=True)
class _Evidence:
    """What log and counters say of one table; without counters, InnoDB does not know it."""

    kept: KeptTable
    rows: TouchedRows
    before: TableCounters | None
    now: TableCounters | None

    @property
    def has_other_next(self) -> bool:
        """Whether AUTO_INCREMENT has moved."""
        return (
            self.before is not None and self.now is not None and self.before.auto_increment != self.now.auto_increment
        )

    def is_unclear(self, *, dependent: bool) -> bool:
        """Whether rows may have changed that the log does not name; what a foreign key does is not in it."""
        if self.rows.keys is None:
            return True
        if self.kept.shape.engine != _INNODB:
            return False
        if self.before is None or self.now is None:
            return True
        if self.before[:2] == self.now[:2]:
            return dependent and not self.kept.counted
        # An update may be counted as a deletion and an insertion.
        all_logged = self.before.id == self.now.id and 0 <= self.now.modified - self.before.modified <= self.rows.count
        return dependent or not self.kept.counted or not all_logged

    def has_lost_rows(self, columns: Collection[str]) -> bool:
        """Whether there may be rows that others referred to by these columns, and that do not have those values now."""
        if self.is_unclear(dependent=False) or self.rows.gone:
            return True
        return self.rows.older and columns != set(self.kept.shape.key)
