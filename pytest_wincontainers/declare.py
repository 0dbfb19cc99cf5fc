"""The decorators that declare containers, and what they make: a frozen `Declaration` behind a fixture."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import pytest

from pytest_wincontainers.engines.base import Build, Mount
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.migrations.command import Command
from pytest_wincontainers.ready import Ready
from pytest_wincontainers.services.base import Common, Prepare, Service
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.services.iis import Iis
from pytest_wincontainers.services.iis.sites import Feature, Site
from pytest_wincontainers.services.mysql import MySql
from pytest_wincontainers.services.selenium import Browser, Selenium

if TYPE_CHECKING:
    from typing_extensions import Unpack

Decorator = Callable[[Callable[..., Any]], Any]
Isolation = Literal["process", "hyperv"]

_MARK = "_wincontainers_declaration"
_IN_MODULE = "__wincontainers__"


@dataclass(frozen=True, eq=False)
class Declaration:
    """What the user asked for: a service, a name, and the function that is called with its neighbours."""

    name: str
    service: Service
    function: Callable[..., Any]
    needs: tuple[str, ...]
    base: Path
    """The folder of the declaring file, from which relative paths are meant."""
    where: str
    """File and line, for messages."""


class Options(TypedDict, total=False):
    """The options that every declaration takes."""

    image: str
    """An image to use instead of the service's own."""
    build: Build | str | Path
    """A folder with a Dockerfile to build the image from."""
    environment: Mapping[str, str]
    command: Sequence[str]
    """Arguments for the image's entry point, or the command where it has none."""
    mounts: Sequence[Mount]
    ready: Ready | Sequence[Ready]
    """What else must hold before the container is ready; see `pytest_wincontainers.ready`."""
    prepare: Prepare
    """Called with the endpoint once it is ready, before tests get it."""
    isolation: Isolation
    """For Windows engines; Linux engines have one kind only."""
    memory: int
    """The limit in MiB."""
    timeout: float
    """Seconds from started to ready, instead of --wincontainers-timeout."""
    starts_after_ready: bool
    """Keep it from starting before all that it needs is ready."""


def container(*, ports: Sequence[int] = (), **options: Unpack[Options]) -> Decorator:
    """Declare any container, from `image=` or `build=`.

    `ports` are those it listens on; without `ready=` it is ready when all of them accept connections.
    """
    return _declare("container", options, lambda common: Generic(common, ports=tuple(ports)))


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
    return _declare(
        "mysql_container",
        options,
        lambda common: MySql(
            common, database, user, migrations, migrations_pattern, log_statements, snapshot, reset, per_worker
        ),
    )


def iis_container(*sites: Site, features: Sequence[Feature] = (), **options: Unpack[Options]) -> Decorator:
    """Declare a web server with ASP.NET sites, each on a port of its own or with a host header.

    `features` are put into the image: "url-rewrite", "websockets" and "dynamic-compression"; on a Linux engine only
    the last has a counterpart. The function may return `connection_strings` and `app_settings` for all sites, as well
    as `environment`.
    """
    return _declare("iis_container", options, lambda common: Iis(common, sites, tuple(features)))


def selenium_container(*, browser: Browser = "chrome", **options: Unpack[Options]) -> Decorator:
    """Declare a WebDriver server with "chrome" or "edge"."""
    return _declare("selenium_container", options, lambda common: Selenium(common, browser))


def _declare(kind: str, options: Options, service: Callable[[Common], Service]) -> Decorator:
    made = service(_common(kind, options))

    def decorate(function: Callable[..., Any]) -> Any:
        code = function.__code__
        declaration = Declaration(
            name=function.__name__,
            service=made,
            function=function,
            needs=tuple(inspect.signature(function).parameters),
            base=Path(code.co_filename).resolve().parent,
            where=f"{code.co_filename}:{code.co_firstlineno}",
        )
        # A second function of the same name replaces the first in its module, so that only this list still
        # knows that there were two.
        function.__globals__.setdefault(_IN_MODULE, []).append(declaration)
        return _fixture(declaration)

    return decorate


def _common(kind: str, options: Options) -> Common:
    known = Options.__annotations__
    for name in options:
        if name not in known:
            raise TypeError(f"{kind}() has no option {name!r}{closest(name, known)}")
    given: dict[str, Any] = dict(options)
    if "ready" in given and not isinstance(given["ready"], (list, tuple)):
        given["ready"] = (given["ready"],)
    for name in ("ready", "mounts", "command"):
        if name in given:
            given[name] = tuple(given[name])
    return Common(**given)


def _fixture(declaration: Declaration) -> Any:
    @functools.wraps(declaration.function)
    def endpoint(request: pytest.FixtureRequest) -> Any:
        from pytest_wincontainers.plugin import ROLE

        role = request.config.stash.get(ROLE, None)
        if role is None:
            pytest.fail(
                "the plugin of pytest-wincontainers is not loaded\nhint: pytest -p wincontainers", pytrace=False
            )
        return role.endpoint(declaration.name)

    # pytest reads the signature, shows the docstring and finds the file by __wrapped__: only the first must
    # not be the declaring function's, whose parameters are containers, not fixtures to set up here.
    parameter = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    endpoint.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]
    # pytest copies a fixture function's attributes to the object it makes of it.
    setattr(endpoint, _MARK, declaration)
    return pytest.fixture(scope="session")(endpoint)


def declarations_in(plugins: Iterable[object]) -> list[Declaration]:
    """The declarations that stand in these modules, each once. Raises DeclarationError for a name used twice."""
    found: dict[str, Declaration] = {}
    for plugin in plugins:
        if not isinstance(plugin, ModuleType):
            continue
        for value in vars(plugin).values():
            attributes = getattr(value, "__dict__", None)
            declaration = attributes.get(_MARK) if type(attributes) is dict else None
            if not isinstance(declaration, Declaration):
                continue
            for other in [*declaration.function.__globals__[_IN_MODULE], *found.values()]:
                if other is not declaration and other.name.lower() == declaration.name.lower():
                    raise DeclarationError(
                        f"two containers are called {declaration.name}",
                        details=f"{other.where}\n{declaration.where}",
                        hint="rename one of the functions; names differ by more than upper and lower case",
                    )
            found[declaration.name] = declaration
    return list(found.values())


def closest(word: str, words: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing."""
    import difflib

    near = difflib.get_close_matches(word, list(words), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
