"""When a MySQL server is ready."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_wincontainers.ready import reason
from pytest_wincontainers.services.mysql.endpoint import MySqlEndpoint


@dataclass(frozen=True)
class Answers:
    """Ready when the account that tests use gets an answer over TCP.

    A bare connection would not do: while an image sets itself up, its server may listen with other accounts.
    """

    awaited = "first login"

    def __call__(self, endpoint: MySqlEndpoint) -> str | None:
        import pymysql

        try:
            with endpoint.connect(connect_timeout=2, read_timeout=5) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except (pymysql.Error, OSError) as problem:
            code, text = (*problem.args, "", "")[:2]
            return reason(problem) if isinstance(problem, OSError) else f"{code}: {text}"
        return None
