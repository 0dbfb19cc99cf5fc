"""The endpoint of a MySQL server."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_wincontainers.databases.counters import changing_statements
from pytest_wincontainers.databases.prepared import PreparedState
from pytest_wincontainers.errors import PreparationError
from pytest_wincontainers.services import Endpoint, Face, FaceMaker, Guest, Link, agent
from pytest_wincontainers.services.mysql.connection import connect

if TYPE_CHECKING:
    import pymysql

_DUMP_PROGRAMS: Mapping[Guest, str] = {"linux": "mysqldump", "windows": "C:\\mysql\\bin\\mysqldump.exe"}


@dataclass(frozen=True)
class MySqlFace(Face):
    """How a MySQL server is reached from one side."""

    database: str
    user: str
    password: str = field(repr=False)
    root_password: str = field(repr=False)

    @property
    def connection_string(self) -> str:
        """The connection string for ADO.NET, with the short keywords that ADO.NET and ODBC drivers share."""
        values = {"Database": self.database, "Uid": self.user, "Pwd": self.password}
        quoted = "".join(f";{name}={_quoted(value)}" for name, value in values.items())
        return f"Server={self.host};Port={self.port}{quoted}"

    @property
    def url(self) -> str:
        """The URL for SQLAlchemy with PyMySQL."""
        user, password, database = (quote(one, safe="") for one in (self.user, self.password, self.database))
        return f"mysql+pymysql://{user}:{password}@{self.host}:{self.port}/{database}?charset=utf8mb4"


class MySqlEndpoint(Endpoint[MySqlFace]):
    """A MySQL server with its database; with `per_worker`, the database of this pytest-xdist worker."""

    def __init__(
        self, link: Link, face: FaceMaker[MySqlFace], own: str, copied: tuple[str, str] | None, *, keeps: bool
    ) -> None:
        super().__init__(link, face)
        self._keeps = keeps
        self._prepared = PreparedState(lambda: self.connect(root=True, database="information_schema"), own, copied)

    def reset(self) -> None:
        """Restore the prepared state of the databases: data, AUTO_INCREMENT and definitions.

        The cost depends on how much has changed. Connections with an open transaction are closed. Accounts, global
        variables and everything else outside the databases are not restored. Raises PreparationError.
        """
        if not self._keeps:
            raise PreparationError(
                f"no prepared state of {self.name} was saved",
                hint='declare it with mysql_container(reset="call"), or with reset="test" to reset it before each test',
            )
        self._attempt("restored", self._prepared.reset)

    def keep(self, progress: Callable[[str], None]) -> None:
        """Save the current state as the prepared state. Raises PreparationError."""
        self._attempt("saved", lambda: self._prepared.keep(progress))

    def begin(self) -> None:
        """Say that the current state is the one that was saved. Raises PreparationError."""
        self._attempt("read", self._prepared.begin)

    def changes(self) -> int:
        """How many statements the server has executed that change data or definitions. Raises PreparationError."""
        counted = 0

        def count() -> None:
            nonlocal counted
            with self.connect(root=True) as connection, connection.cursor() as cursor:
                counted = changing_statements(cursor)

        self._attempt("looked at", count)
        return counted

    def flush_logs(self) -> None:
        """Wait until everything that the server has logged so far is in the container's output.

        Raises EngineError, and NotReady if this takes too long.
        """
        agent.flush_logs(self._link)

    def make_copy(self, *, others: bool = True) -> None:
        """Make a worker's copy of the prepared database, anew if there is one. Raises PreparationError.

        Without `others`, there may be no databases that a reset of the copy would not restore.
        """
        left = [] if others else self._prepared.others()
        if left:
            raise PreparationError(
                f"reset= with per_worker=True only resets a worker's copy of the database, but the migrations also "
                f"created {', '.join(left)}, which all workers share",
                hint="omit per_worker= and run without workers, or omit reset=",
            )
        self._attempt("copied", lambda: self._prepared.make_copy([(self.user, "%")]))

    def _attempt(self, done: str, step: Callable[[], None]) -> None:
        import pymysql

        try:
            step()
        except (pymysql.Error, OSError) as problem:
            code, words = (*problem.args, "", "")[:2]
            raise PreparationError(
                f"the state of {self.name} could not be {done}: {code}: {words}",
                hint=f"its log is {self._link.info().log}",
            ) from problem

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
        """The password of that account, new in every run."""
        return self._face.password

    @property
    def connection_string(self) -> str:
        """The connection string for ADO.NET; use `inside.connection_string` in another container's web.config."""
        return self._face.connection_string

    @property
    def access(self) -> Mapping[str, str]:
        """Lines with which clients connect to the database, by the kind of client."""
        face = self._face
        # The client asks for the password, which others could read on its command line.
        client = f"mysql --host={face.host} --port={face.port} --user={face.user} -p {face.database}"
        return {"mysql": client, "password": face.password, "ADO.NET": face.connection_string, "SQLAlchemy": face.url}

    def connect(self, *, root: bool = False, **options: Any) -> pymysql.Connection[Any]:
        """Open a connection to the database; close it, or use it in a `with` statement.

        It commits after each statement, so every query sees what others have written. `options` are those of
        pymysql.connect. Raises pymysql.Error.
        """
        face = self._face
        return connect(
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
        """Run one statement on a new connection and return its rows. Raises pymysql.Error.

        `values` replace each %s in the statement; without `values`, % has no special meaning.
        """
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def dump(self) -> str:
        """The database as SQL, with structure, routines, triggers, events and data, from the container's mysqldump.

        Raises EngineError if the container has no mysqldump, and PreparationError if it fails.
        """
        face = self._face
        done = self.exec(
            _DUMP_PROGRAMS[self._link.info().guest],
            "--user=root",
            "--host=127.0.0.1",
            "--routines",
            "--triggers",
            "--events",
            "--skip-dump-date",
            "--single-transaction",
            # Bytes of a BLOB are no text in any encoding, and what is not text would make mojibake of all of it.
            "--hex-blob",
            "--default-character-set=utf8mb4",
            face.database,
            # Not on the command line, where everybody on the machine can read it.
            environment={"MYSQL_PWD": face.root_password},
        )
        if done.exit_code != 0:
            raise PreparationError(f"mysqldump of {self.name} failed", details=done.output, hint="check its log")
        return done.stdout


def _quoted(value: str) -> str:
    # As .NET's DbConnectionStringBuilder does (dotnet/runtime DbConnectionOptions.cs).
    if re.fullmatch(r"""[^"'=;\s\x00-\x1f\x7f-\x9f]*""", value):
        return value
    if '"' in value and "'" not in value:
        return f"'{value}'"
    doubled = value.replace('"', '""')
    return f'"{doubled}"'
