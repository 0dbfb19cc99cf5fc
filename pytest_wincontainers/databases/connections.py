"""Connections for restoring a state: as root, with settings that write rows unchanged and unchecked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pymysql
    from pymysql.cursors import Cursor

_WAIT_SECONDS = 2
_SESSION = (
    "SET SESSION foreign_key_checks = 0, unique_checks = 1, sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00', "
    f"lock_wait_timeout = {_WAIT_SECONDS}, innodb_lock_wait_timeout = {_WAIT_SECONDS}"
)
UNTOLD = "SET SESSION sql_log_off = 1"
"""Keeps a connection's statements out of the general log, where people look for those of their tests."""
# What is done here is no change, and not logged. Then MariaDB's, and MySQL's, which else shows an AUTO_INCREMENT that
# may be a day old.
_IF_KNOWN = (
    UNTOLD,
    "SET SESSION sql_log_bin = 0",
    "SET SESSION check_constraint_checks = 0",
    "SET SESSION information_schema_stats_expiry = 0",
)


class Connections:
    """Connections as root that are ready to bring a state back."""

    def __init__(self, connect: Callable[[], pymysql.Connection[Any]]) -> None:
        self._connect = connect
        self._idle: list[pymysql.Connection[Any]] = []

    @contextmanager
    def borrowed(self) -> Iterator[Cursor]:
        """A cursor of a connection that nobody else uses meanwhile."""
        connection = self._taken()
        try:
            with connection.cursor() as cursor:
                yield cursor
        except BaseException:
            # One that has failed is in a state that nobody knows.
            with suppress(errors()):
                connection.close()
            raise
        self._idle.append(connection)

    def _taken(self) -> pymysql.Connection[Any]:
        while self._idle:
            connection = self._idle.pop()
            with suppress(errors()):
                connection.ping(reconnect=False)
                return connection
        connection = self._connect()
        with connection.cursor() as cursor:
            for one in _IF_KNOWN:
                with suppress(errors()):
                    cursor.execute(one)
            cursor.execute(_SESSION)
        return connection


def errors() -> type[Exception]:
    """What a server's refusals are raised as."""
    import pymysql

    return pymysql.Error
