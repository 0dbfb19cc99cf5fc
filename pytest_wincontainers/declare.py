"""The decorators that declare containers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pytest_wincontainers.migrations.command import Command
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.declaration import Decorator, declare
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.services.iis import Iis
from pytest_wincontainers.services.iis.sites import Feature, Site
from pytest_wincontainers.services.mysql import MySql
from pytest_wincontainers.services.selenium import Selenium
from pytest_wincontainers.services.selenium.endpoint import Browser

if TYPE_CHECKING:
    from typing_extensions import Unpack


def container(*, ports: Sequence[int] = (), **options: Unpack[Options]) -> Decorator:
    """Declare any container, from `image=` or `build=`.

    `ports` are those it listens on; without `ready=` it is ready when all of them accept connections.
    """
    return declare(Generic(options, ports=tuple(ports)))


def mysql_container(
    *,
    database: str = "test",
    user: str | None = None,
    migrations: str | Path | Command | None = None,
    migrations_pattern: str = "*.sql",
    log_statements: bool = False,
    snapshot: Literal["auto", "never", "refresh"] = "auto",
    reset: Literal["test", "call"] | None = None,
    per_worker: bool = False,
    **options: Unpack[Options],
) -> Decorator:
    """Declare a MySQL server with one database and an account that owns it.

    `user` is the account's name, the database's where none is given; passwords are new in every run.
    `migrations` is a folder of .sql files, by names of Flyway, golang-migrate or goose, or in the order of any others
    with numbers read as numbers; `migrations_pattern` is the glob pattern of their names. Or it is a `command`.
    `snapshot` says whether an image of the prepared server is kept for the next run, where the migrations took more
    than a second: "auto", "never", or "refresh" to make it anew. `log_statements` has the server write every statement
    to its log. `reset="test"` brings the prepared state back before each test that needs the server, "call" only where
    a test calls `reset()`. With `per_worker` each pytest-xdist worker has a copy of the database. `image=` may be any
    that takes the official MySQL image's variables.
    """
    return declare(
        MySql(options, database, user, migrations, migrations_pattern, log_statements, snapshot, reset, per_worker)
    )


def iis_container(*sites: Site, features: Sequence[Feature] = (), **options: Unpack[Options]) -> Decorator:
    """Declare a web server with ASP.NET sites, each on a port of its own or with a host header.

    `features` are put into the image: "url-rewrite", "websockets" and "dynamic-compression"; on a Linux engine only
    the last has a counterpart. The function may return `connection_strings` and `app_settings` for all sites, as well
    as `environment`.
    """
    return declare(Iis(options, sites, tuple(features)))


def selenium_container(*, browser: Browser = "chrome", **options: Unpack[Options]) -> Decorator:
    """Declare a WebDriver server with "chrome" or "edge"."""
    return declare(Selenium(options, browser))
