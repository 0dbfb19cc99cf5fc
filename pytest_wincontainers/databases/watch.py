"""What has happened to a server's tables since one looked last, at a cost that does not depend on what is in them.

InnoDB counts the rows that are changed in each table, cascades and what is rolled back included, and keeps the next
value of AUTO_INCREMENT beside (information_schema, INNODB_TABLESTATS); the server counts the statements of each kind.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from pytest_wincontainers.databases.own import Own, Told

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

# Those that can change what a schema is made of; the rest of the counters is of no interest.
_STATEMENTS = re.compile(
    r"Com_(alter|create|drop|rename|truncate|analyze|optimize|repair|flush)(_(?!user|role|server|temporary)\w+)?",
    re.IGNORECASE,
)
# Those that set InnoDB's counters of a table to 0, so that what was done to it before cannot be seen any more.
_FORGETTING = re.compile(r"Com_(alter_table|analyze|optimize|repair|create_index|drop_index)", re.IGNORECASE)
_LOOKS = 200
_LOOK_SECONDS = 0.005
_PARTITION = re.compile(r"#p#.*", re.IGNORECASE)


class Counts(NamedTuple):
    """The counters of one table."""

    id: int
    modified: int
    auto_increment: int


@dataclass(frozen=True)
class Seen:
    """How the counters stood. `tables` is by InnoDB's own names, as in `shop/orders`.

    `life` is that of the server's process; without `trusted`, statements of others were under way.
    """

    tables: Mapping[str, Counts] = field(default_factory=dict)
    statements: int = -1
    forgetting: int = -1
    life: str = ""
    trusted: bool = False

    def same_schema(self, other: Seen) -> bool:
        """Whether nothing between the two can have changed a definition."""
        return self.statements == other.statements and self._comparable(other)

    def knows_tables(self, other: Seen) -> bool:
        """Whether the counters of tables tell all that has been done to them between the two."""
        return self.forgetting == other.forgetting and self._comparable(other)

    def _comparable(self, other: Seen) -> bool:
        return self.trusted and other.trusted and self.life == other.life


class Watcher:
    """Reads the counters of one server."""

    def __init__(self, cursor: Cursor) -> None:
        cursor.execute("SELECT VERSION()")
        (version,) = cursor.fetchone() or ("",)
        self.mariadb = "mariadb" in version.lower()
        self._view = "INNODB_SYS_TABLESTATS" if self.mariadb else "INNODB_TABLESTATS"
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Com\\_%'")
        self._names = [name for name, _ in cursor.fetchall() if _STATEMENTS.fullmatch(name)]

    def look(self, cursor: Cursor, own: Own) -> Seen:
        """The counters now, without this package's own statements."""
        seen = Seen()
        for _ in range(_LOOKS):
            told = own.told(cursor)
            seen = self._counted(cursor, told)
            # Who began meanwhile may have been counted, and not told.
            if not told.busy and own.told(cursor) == told:
                return replace(seen, trusted=True)
            time.sleep(_LOOK_SECONDS)
        return seen

    def _counted(self, cursor: Cursor, told: Told) -> Seen:
        cursor.execute("SHOW GLOBAL STATUS WHERE Variable_name IN %s", (self._names,))
        status = dict(cursor.fetchall())
        statements = sum(map(int, status.values()))
        forgetting = sum(int(count) for name, count in status.items() if _FORGETTING.fullmatch(name))
        return Seen(self.tables(cursor), statements - told.statements, forgetting - told.on_tables, told.life)

    def tables(self, cursor: Cursor) -> dict[str, Counts]:
        """The counters of the tables."""
        cursor.execute(f"SELECT NAME, TABLE_ID, MODIFIED_COUNTER, AUTOINC FROM information_schema.{self._view}")
        found: dict[str, Counts] = {}
        for name, number, modified, auto_increment in cursor.fetchall():
            whole = _PARTITION.sub("", name)
            before = found.get(whole, Counts(0, 0, 0))
            found[whole] = Counts(
                before.id + number, before.modified + modified, max(before.auto_increment, auto_increment or 0)
            )
        return found
