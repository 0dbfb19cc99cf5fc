"""Counters that show which tables have changed since the last reading; the cost does not depend on the tables' size.

InnoDB counts the rows that are changed in each table, cascades and what is rolled back included, and keeps the next
value of AUTO_INCREMENT beside (information_schema, INNODB_TABLESTATS); the server counts the statements of each kind.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from pytest_wincontainers.databases.ledger import LedgerEntry, StatementLedger
from pytest_wincontainers.databases.log import Position

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

# Those that can change what a schema is made of; the rest of the counters is of no interest.
_STATEMENTS = re.compile(
    r"Com_(alter|create|drop|rename|truncate|analyze|optimize|repair|flush)(_(?!user|role|server|temporary)\w+)?",
    re.IGNORECASE,
)
# Those that set InnoDB's counters of a table to 0, so that what was done to it before cannot be seen any more.
_FORGETTING = re.compile(r"Com_(alter_table|analyze|optimize|repair|create_index|drop_index)", re.IGNORECASE)
# Else the server sets the counters back whenever it likes. Those of tables with options of their own, it does all the
# same, or forgets.
_SETTINGS = {"innodb_stats_persistent": 1, "innodb_stats_auto_recalc": 0}
_UNCOUNTED = re.compile(r"STATS_(PERSISTENT=0|AUTO_RECALC=1)")
# Those after which the binary log begins anew.
_RESET = "Com_reset"
_LOOKS = 200
_LOOK_SECONDS = 0.005
_PARTITION = re.compile(r"#p#.*", re.IGNORECASE)


def is_counted(definition: str) -> bool:
    """Whether the counters of a table with this definition show each of its changes."""
    return _UNCOUNTED.search(definition) is None


_CHANGING = re.compile(
    r"Com_((insert|replace|update|delete)(_select|_multi)?|load|truncate|call_procedure|(alter|create|drop)_\w+)",
    re.IGNORECASE,
)


def changing_statements(cursor: Cursor) -> int:
    """The statements since the server's start that change data or definitions, and calls of procedures, of anyone."""
    cursor.execute("SHOW GLOBAL STATUS LIKE 'Com\\_%'")
    return sum(int(count) for name, count in cursor.fetchall() if _CHANGING.fullmatch(name))


class TableCounters(NamedTuple):
    """The counters of one table."""

    id: int
    modified: int
    auto_increment: int


@dataclass(frozen=True)
class CounterReading:
    """How the counters stood. `tables` is by InnoDB's own names, as in `shop/orders`.

    `life` is that of the server's process; without `trusted`, statements of others were under way. Without `steady`,
    the server may have set the counters of tables back before.
    """

    tables: Mapping[str, TableCounters] = field(default_factory=dict)
    statements: int = -1
    forgetting: int = -1
    life: str = ""
    trusted: bool = False
    steady: bool = True
    position: Position | None = None
    """Where the binary log ended; what is before, is in the reading."""

    def to_json(self) -> str:
        """As one text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> CounterReading:
        """From that text."""
        given = json.loads(text)
        tables = {name: TableCounters(*counts) for name, counts in given.pop("tables").items()}
        place = given.pop("position")
        return cls(**given, tables=tables, position=Position(*place) if place else None)

    def same_schema(self, other: CounterReading) -> bool:
        """Whether nothing between the two can have changed a definition."""
        return self.statements == other.statements and self._comparable(other)

    def knows_tables(self, other: CounterReading) -> bool:
        """Whether the counters of tables tell all that has been done to them between the two."""
        return self.forgetting == other.forgetting and self.steady and self._comparable(other)

    def same_life(self, other: CounterReading) -> bool:
        """Whether the server has not been started again, nor has its log begun anew, between the two."""
        return self.life == other.life

    def _comparable(self, other: CounterReading) -> bool:
        return self.trusted and other.trusted and self.same_life(other)


class CounterReader:
    """Reads the counters of one server."""

    def __init__(self, cursor: Cursor) -> None:
        cursor.execute("SELECT VERSION()")
        (version,) = cursor.fetchone() or ("",)
        self.mariadb = "mariadb" in version.lower()
        self._view = "INNODB_SYS_TABLESTATS" if self.mariadb else "INNODB_TABLESTATS"
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Com\\_%'")
        self._names = [name for name, _ in cursor.fetchall() if _STATEMENTS.fullmatch(name)]
        # Else the server forgets the counters of a table that was not used for long.
        cursor.execute("SET GLOBAL table_definition_cache = 20000")

    def read(self, cursor: Cursor, ledger: StatementLedger) -> CounterReading:
        """The counters now, without this package's own statements."""
        steady = self._steady(cursor)
        reading = CounterReading()
        for _ in range(_LOOKS):
            entry = ledger.read(cursor)
            reading = replace(self._counted(cursor, entry), steady=steady)
            # A statement that began meanwhile may have been counted already, and is not in the ledger yet.
            if not entry.busy and ledger.read(cursor) == entry:
                return replace(reading, trusted=True)
            time.sleep(_LOOK_SECONDS)
        return reading

    def _steady(self, cursor: Cursor) -> bool:
        """Whether the server keeps the counters; from now on it does."""
        cursor.execute("SELECT " + ", ".join(f"@@GLOBAL.{name}" for name in _SETTINGS))
        if cursor.fetchone() == tuple(_SETTINGS.values()):
            return True
        for name, value in _SETTINGS.items():
            cursor.execute(f"SET GLOBAL {name} = {value}")
        return False

    def _counted(self, cursor: Cursor, entry: LedgerEntry) -> CounterReading:
        cursor.execute("SHOW GLOBAL STATUS WHERE Variable_name IN %s", ([*self._names, _RESET],))
        status = dict(cursor.fetchall())
        life = f"{entry.life}/{status.pop(_RESET, 0)}"
        statements = sum(map(int, status.values()))
        forgetting = sum(int(count) for name, count in status.items() if _FORGETTING.fullmatch(name))
        return CounterReading(self.tables(cursor), statements - entry.statements, forgetting - entry.on_tables, life)

    def tables(self, cursor: Cursor) -> dict[str, TableCounters]:
        """The counters of the tables."""
        cursor.execute(f"SELECT NAME, TABLE_ID, MODIFIED_COUNTER, AUTOINC FROM information_schema.{self._view}")
        found: dict[str, TableCounters] = {}
        for name, number, modified, auto_increment in cursor.fetchall():
            whole = _PARTITION.sub("", name)
            before = found.get(whole, TableCounters(0, 0, 0))
            found[whole] = TableCounters(
                before.id + number, before.modified + modified, max(before.auto_increment, auto_increment or 0)
            )
        return found
