"""Restoring definitions: extra objects are dropped, missing or changed ones are recreated with their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_wincontainers.databases.connections import errors
from pytest_wincontainers.databases.schema import KINDS, ROUTINES, Definition, Key, quoted
from pytest_wincontainers.errors import PreparationError

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_DROPS = {kind: kind.upper() for kind in KINDS} | {"schema": "DATABASE"}

Run = Callable[["Cursor", "str | bytes"], None]
"""Runs a statement that may change a definition."""
Fill = Callable[["Cursor", Key], None]
"""Gives a table that was just made its rows."""


class DefinitionRestorer:
    """Makes and drops the objects that `wanted` defines; `run` runs each statement, `fill` a new table's rows."""

    def __init__(self, wanted: Mapping[Key, Definition], run: Run, fill: Fill) -> None:
        self._wanted = wanted
        self._run = run
        self._fill = fill

    def triggers_of(self, table: Key) -> list[Key]:
        """The triggers of a table, in their order."""
        return [
            key
            for key, what in self._wanted.items()
            if key.kind == "trigger" and (key.schema, what.table) == (table.schema, table.name)
        ]

    def restore(
        self, cursor: Cursor, found: Mapping[Key, Definition], named: Callable[[str], bool] = lambda _: True
    ) -> set[Key]:
        """Make what is there, `found`, what is wanted of the objects that are `named`, as `schema.read` takes it.

        Returns what was made. Raises PreparationError and pymysql.Error.
        """
        changed = {
            key
            for key, what in self._wanted.items()
            if found.get(key) != what and (named(key.name) or (what.table and named(what.table)))
        }
        extra = {key for key in found if key not in self._wanted}
        # Triggers go with their tables, and a package's body with the package.
        changed |= {one for key in changed | extra if key.kind == "table" for one in self.triggers_of(key)}
        changed |= {key._replace(kind="package body") for key in changed if key.kind == "package"} & self._wanted.keys()
        for kind in reversed(KINDS):
            for key in sorted(one for one in changed | extra if one.kind == kind and one in found):
                # A schema that is to stay is only altered.
                if kind != "schema" or key in extra:
                    self._drop(cursor, key)
        self.make(cursor, changed, found)
        return changed

    def _drop(self, cursor: Cursor, key: Key) -> None:
        names = (key.schema, key.name) if key.name else (key.schema,)
        # No other mode knows packages.
        oracle = key.kind.startswith("package")
        if oracle:
            cursor.execute("SET sql_mode = 'ORACLE'")
        self._run(cursor, f"DROP {_DROPS[key.kind]} IF EXISTS {quoted(*names)}")
        if oracle:
            cursor.execute("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")

    def make(self, cursor: Cursor, keys: Iterable[Key], found: Mapping[Key, Definition]) -> None:
        """Make objects, in an order in which they can be; a schema that is there already is altered."""
        chosen = set(keys)
        for kind in KINDS:
            self._make_all(cursor, [key for key in self._wanted if key in chosen and key.kind == kind], found)

    def _make_all(self, cursor: Cursor, keys: Sequence[Key], found: Mapping[Key, Definition]) -> None:
        """Make objects of one kind; those that need others of their kind come after them."""
        waiting = list(keys)
        while waiting:
            failed = {key: problem for key in waiting if (problem := self._attempt(cursor, key, found)) is not None}
            if len(failed) == len(waiting):
                key, reason = next(iter(failed.items()))
                raise PreparationError(
                    f"the {key.kind} {key.schema}.{key.name} could not be recreated: {reason}",
                    hint="check what it needs from outside the databases, such as an account",
                ) from reason
            waiting = list(failed)

    def _attempt(self, cursor: Cursor, key: Key, found: Mapping[Key, Definition]) -> Exception | None:
        try:
            self.make_one(cursor, key, found.get(key))
        except errors() as problem:
            return problem
        return None

    def make_one(self, cursor: Cursor, key: Key, found: Definition | None = None) -> None:
        """Make one object; of a schema that is there as `found`, what is wanted. Raises pymysql.Error."""
        what = self._wanted[key]
        if key.kind == "schema":
            self._run(cursor, what.sql if found is None else _altering(found.sql, what.sql))
            return
        cursor.execute(f"USE {quoted(key.schema)}")
        if what.charset:
            cursor.execute(f"SET character_set_client = {what.charset}, collation_connection = {what.collation}")
        if what.sql_mode or key.kind in {*ROUTINES, "trigger", "event"}:
            cursor.execute("SET sql_mode = %s", (what.sql_mode,))
        if what.time_zone:
            cursor.execute("SET time_zone = %s", (what.time_zone,))
        try:
            self._run(cursor, _in_charset(what.sql, what.charset))
        finally:
            cursor.execute("SET NAMES utf8mb4")
            cursor.execute("SET time_zone = '+00:00'")
            cursor.execute("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
            # Where no other process takes it for a test's that still works in the schema.
            cursor.execute("USE information_schema")
        if key.kind in {"table", "sequence"}:
            self._fill(cursor, key)


def _altering(found: str, wanted: str) -> str:
    statement = wanted.replace("CREATE DATABASE", "ALTER DATABASE", 1)
    # MariaDB's: what is not said stays.
    return f"{statement} COMMENT ''" if " COMMENT '" in found and " COMMENT '" not in wanted else statement


def _in_charset(sql: str, charset: str) -> str | bytes:
    """As the server expects it after `SET character_set_client`; PyMySQL itself goes on writing UTF-8."""
    from pymysql.charset import charset_by_name

    known = charset_by_name(charset) if charset else None
    try:
        return sql.encode(known.encoding) if known is not None else sql
    except (LookupError, UnicodeEncodeError):
        return sql
