"""Which tables are to be restored, and which of their rows: by the binary log, or by counters alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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
    silent = TouchedRows()

    def rows_of(key: Key) -> TouchedRows:
        return changes.rows.get((key.schema, key.name), silent)

    def is_hit(parent: Reference) -> bool:
        """Whether rows that others depend on may have gone."""
        rows, kept = rows_of(parent.table), tables.get(parent.table)
        if kept is None or rows.keys is None or changes.rewritten.have(parent.table.name):
            return True
        return bool(rows.gone) or (rows.older and parent.columns != set(kept.shape.key))

    dependent = dependents(parents, is_hit)
    for key, kept in tables.items():
        rows = rows_of(key)
        old, new = before.tables.get(kept.inner_name), now.tables.get(kept.inner_name)
        if rows.keys is None or changes.rewritten.have(key.name):
            yield TouchedTable(key, kept)
        elif kept.shape.engine != _INNODB:
            if rows.keys:
                yield TouchedTable(key, kept, rows.keys)
        elif old is None or new is None:
            yield TouchedTable(key, kept)
        else:
            same = (old.id, old.modified) == (new.id, new.modified)
            known = kept.counted and not changes.forgotten.have(key.name)
            # The counters may have begun anew after what a foreign key did.
            by_key = key in dependent and (not same or not kept.counted or bool(changes.defined))
            if by_key or (known and not same and not _all_logged(rows, old, new)):
                yield TouchedTable(key, kept)
            elif rows.keys or new.auto_increment != old.auto_increment:
                yield TouchedTable(key, kept, rows.keys)


def _all_logged(rows: TouchedRows, old: TableCounters, new: TableCounters) -> bool:
    """Whether the log has all that InnoDB has counted, for which an update may be a deletion and an insertion."""
    return new.id == old.id and 0 <= new.modified - old.modified <= rows.count
