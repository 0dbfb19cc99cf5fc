"""The decorators that declare containers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pytest_wincontainers.migrations.command import Command
from pytest_wincontainers.migrations.placeholders import Placeholders
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.declaration import Decorator, declare, with_parentheses
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.services.iis import Iis
from pytest_wincontainers.services.iis.sites import Feature, Site
from pytest_wincontainers.services.job import Cache, Job
from pytest_wincontainers.services.mysql import MySql
from pytest_wincontainers.services.selenium import Selenium
from pytest_wincontainers.services.selenium.endpoint import Browser

if TYPE_CHECKING:
    from typing_extensions import Unpack


@with_parentheses
def container(*, ports: Sequence[int] = (), user: str | None = None, **options: Unpack[Options]) -> Decorator:
    """Declare a container from `image=` or `build=`.

    `ports` are the ports it listens on; without `ready=` it is ready once all of them accept connections and its health
    check passes, if it has one. `user` is the account to run as instead of the image's own.
    """
    return declare(Generic(options, ports, user))


@with_parentheses
def job_container(
    *,
    source: str | Path | None = None,
    exclude: Sequence[str] = (),
    collect: Mapping[str, str] | None = None,
    results: str | Sequence[str] = (),
    cache: Cache | None = None,
    reuse: bool = False,
    check_exit_code: bool = True,
    user: str | None = None,
    **options: Unpack[Options],
) -> Decorator:
    """Declare a container that runs `command=` to its end: a build, another tool's tests, a Node script.

    `source` is a directory to copy into the job's working directory before the start, without what `exclude` names by
    patterns as in .dockerignore. `collect` names files and directories of the working directory that are copied out at
    the end; other declarations use them with `.output(name)`. `results` are patterns of test result files in the format
    of JUnit, NUnit 3 or Visual Studio (TRX), for `job_results`. `cache` keeps a directory for later runs. With `reuse`
    a run whose image, files, command and environment are those of an earlier run takes that run's outputs. If the exit
    code is not 0, whatever needs the job fails, unless failed tests in `results` explain the code or `check_exit_code`
    is False. `timeout=` is the maximum time of the command, in seconds.
    """
    return declare(Job(options, source, exclude, collect or {}, results, cache, reuse, check_exit_code, user))


@with_parentheses
def mysql_container(
    *,
    database: str = "test",
    user: str | None = None,
    migrations: str | Path | Command | None = None,
    migrations_pattern: str = "*.sql",
    placeholders: Placeholders = None,
    log_statements: bool = False,
    snapshot: Literal["auto", "never", "refresh"] = "auto",
    reset: Literal["test", "call"] | None = None,
    per_worker: bool = False,
    password: str | None = None,
    **options: Unpack[Options],
) -> Decorator:
    """Declare a MySQL server with one database and an account that owns it.

    `user` is the account's name; the default is the database's name. Passwords are new in every run. `migrations` is
    a directory of .sql files, or a `command`. Files named as for Flyway, golang-migrate or goose run in that tool's
    order, others in the order of their names, with numbers compared by value; `migrations_pattern` is a glob pattern.
    `placeholders` are the values of Flyway's placeholders, `${name}`, in these files; False leaves the files unchanged.
    `snapshot` controls whether an image of the prepared server is kept for the next run if the migrations took more
    than a second: "auto", "never", or "refresh" to recreate it. With `log_statements` the server writes every
    statement to its log. `reset="test"` restores the prepared state before each test that needs the server;
    "call" restores it only when a test calls `reset()`. With `per_worker` each pytest-xdist worker has its own copy of
    the database. `password` is the account's, and not masked, if the container stays (`wincontainers up`,
    --wincontainers-reuse, --wincontainers-keep) or if --wincontainers-publish names it. `image=` may be any image that
    supports the official MySQL image's variables.
    """
    return declare(
        MySql(
            options,
            database,
            user,
            migrations,
            migrations_pattern,
            placeholders,
            log_statements,
            snapshot,
            reset,
            per_worker,
            password,
        )
    )


@with_parentheses
def iis_container(*sites: Site, features: Sequence[Feature] = (), **options: Unpack[Options]) -> Decorator:
    """Declare a web server with ASP.NET sites, each with its own port or host header.

    `features` are installed in the image: "url-rewrite", "websockets" and "dynamic-compression"; on a Linux engine
    only the last has an equivalent. The declaring function may return `connection_strings`, `app_settings`, `tokens`
    and `json_settings` for all sites, as well as `environment`.
    """
    return declare(Iis(options, sites, features))


@with_parentheses
def selenium_container(*, browser: Browser = "chrome", watch: bool = False, **options: Unpack[Options]) -> Decorator:
    """Declare a WebDriver server with the browser "chrome" or "edge".

    With `watch=True` the browser has a display, and a person sees it at the endpoint's `watch_url`; Linux engines only.
    """
    return declare(Selenium(options, browser, watch))
