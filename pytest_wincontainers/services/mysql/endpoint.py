"""What tests receive of a MySQL server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_wincontainers.endpoints import Endpoint, Face

if TYPE_CHECKING:
    import pymysql


@dataclass(frozen=True)
class MySqlFace(Face):
    """A MySQL server as one side reaches it."""

    database: str
    user: str
    password: str = field(repr=False)
    root_password: str = field(repr=False)

    @property
    def connection_string(self) -> str:
        """For ADO.NET, with the short keywords that its drivers and ODBC's have in common."""
        return f"Server={self.host};Port={self.port};Database={self.database};Uid={self.user};Pwd={self.password}"

    @property
    def url(self) -> str:
        """For SQLAlchemy with PyMySQL."""
        return f"mysql+pymysql://{self.user}:{self.password}@{self.host}:{self.port}/{self.database}?charset=utf8mb4"


class MySqlEndpoint(Endpoint[MySqlFace]):
    """A MySQL server with its database."""

    @property
    def database(self) -> str:
        """The name of the database."""
        return self._face.database

    @property
    def user(self) -> str:
        """The account that owns the database."""
        return self._face.user

    @property
    def password(self) -> str:
        """That account's password, new in every run."""
        return self._face.password

    @property
    def connection_string(self) -> str:
        """For ADO.NET; `inside.connection_string` is the one for a neighbour's web.config."""
        return self._face.connection_string

    def connect(self, *, root: bool = False, **options: Any) -> pymysql.Connection[Any]:
        """A new connection to the database; the caller closes it, or uses it in a `with` statement.

        It commits after each statement, so that every query sees what others have written by then.
        `options` are pymysql.connect's. Raises pymysql.Error.
        """
        import pymysql

        face = self._face
        return pymysql.connect(
            **{
                "host": face.host,
                "port": face.port,
                "user": "root" if root else face.user,
                "password": face.root_password if root else face.password,
                "database": face.database,
                "charset": "utf8mb4",
                "autocommit": True,
                "connect_timeout": 10,
                **options,
            }
        )

    def execute(self, statement: str, values: Sequence[object] | None = None) -> Sequence[tuple[Any, ...]]:
        """Run one statement on a connection of its own; its rows. Raises pymysql.Error.

        `values` stand for each %s of the statement; without them a % is only a %.
        """
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def dump(self) -> str:
        """The database as SQL: structure, routines, triggers, events and data, by the container's own mysqldump.

        Raises EngineError where the container has none, and PreparationError where it fails.
        """
        from pytest_wincontainers.errors import PreparationError

        face = self._face
        program = "mysqldump" if self._link.handed().guest == "linux" else "C:\\mysql\\bin\\mysqldump.exe"
        done = self.exec(
            program,
            "--user=root",
            "--host=127.0.0.1",
            "--routines",
            "--triggers",
            "--events",
            "--skip-dump-date",
            "--single-transaction",
            face.database,
            # Not on the command line, where everybody on the machine can read it.
            environment={"MYSQL_PWD": face.root_password},
        )
        if done.exit_code != 0:
            raise PreparationError(f"mysqldump of {self.name} failed", details=done.output, hint="look into its log")
        return done.output
