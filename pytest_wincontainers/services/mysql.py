"""MySQL, and MariaDB as its counterpart on a Linux engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pytest_wincontainers.endpoints import Endpoint, Face, Link
from pytest_wincontainers.engines.base import Build, EngineInfo
from pytest_wincontainers.errors import DeclarationError, EngineError
from pytest_wincontainers.ready import Ready, reason
from pytest_wincontainers.services.base import Returned, Service
from pytest_wincontainers.services.images import own_image

if TYPE_CHECKING:
    import pymysql

    from pytest_wincontainers.engines.base import Engine

PORT = 3306
_SHUTDOWN_SECONDS = 60
_POLL_SECONDS = 0.05


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


@dataclass(frozen=True)
class Answers:
    """Ready when the account that tests use gets an answer over TCP.

    A bare connection would not do: while an image sets itself up, its server may listen with other accounts.
    """

    def __call__(self, endpoint: MySqlEndpoint) -> str | None:
        import pymysql

        try:
            with endpoint.connect(connect_timeout=2, read_timeout=5) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except (pymysql.Error, OSError) as problem:
            code, text = (*problem.args, "", "")[:2]
            return reason(problem) if isinstance(problem, OSError) else f"{code}: {text}"
        return None


@dataclass(frozen=True)
class MySql(Service):
    """A MySQL server with one database, made by migrations."""

    database: str = "test"
    user: str | None = None
    migrations: str | Path | None = None
    log_statements: bool = False

    kind: ClassVar[str] = "mysql"
    hyperv_memory: ClassVar[int | None] = 2048

    def check(self, base: Path) -> None:
        super().check(base)
        if self.migrations is None:
            return
        folder = base / self.migrations
        if not folder.is_dir():
            raise DeclarationError(
                f"there is no migrations folder at {folder}",
                hint="migrations= is meant from the folder of the file that declares the container",
            )
        if not any(folder.glob("*.sql")):
            raise DeclarationError(
                f"the migrations folder {folder} holds no .sql file",
                hint="put migrations there, or leave migrations= out",
            )

    @property
    def inside_ports(self) -> tuple[int, ...]:
        return (PORT,)

    def secrets(self, token: Callable[[], str]) -> Mapping[str, str]:
        return {"password": token(), "root_password": token()}

    def own_image(self, info: EngineInfo) -> str | Build:
        return own_image(info, "mysql")

    def environment(self, secrets: Mapping[str, str], returned: Returned) -> Mapping[str, str]:
        return {
            "MYSQL_ROOT_PASSWORD": secrets["root_password"],
            "MYSQL_DATABASE": self.database,
            "MYSQL_USER": self._user,
            "MYSQL_PASSWORD": secrets["password"],
            **({"MYSQL_GENERAL_LOG": "1"} if self.log_statements else {}),
        }

    @property
    def _user(self) -> str:
        return self.user or self.database

    def face(self, host: str, ports: Mapping[int, int], secrets: Mapping[str, str]) -> MySqlFace:
        return MySqlFace(
            host=host,
            ports=ports,
            database=self.database,
            user=self._user,
            password=secrets["password"],
            root_password=secrets["root_password"],
        )

    def endpoint(self, link: Link) -> MySqlEndpoint:
        return MySqlEndpoint(link, self.face)

    def readiness(self) -> Sequence[Ready]:
        return (Answers(), *self.common.ready)

    def prepare(self, endpoint: MySqlEndpoint, base: Path, progress: Callable[[str], None]) -> None:
        if self.migrations is None:
            return
        from pytest_wincontainers.migrations.runner import migrate

        with endpoint.connect(root=True) as connection:
            migrate(connection, base / self.migrations, progress)

    def shut_down(self, endpoint: MySqlEndpoint, engine: Engine) -> None:
        # Windows gives a program five seconds after the engine's stop, whatever was asked for (moby/moby#25982);
        # the server itself takes the time that it needs.
        import pymysql

        with suppress(pymysql.Error), endpoint.connect(root=True) as connection, connection.cursor() as cursor:
            cursor.execute("SHUTDOWN")
        deadline = time.monotonic() + _SHUTDOWN_SECONDS
        with suppress(EngineError):
            while engine.state(endpoint.container_id).running and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
        engine.kill(endpoint.container_id)
