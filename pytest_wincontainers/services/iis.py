"""ASP.NET sites on IIS, and on nginx with Mono as its counterpart on a Linux engine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pytest_wincontainers.endpoints import Endpoint, Face, Link
from pytest_wincontainers.engines.base import Build, EngineInfo
from pytest_wincontainers.errors import DeclarationError, NotReady
from pytest_wincontainers.guests import Guest
from pytest_wincontainers.packing import Folder
from pytest_wincontainers.ready import Ready, request
from pytest_wincontainers.services.base import Returned, Service
from pytest_wincontainers.services.images import own_image

if TYPE_CHECKING:
    from pytest_wincontainers.engines.base import Engine

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_SITES = {"linux": "/srv/sites", "windows": "C:\\sites"}
_ERROR_LINES = 12
_TRIES_WITH_500 = 3


@dataclass(frozen=True)
class Site:
    """A site: a built ASP.NET application as it lies on disk, and the port it is served on.

    `path` is meant from the folder of the file that declares the container. `transforms` are XDT files, by
    their path in the site's folder or from the declaring file's; they are applied to the site's web.config in
    this order, and then `app_settings` and `connection_strings` are added to it or replace what it has. The
    file on disk stays as it is. `health` is the path that is asked until the site answers.
    """

    name: str
    path: str | Path
    port: int
    transforms: Sequence[str | Path] = ()
    app_settings: Mapping[str, str] = field(default_factory=dict)
    connection_strings: Mapping[str, str] = field(default_factory=dict)
    health: str = "/"


@dataclass(frozen=True)
class SiteFace:
    """One site as one side reaches it."""

    name: str
    url: str


@dataclass(frozen=True)
class IisFace(Face):
    """The sites of a container as one side reaches them."""

    sites: Mapping[str, int]

    def site(self, name: str) -> SiteFace:
        """The site of that name. Raises LookupError."""
        if name not in self.sites:
            raise LookupError(f"there is no site {name!r}; there is {', '.join(self.sites)}")
        return SiteFace(name, f"http://{self.host}:{self.ports[self.sites[name]]}")


class IisEndpoint(Endpoint[IisFace]):
    """A web server with its sites; `url` is the first one's."""

    def site(self, name: str) -> SiteFace:
        """The site of that name. Raises LookupError."""
        return self._face.site(name)


@dataclass(frozen=True)
class SiteAnswers:
    """Ready when the site answers a request, which also compiles its first page.

    502 to 504 come from a server whose application still starts. A 500 is the application's own; where it
    keeps saying so, waiting longer does not help.
    """

    site: Site

    def __call__(self, endpoint: IisEndpoint) -> str | None:
        page = b""
        for _ in range(_TRIES_WITH_500):
            answer = request(endpoint.host, endpoint.ports[self.site.port], self.site.health)
            if isinstance(answer, str):
                return f"site {self.site.name}: {answer}"
            if answer.status < 500:
                return None
            if answer.status != 500:
                return f"site {self.site.name} answers {answer.status}"
            page = answer.body
        raise NotReady(
            f"the site {self.site.name} answers {self.site.health} with 500",
            details=error_text(page),
            hint="mend the site, or name a path that works without what is missing: Site(..., health=…)",
        )


def error_text(page: bytes) -> str:
    """What an ASP.NET error page says, without its markup."""
    text = page.decode("utf-8", "replace")
    text = re.sub(r"(?is)<(style|script|head)\b.*?</\1>", "", text)
    lines = (unescape(re.sub(r"<[^>]*>", " ", line)).strip() for line in text.splitlines())
    return "\n".join([line for line in lines if line][:_ERROR_LINES])


@dataclass(frozen=True)
class Iis(Service):
    """A web server with one or more ASP.NET sites."""

    sites: tuple[Site, ...] = ()

    kind: ClassVar[str] = "iis"
    hyperv_memory: ClassVar[int | None] = 2048
    returns: ClassVar[frozenset[str]] = frozenset({"environment", "connection_strings", "app_settings"})

    def check(self, base: Path) -> None:
        super().check(base)
        if not self.sites:
            raise DeclarationError("no site is given", hint='iis_container(Site("name", path="folder", port=8080))')
        for site in self.sites:
            if not _NAME.fullmatch(site.name):
                raise DeclarationError(
                    f"{site.name!r} cannot be a site's name",
                    hint="a letter, then letters, digits, - and _",
                )
            if not 0 < site.port < 65536:
                raise DeclarationError(f"the site {site.name} has the port {site.port}", hint="1 to 65535")
            if not (base / site.path).is_dir():
                raise DeclarationError(
                    f"the site {site.name} has no folder at {base / site.path}",
                    hint="build it first; path= is meant from the folder of the file that declares it",
                )
            _configured(site, base, {})
        for what in ("name", "port"):
            taken = [getattr(site, what) for site in self.sites]
            twice = next((value for value in taken if taken.count(value) > 1), None)
            if twice is not None:
                raise DeclarationError(f"two sites have the {what} {twice}", hint="give each its own")

    @property
    def inside_ports(self) -> tuple[int, ...]:
        return tuple(site.port for site in self.sites)

    def own_image(self, info: EngineInfo) -> str | Build:
        return own_image(info, "aspnet")

    def environment(self, secrets: Mapping[str, str], returned: Returned) -> Mapping[str, str]:
        return {"SITES": " ".join(f"{site.name}:{site.port}" for site in self.sites)}

    def folders(self, base: Path, guest: Guest, returned: Returned) -> tuple[Folder, ...]:
        return tuple(self._folder(site, base, guest, returned) for site in self.sites)

    def _folder(self, site: Site, base: Path, guest: Guest, returned: Returned) -> Folder:
        replaced = _configured(site, base, returned)
        return Folder(base / site.path, f"{_SITES[guest]}/{site.name}", replaced)

    def face(self, host: str, ports: Mapping[int, int], secrets: Mapping[str, str]) -> IisFace:
        return IisFace(host, ports, {site.name: site.port for site in self.sites})

    def endpoint(self, link: Link) -> IisEndpoint:
        return IisEndpoint(link, self.face)

    def shut_down(self, endpoint: IisEndpoint, engine: Engine) -> None:
        # IIS keeps nothing that is not on disk already, and on Server 2025 its stop can take ten minutes.
        engine.kill(endpoint.container_id)

    def readiness(self) -> Sequence[Ready]:
        return (*(SiteAnswers(site) for site in self.sites), *self.common.ready)


def _configured(site: Site, base: Path, returned: Returned) -> Mapping[str, bytes]:
    """The site's web.config as the container gets it, by its name in the site's folder."""
    connection_strings = {**site.connection_strings, **returned.get("connection_strings", {})}
    app_settings = {**site.app_settings, **returned.get("app_settings", {})}
    if not (site.transforms or connection_strings or app_settings):
        return {}
    from pytest_wincontainers.webconfig import apply_settings, find_web_config, transform

    folder = base / site.path
    config = find_web_config(folder)
    content = transform(config, *(_transform_file(name, folder, base) for name in site.transforms)).content
    if connection_strings or app_settings:
        content = apply_settings(content, connection_strings, app_settings, source=str(config))
    return {config.name: content}


def _transform_file(name: str | Path, folder: Path, base: Path) -> Path:
    # A published site has its web.config, but seldom the transforms that its project has beside it.
    places = [folder / name, base / name]
    for place in places:
        if place.is_file():
            return place
    raise DeclarationError(
        f"there is no transform {name}",
        details="\n".join(f"looked for {place}" for place in places),
        hint="transforms= names files in the site's folder, or from the folder of the file that declares it",
    )
