"""The endpoint of a MySQL server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_wincontainers.databases.prepared import PreparedState
from pytest_wincontainers.errors import PreparationError
from pytest_wincontainers.services import Endpoint, Face, FaceMaker, Link
from pytest_wincontainers.services.mysql.layouts import LAYOUTS

if TYPE_CHECKING:
    import pymysql


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
        return f"Server={self.host};Port={self.port};Database={self.database};Uid={self.user};Pwd={self.password}"

    @property
    def url(self) -> str:
        """The URL for SQLAlchemy with PyMySQL."""
        user, password, database = (quote(one, safe="") for one in (self.user, self.password, self.database))
        return f"mysql+pymysql://{user}:{password}@{self.host}:{self.port}/{database}?charset=utf8mb4"


class MySqlEndpoint(Endpoint[MySqlFace]):
    """A MySQL server with its database; with `per_worker`, the database of this pytest-xdist worker."""

    def __init__(
        self, link: Link, face: FaceMaker[MySqlFace], own: str, database: str, worker: str, *, keeps: bool
    ) -> None:
        super().__init__(link, face)
        self._keeps = keeps
        self._shared = database
        self._database = f"{database}_{worker}" if worker else database
        copied = (database, self._database) if worker else None
        self._prepared = PreparedState(lambda: self.connect(root=True, database="information_schema"), own, copied)

    @property
    def _face(self) -> MySqlFace:
        return replace(super()._face, database=self._database)

    @property
    def inside(self) -> MySqlFace:
        """How other containers on the network reach this server and database."""
        return replace(super().inside, database=self._database)

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

    def make_own(self) -> None:
        """Create this worker's database, if there are workers. Raises PreparationError."""
        if self._database == self._shared:
            return
        self._attempt("copied", lambda: self._prepared.make_copy([(self.user, "%")]))

    def refuse_others(self) -> None:
        """Raise PreparationError if there are databases that a reset of this worker's database would not restore."""
        if self._database == self._shared:
            return
        others = self._prepared.others()
        if others:
            raise PreparationError(
                f"reset= with per_worker=True only resets a worker's copy of {self._shared}, but the migrations also "
                f"created {', '.join(others)}, which all workers share",
                hint="omit per_worker= and run without workers, or omit reset=",
            )

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

    def connect(self, *, root: bool = False, **options: Any) -> pymysql.Connection[Any]:
        """Open a connection to the database; close it, or use it in a `with` statement.

        It commits after each statement, so every query sees what others have written. `options` are those of
        pymysql.connect. Raises pymysql.Error.
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
            LAYOUTS[self._link.info().guest].mysqldump,
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
