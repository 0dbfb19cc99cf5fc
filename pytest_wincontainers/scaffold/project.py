"""What was found in a directory, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

SettingKind = Literal["connection_strings", "app_settings"]
ServiceKind = Literal["container", "job", "mysql"]


@dataclass(frozen=True)
class Guess:
    """Something that will be declared, and why."""

    subject: str
    value: str
    reason: str


@dataclass(frozen=True)
class Migrations:
    """The SQL files that make a database, in a directory; `pattern` is None for all of them."""

    folder: PurePosixPath
    pattern: str | None = None


@dataclass(frozen=True)
class Database:
    """A database; `fixture` is the name of its declaration."""

    fixture: str
    database: str
    migrations: Migrations | None = None


@dataclass(frozen=True)
class Setting:
    """A setting of the sites that leads to a database: the connection string between two other texts."""

    kind: SettingKind
    name: str
    database: str
    """The database's fixture."""
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class WebSite:
    """A site; `page` is a path that should answer, and `health` the option, "/" being its default."""

    name: str
    path: PurePosixPath
    port: int
    page: str = "/"
    transforms: tuple[str, ...] = ()


@dataclass(frozen=True)
class ComposeEntry:
    """A service of a compose file. A service called mysql here has a database in it."""

    name: str
    fixture: str
    kind: ServiceKind = "container"
    migrations: Migrations | None = None


@dataclass(frozen=True)
class Compose:
    """Compose files, later ones overriding earlier ones, and their services as far as they are known."""

    files: tuple[PurePosixPath, ...]
    services: tuple[ComposeEntry, ...] = ()


@dataclass(frozen=True)
class Project:
    """All that is to be declared, with the reasons, and what a person should check."""

    name: str
    compose: Compose | None = None
    databases: tuple[Database, ...] = ()
    sites: tuple[WebSite, ...] = ()
    settings: tuple[Setting, ...] = ()
    web: str = "web"
    """The fixture of the sites."""
    browser: str | None = None
    """The fixture of the browser, if there is one."""
    tests: PurePosixPath = field(default_factory=PurePosixPath)
    """The directory for tests."""
    guesses: tuple[Guess, ...] = ()
    checks: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to declare."""
        return not (self.compose or self.databases or self.sites)
