"""The table of the migrations that a database has: Flyway's own table for files with Flyway's names, else ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_wincontainers.errors import MigrationError
from pytest_wincontainers.migrations.files import Migration, Migrations, Style

if TYPE_CHECKING:
    import pymysql

_OWN_TABLE = "wincontainers_schema_history"
TABLES: Mapping[Style, str] = {"flyway": "flyway_schema_history", "golang": _OWN_TABLE, "plain": _OWN_TABLE}

# Flyway's columns (flyway/flyway, MySQL's createMetaDataTable); ours is the same under another name, so that there is
# one way to read and write it.
_CREATE = """
    CREATE TABLE IF NOT EXISTS `{table}` (
        `installed_rank` INT NOT NULL,
        `version` VARCHAR({width}),
        `description` VARCHAR(200) NOT NULL,
        `type` VARCHAR(20) NOT NULL,
        `script` VARCHAR(1000) NOT NULL,
        `checksum` INT,
        `installed_by` VARCHAR(100) NOT NULL,
        `installed_on` TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
        `execution_time` INT NOT NULL,
        `success` BOOL NOT NULL,
        CONSTRAINT `{table}_pk` PRIMARY KEY (`installed_rank`)
    )
"""
_WIDTH: Mapping[Style, int] = {"flyway": 50, "golang": 500, "plain": 500}


@dataclass(frozen=True)
class _Row:
    rank: int
    version: str | None
    script: str
    checksum: int | None
    success: bool


class History:
    """The history in a database, of which `connection` is to be the only one that changes it."""

    def __init__(self, connection: pymysql.Connection[Any], style: Style) -> None:
        self._connection = connection
        self._table = TABLES[style]
        self._execute(_CREATE.format(table=self._table, width=_WIDTH[style]))
        rows = self._execute(
            f"SELECT installed_rank, version, script, checksum, success FROM `{self._table}` ORDER BY installed_rank"  # noqa: S608 - our own name
        )
        self._rows = [_Row(*row) for row in rows]
        self._rank = max((row.rank for row in self._rows), default=0)

    def pending(self, migrations: Migrations, checksums: Mapping[Migration, int]) -> list[Migration]:
        """Those that are still to be run. Raises MigrationError for a file that was run and is changed or gone."""
        by_script = {row.script: row for row in self._rows}
        failed = next((row for row in self._rows if not row.success), None)
        if failed is not None:
            raise MigrationError(
                f"the migration {failed.script} was started earlier and did not finish",
                hint=f"repair the database and the row in {self._table} manually, or start with an empty database",
            )
        known = {_script(one) for one in migrations.files}
        gone = [
            row
            for row in self._rows
            if row.version is not None and row.checksum is not None and row.script not in known
        ]
        if gone:
            raise MigrationError(
                f"the migration {gone[0].script} was run on this database, but its file no longer exists",
                hint="restore the file, or start with an empty database",
            )
        pending = []
        for one in migrations.files:
            row = by_script.get(_script(one))
            if row is None or (one.version is None and row.checksum != checksums[one]):
                pending.append(one)
            elif row.checksum is not None and row.checksum != checksums[one]:
                raise MigrationError(
                    f"the migration {one.name} was changed after it was run on this database",
                    hint="restore the file and add a new migration, or start with an empty database",
                )
        return pending

    def begin(self, migration: Migration, checksum: int) -> None:
        """Say that a migration is being run: if that breaks off, the next run will know."""
        self._rank += 1
        self._execute(
            f"INSERT INTO `{self._table}` (installed_rank, version, description, type, script, checksum, installed_by, "  # noqa: S608 - as above
            "execution_time, success) VALUES (%s, %s, %s, 'SQL', %s, %s, SUBSTRING_INDEX(USER(), '@', 1), 0, FALSE)",
            (
                self._rank,
                migration.version,
                _description(migration),
                _script(migration),
                checksum,
            ),
        )

    def end(self, milliseconds: int) -> None:
        """Say that it has ended well."""
        self._execute(
            f"UPDATE `{self._table}` SET execution_time = %s, success = TRUE WHERE installed_rank = %s",  # noqa: S608 - as above
            (milliseconds, self._rank),
        )

    def _execute(self, statement: str, values: Sequence[object] = ()) -> Sequence[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())


# As Flyway shortens them (flyway/flyway AbbreviationUtils.java), which compares them with the files' again.
def _script(migration: Migration) -> str:
    name = migration.name
    return name if len(name) <= 1000 else "..." + name[3:1000]


def _description(migration: Migration) -> str:
    text = migration.description
    return text if len(text) <= 200 else text[:197] + "..."
