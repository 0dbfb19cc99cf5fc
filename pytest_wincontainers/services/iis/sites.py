"""The declaration of sites, and its checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pytest_wincontainers.errors import DeclarationError, with_known_options
from pytest_wincontainers.services import Output
from pytest_wincontainers.webconfig import JsonValue, TokenStyle

Identity = Literal["ApplicationPoolIdentity", "LocalService", "LocalSystem", "NetworkService"]
PipelineMode = Literal["Integrated", "Classic"]
Feature = Literal["dynamic-compression", "url-rewrite", "websockets"]

# appcmd names an application by its site's name, a slash and its path, and IIS's own tools refuse the others
# (iis-blogs davcox, "Why does the IIS7 UI limit certain characters?"); appcmd itself takes & and quotes.
_NOT_IN_NAMES = frozenset("\\/?;:@=+$,|<>*")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_VIRTUAL_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.()-]*")

Transforms = Sequence[str | Path] | Mapping[str, Sequence[str | Path]]
"""XDT files for the web.config, or for each file by its path."""


@with_known_options
@dataclass(frozen=True)
class AppPool:
    """The application pool of a site or an application: its worker process.

    `environment` is added to the container's environment. `user` and `password` are the account to run as, instead of
    `identity`; an account without a domain is created in the container. `runtime` is the CLR version; "" for none.

    On a Linux engine a pool is a Mono process with `environment`; the other settings have no equivalent there.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    enable_32bit: bool = False
    pipeline_mode: PipelineMode = "Integrated"
    runtime: Literal["v4.0", "v2.0", ""] = "v4.0"
    identity: Annotated[Identity, "use one of these, or set user= and password= to use an account"] = (
        "ApplicationPoolIdentity"
    )
    user: str | None = None
    password: str = field(default="", repr=False)


@with_known_options
@dataclass(frozen=True)
class Tokens:
    """Tokens, `#{Name}`, that are replaced in some files of an application.

    `values` are those known when declaring; the declaring function can return more. `files` are paths in the
    application's directory, in which `*` stands for any part of a name and `**` for any directories. `style` is
    "octopus" for `#{Name}`, or "azure" for the `#{Name}#` of the Replace Tokens task of Azure Pipelines.

    Values are escaped for XML or JSON, as the file is. A token without a value stays and is noted in the summary.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Sequence[str] = ("web.config",)
    style: TokenStyle = "octopus"


@with_known_options
@dataclass(frozen=True)
class Application:
    """An application of a site, at a virtual path such as "/api".

    `path` is its directory. It runs in the site's pool unless `pool` is set. The other fields are as for `Site`.
    """

    at: str
    path: str | Path | Output
    transforms: Transforms = ()
    app_settings: Mapping[str, str] = field(default_factory=dict)
    connection_strings: Mapping[str, str] = field(default_factory=dict)
    pool: AppPool | None = None
    virtual_directories: Mapping[str, str | Path] = field(default_factory=dict)
    strict: bool = False

    def directory(self, base: Path) -> Path:
        """Its directory; relative paths are resolved against `base`. Raises TypeError if a job has yet to make it."""
        if isinstance(self.path, Output):
            raise TypeError(f"{self.path} is not there yet")
        return base / self.path

    tokens: Tokens | Mapping[str, str] | None = None
    json_settings: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)


@with_known_options
@dataclass(frozen=True)
class Site:
    """A site: the directory of a built ASP.NET application, and the port it is served on.

    `path` is resolved against the declaring file's directory. The files in it are not modified; the container gets
    copies with these changes, in this order:

    - `tokens` are replaced in the files that `Tokens` names; a dictionary is for the web.config.
    - `transforms` are XDT files, by their path in the site's directory or relative to the declaring file's directory.
      A list is applied to the web.config in its order; a dictionary has such a list for each XML file in the site's
      directory.
    - `app_settings` and `connection_strings` are added to the web.config, or to the file that its section names with
      `configSource`, or replace existing entries there.
    - `json_settings` has values by their path, such as "Logging:LogLevel:Default", for each JSON file.

    A transform that matches nothing and a token without a value are noted in the summary; with `strict` they are
    errors. A connection string whose name seems to be a misspelling of one in the web.config is noted as well.

    `health` is the path that is requested until the site responds; it must exist, except for "/". `timeout` is how many
    seconds this may take once the port is open, instead of the container's timeout. With `host_header` the site only
    responds to requests for that host, so that several sites can share a port. `virtual_directories` maps virtual paths
    to directories.
    """

    name: str
    path: str | Path | Output
    port: int
    transforms: Transforms = ()
    app_settings: Mapping[str, str] = field(default_factory=dict)
    connection_strings: Mapping[str, str] = field(default_factory=dict)
    health: str = "/"
    timeout: float | None = None
    host_header: str = ""
    pool: AppPool = field(default_factory=AppPool)
    applications: Sequence[Application] = ()
    virtual_directories: Mapping[str, str | Path] = field(default_factory=dict)
    strict: bool = False
    tokens: Tokens | Mapping[str, str] | None = None
    json_settings: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)

    @property
    def root(self) -> Application:
        """The site's root application."""
        return Application(
            at="/",
            path=self.path,
            transforms=self.transforms,
            app_settings=self.app_settings,
            connection_strings=self.connection_strings,
            pool=self.pool,
            virtual_directories=self.virtual_directories,
            strict=self.strict,
            tokens=self.tokens,
            json_settings=self.json_settings,
        )

    @property
    def all_applications(self) -> Sequence[Application]:
        """The site's root application and its other applications."""
        return (self.root, *self.applications)


def check_sites(sites: Sequence[Site], base: Path) -> None:
    """Raise DeclarationError for the first problem."""
    if not sites:
        raise DeclarationError(
            "no site is given", hint='for example iis_container(Site("name", path="directory", port=8080))'
        )
    for site in sites:
        for problem, hint in _problems(site, base):
            raise DeclarationError(f"the site {site.name} {problem}", hint=hint)
    names = [site.name.lower() for site in sites]
    for name in names:
        if names.count(name) > 1:
            raise DeclarationError(f"two sites have the name {name}", hint="give each site its own name")
    bindings = [(site.port, site.host_header.lower()) for site in sites]
    for port, host in bindings:
        if bindings.count((port, host)) > 1:
            whose = f" and the host header {host}" if host else ""
            raise DeclarationError(
                f"two sites have the port {port}{whose}", hint="give each site its own port or its own host_header="
            )


def _problems(site: Site, base: Path) -> Iterator[tuple[str, str]]:
    if not site.name or site.name != site.name.strip() or not site.name.isprintable():
        yield f"has an invalid name: {site.name!r}", "a name has printable characters only, and no space at either end"
    bad = sorted(_NOT_IN_NAMES & set(site.name))
    if bad:
        yield f"has {' '.join(bad)} in its name", "IIS does not allow \\ / ? ; : @ = + $ , | < > * in names"
    if not 0 < site.port < 65536:
        yield f"has an invalid port: {site.port}", "use a port from 1 to 65535"
    if site.host_header and not _HOST.fullmatch(site.host_header):
        yield f"has an invalid host header: {site.host_header!r}", "use a host name, for example shop.local"
    if not site.health.startswith("/"):
        yield f"has an invalid health={site.health!r}", 'use an absolute path, for example "/Default.aspx"'
    if site.timeout is not None and not site.timeout > 0:
        yield f"has an invalid timeout={site.timeout}", "use a positive number of seconds"
    taken: list[str] = []
    for application in site.all_applications:
        where = "its directory" if application.at == "/" else f"the directory of its application {application.at}"
        if application.at != "/" and not _VIRTUAL_PATH.fullmatch(application.at):
            yield f"has an application at an invalid path: {application.at!r}", 'use a virtual path, for example "/api"'
        # What a job has yet to make is looked at when it has.
        if not isinstance(application.path, Output) and not (base / application.path).is_dir():
            yield (
                f"is missing {where}: {base / application.path}",
                "build it first; path= is resolved against the declaring file's directory",
            )
        taken.append(application.at.lower())
        for at, folder in application.virtual_directories.items():
            if not _VIRTUAL_PATH.fullmatch(at):
                yield f"has a virtual directory at an invalid path: {at!r}", 'use a virtual path, for example "/files"'
            if not (base / folder).is_dir():
                yield f"is missing the directory of its virtual directory {at}: {base / folder}", "create it first"
            taken.append(f"{application.at.rstrip('/')}{at}".lower())
        if application.pool is not None:
            yield from _pool_problems(application.pool)
    for at in taken:
        if taken.count(at) > 1:
            yield f"has two applications or virtual directories at {at}", "give each its own path"


def variable_problems(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the names of environment variables for ASP.NET, and a hint."""
    for name in environment:
        if ":" in name:
            # Shells on Linux do not pass such variables on (ASP.NET Core's documentation, "Configuration").
            yield (
                f"a colon in the name of an environment variable: {name!r}",
                f"write {name.replace(':', '__')!r}; ASP.NET Core reads two underscores as a colon",
            )


def _pool_problems(pool: AppPool) -> Iterator[tuple[str, str]]:
    if pool.password and not pool.user:
        yield "has a pool with a password but no user", "add user="
    if any(not one.isprintable() for one in (pool.user or "", pool.password)):
        yield "has a pool whose user or password has unprintable characters", "remove control characters"
    yield from (("has a pool with " + problem, hint) for problem, hint in variable_problems(pool.environment))
    for name, value in pool.environment.items():
        if not _VARIABLE.fullmatch(name):
            yield (
                f"has a pool with an invalid variable name: {name!r}",
                "use letters, digits and _ . ( ) -, a letter or _ first",
            )
        if "\0" in value:
            yield f"has a pool whose variable {name} contains a NUL", "remove it"
