"""MySQL or, on a Linux engine, MariaDB."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pytest_wincontainers.databases.schema import SYSTEM
from pytest_wincontainers.errors import DeclarationError, PreparationError
from pytest_wincontainers.migrations.command import Command
from pytest_wincontainers.migrations.files import find
from pytest_wincontainers.migrations.placeholders import Placeholders
from pytest_wincontainers.migrations.placeholders import check as check_placeholders
from pytest_wincontainers.services import (
    SERVERCORE,
    Container,
    Folder,
    Guest,
    Link,
    PerWorker,
    Preparation,
    Ready,
    Returned,
    ReuseSupport,
    ServerLogs,
    Service,
    ServiceImage,
    SnapshotSupport,
    Staged,
    StagedFiles,
    TestHooks,
    logs,
)
from pytest_wincontainers.services.agent import DIRECTORIES, MARK
from pytest_wincontainers.services.images import OWN_IMAGES
from pytest_wincontainers.services.mysql import names
from pytest_wincontainers.services.mysql.accounts import sql
from pytest_wincontainers.services.mysql.endpoint import MySqlEndpoint, MySqlFace
from pytest_wincontainers.services.mysql.preparing import digest_of, run_tool
from pytest_wincontainers.services.mysql.readiness import Answers
from pytest_wincontainers.services.mysql.variables import account_in

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

IMAGE = ServiceImage(OWN_IMAGES, "mysql", SERVERCORE, shared_context=True)
PORT = 3306
OWN = "wincontainers"
"""The schema for what this package keeps in a server."""
_SHUTDOWN_SECONDS = 60 + 120
"""For the server, and for the host: a process container counts as running until the last connection over its loopback
has been closed for 120 s (TcpTimedWaitDelay; microsoft/Windows-Containers#644)."""


@dataclass(frozen=True)
class MySql(Service, StagedFiles, ServerLogs, SnapshotSupport, ReuseSupport, TestHooks, PerWorker):
    """A MySQL server with one database, made by migrations."""

    database: str = names.DEFAULT_DATABASE
    user: str | None = None
    migrations: str | Path | Command | None = None
    migrations_pattern: str = "*.sql"
    placeholders: Placeholders = None
    log_statements: bool = False
    snapshot: Literal["auto", "never", "refresh"] = "auto"
    reset: Literal["test", "call"] | None = None
    per_worker: bool = False
    password: str | None = field(default=None, repr=False)
    _worker: str = ""
    """The pytest-xdist worker whose copy of the database this is."""
    _fixed: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The passwords that a compose file has, which other services of it know: they are no secrets of this run."""

    kind: ClassVar[str] = "mysql"
    own_image: ClassVar[ServiceImage | None] = IMAGE
    hyperv_memory: ClassVar[int | None] = 2048

    def adopted(self, environment: Mapping[str, str]) -> Service:
        account, left = account_in(environment, self.database, self.user)
        known = replace(self, database=account.database, user=account.user, _fixed=account.passwords)
        return Service.adopted(known, left)

    def check(self, base: Path) -> None:
        names.check_database(self.database, per_worker=self.per_worker)
        if self.user is None:
            names.check_user_of(self.database)
        else:
            names.check_user(self.user)
        check_placeholders(self.placeholders)
        if self.placeholders is not None and (self.migrations is None or isinstance(self.migrations, Command)):
            raise DeclarationError(
                "placeholders= is only for migrations= with a directory of SQL files",
                hint="remove placeholders=, or pass values to a command in its environment=",
            )
        if isinstance(self.migrations, Command):
            self.migrations.check(base)
        elif self.migrations is not None:
            folder = base / self.migrations
            if not folder.is_dir():
                raise DeclarationError(
                    f"the migrations directory {folder} does not exist",
                    hint="migrations= is resolved against the declaring file's directory",
                )
            find(folder, self.migrations_pattern)
        if self.database.lower() in {*SYSTEM, OWN}:
            raise DeclarationError(f"database={self.database!r} is reserved", hint="choose another name")
        if self._user.lower() in names.RESERVED_USERS:
            raise DeclarationError(
                f"user={self._user!r} is reserved for the server's own use", hint="choose another name for user="
            )

    def parallel_problem(self, workers: int) -> DeclarationError | None:
        if self.reset != "test" or self.per_worker or workers < 2:
            return None
        return DeclarationError(
            'reset="test" would reset data that tests of other pytest-xdist workers are using',
            hint="give each worker its own database with per_worker=True, or run with -n1 or without -n",
        )

    @property
    def always_per_worker(self) -> bool:
        return self.per_worker

    def joined(self, returned: Mapping[str, Returned]) -> Service:
        if any(returned.values()):
            raise DeclarationError(
                "its environment would differ for each pytest-xdist worker, but they share this server",
                hint="do not use what is per worker in this declaration, or omit per_worker=",
            )
        return self

    def part(self, workers: Sequence[str], worker: str) -> Service:
        return replace(self, _worker=worker)

    @property
    def _own_database(self) -> str:
        return f"{self.database}_{self._worker}" if self._worker else self.database

    @property
    def _keeps(self) -> bool:
        return self.reset is not None or self.per_worker

    @property
    def ports(self) -> tuple[int, ...]:
        return (PORT,)

    def secrets(self, token: Callable[[], str]) -> Mapping[str, str]:
        return {"password": token(), "root_password": token()}

    def environment(self, secrets: Mapping[str, str], returned: Returned) -> Mapping[str, str]:
        secrets = {**secrets, **self._fixed}
        # The names of the official MySQL image, for others.
        accounts = {
            "MYSQL_DATABASE": self.database,
            "MYSQL_USER": self._user,
            "MYSQL_ROOT_PASSWORD": secrets["root_password"],
            "MYSQL_PASSWORD": secrets["password"],
        }
        return {
            **({} if self._is_ours else accounts),
            **({"MYSQL_GENERAL_LOG": "1"} if self.log_statements else {}),
            # What a reset has to undo.
            **({"MYSQL_BINARY_LOG": "1"} if self._keeps else {}),
        }

    @property
    def _is_ours(self) -> bool:
        return not self.options.get("image") and not self.options.get("build")

    def staged(self, base: Path, guest: Guest, secrets: Mapping[str, str], returned: Returned) -> Staged:
        if not self._is_ours:
            return Staged()
        secrets = {**secrets, **self._fixed}
        # Our images read it and empty it: what is in the environment, everybody who reaches the engine can read, and
        # every snapshot keeps.
        begins = sql(self.database, self._user, secrets["password"], secrets["root_password"])
        return Staged((Folder(None, DIRECTORIES[guest], {"accounts.sql": begins.encode()}),))

    @property
    def _user(self) -> str:
        return self.database if self.user is None else self.user

    def face(self, host: str, ports: Mapping[int, int], secrets: Mapping[str, str]) -> MySqlFace:
        secrets = {**secrets, **self._fixed}
        return MySqlFace(
            host=host,
            ports=ports,
            database=self._own_database,
            user=self._user,
            password=secrets["password"],
            root_password=secrets["root_password"],
        )

    def endpoint(self, link: Link) -> MySqlEndpoint:
        copied = (self.database, self._own_database) if self._worker else None
        return MySqlEndpoint(link, self.face, OWN, copied, keeps=self._keeps)

    def flush_logs(self, endpoint: MySqlEndpoint) -> None:
        # Another image's server writes to the output itself.
        if self._is_ours:
            endpoint.flush_logs()

    def excerpts(self, log: Path, offset: int, since: float, until: float) -> Mapping[str, Sequence[str]]:
        return {"": logs.excerpt(log, offset, since, until, without=MARK)}

    def take_over(self, endpoint: MySqlEndpoint) -> None:
        if self._worker:
            endpoint.make_copy()

    def start_test(self, endpoint: MySqlEndpoint) -> None:
        if self.reset == "test":
            endpoint.reset()

    def changes(self, endpoint: MySqlEndpoint) -> int:
        # The server does not count by database, and with copies other workers change theirs meanwhile.
        return endpoint.changes() if self.reset == "test" and not self.per_worker else 0

    def readiness(self) -> Sequence[Ready]:
        return (Answers(),)

    def prepare(self, endpoint: MySqlEndpoint, preparation: Preparation) -> None:
        if isinstance(self.migrations, Command):
            run_tool(self.migrations, endpoint, preparation)
        elif self.migrations is not None:
            from pytest_wincontainers.migrations.runner import migrate

            folder = preparation.base / self.migrations
            root = partial(endpoint.connect, root=True)
            migrate(
                root,
                folder,
                preparation.progress,
                pattern=self.migrations_pattern,
                placeholders=self.placeholders,
            )
        if self._keeps and not self.options.get("prepare"):
            endpoint.keep(preparation.progress)

    def finish(self, endpoint: MySqlEndpoint, preparation: Preparation) -> None:
        # What the user's own preparation did is a part of it, and is done in every run.
        if self._keeps and self.options.get("prepare"):
            endpoint.keep(preparation.progress)
        elif self._keeps:
            endpoint.begin()
        for copy in preparation.parts:
            preparation.progress(f"creating the database {copy.database}")
            copy.make_copy(others=self.reset is None)

    @property
    def snapshots(self) -> str:
        return self.snapshot

    def snapshot_parts(self, base: Path, environment: Mapping[str, str]) -> str | None:
        # Another image has the passwords in its environment, and so would have the snapshot.
        if self.migrations is None or not self._is_ours:
            return None
        return self._preparation_parts(base, environment)

    @property
    def reuse_title(self) -> str:
        return "migrations"

    def for_reuse(self) -> Service:
        return self if self._keeps else replace(self, reset="call")

    def for_outside(self) -> Service:
        return replace(self, _fixed={**self._fixed, "password": self.password}) if self.password else self

    def reuse_parts(self, base: Path, environment: Mapping[str, str]) -> str | None:
        return "" if self.migrations is None else self._preparation_parts(base, environment)

    def take_up(self, endpoint: MySqlEndpoint, preparation: Preparation) -> None:
        preparation.progress("restoring its prepared state")
        endpoint.reset()
        endpoint.begin()
        for copy in preparation.parts:
            copy.make_copy(others=self.reset is None)

    def _preparation_parts(self, base: Path, environment: Mapping[str, str]) -> str | None:
        """What its preparation depends on; None where a command does not say what it reads."""
        files = digest_of(self.migrations, self.migrations_pattern, base)
        settings: list[object] = [self.database, self._user, self.migrations_pattern]
        settings.append(sorted(self.placeholders.items()) if self.placeholders else self.placeholders)
        settings += [self.options.get("command"), self._keeps]
        settings += [
            sorted(environment.items()),
            tuple(self.options.get("mounts", ())),
            not self.options.get("prepare"),
        ]
        return None if files is None else f"{settings!r}{files}"

    def seal(self, endpoint: MySqlEndpoint, container: Container, key: str) -> None:
        import pymysql

        face = endpoint.inside
        with endpoint.connect(root=True) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS {OWN}")
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {OWN}.snapshot (id VARCHAR(64) PRIMARY KEY)")
            cursor.execute(f"REPLACE INTO {OWN}.snapshot VALUES (%s)", (key,))  # noqa: S608 - our own name
            # Passwords that nobody has: the next run's server gets its own before it listens.
            problem = None
            try:
                for user, host in (("root", "localhost"), ("root", "%"), (face.user, "%")):
                    cursor.execute("ALTER USER %s@%s IDENTIFIED BY %s", (user, host, secrets.token_hex(16)))
            except pymysql.Error as refused:
                problem = refused
            _end_server(cursor)
        clean = container.wait(_SHUTDOWN_SECONDS)
        if problem is not None:
            raise PreparationError(
                f"the passwords of {endpoint.name} could not be removed: {problem}",
                hint="do not drop root or the declared account in migrations",
            )
        if not clean:
            raise PreparationError(f"the server of {endpoint.name} did not shut down cleanly", hint="check its log")

    def is_sealed(self, endpoint: MySqlEndpoint, key: str) -> bool:
        import pymysql

        try:
            with endpoint.connect(root=True) as connection, connection.cursor() as cursor:
                cursor.execute(f"SELECT COUNT(*) FROM {OWN}.snapshot WHERE id = %s", (key,))  # noqa: S608 - our own name
                return bool(cursor.fetchone() == (1,))
        except pymysql.Error:
            return False

    def access(self, endpoint: MySqlEndpoint) -> Mapping[str, str]:
        return endpoint.access

    def shut_down(self, endpoint: MySqlEndpoint, container: Container) -> None:
        import pymysql

        with suppress(pymysql.Error), endpoint.connect(root=True) as connection, connection.cursor() as cursor:
            _end_server(cursor)
        container.wait(_SHUTDOWN_SECONDS)


def _end_server(cursor: Cursor) -> None:
    import pymysql

    # Windows gives a program five seconds after the engine's stop, unless its registry says more (moby/moby#25982); the
    # server itself takes the time that it needs. It may hang up before it has answered.
    with suppress(pymysql.Error):
        cursor.execute("SHUTDOWN")
