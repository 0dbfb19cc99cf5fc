"""ASP.NET sites on IIS or, on a Linux engine, on nginx with Mono."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from pytest_wincontainers.errors import DeclarationError, WincontainersError
from pytest_wincontainers.services import (
    Build,
    Container,
    EngineInfo,
    Guest,
    Link,
    Output,
    PerWorker,
    Ready,
    Returned,
    ServerLogs,
    Service,
    ServiceImage,
    Staged,
    StagedFiles,
    check_links,
)
from pytest_wincontainers.services import logs as files
from pytest_wincontainers.services.iis.endpoint import IisEndpoint, IisFace
from pytest_wincontainers.services.iis.layout import HostedSite, host, place
from pytest_wincontainers.services.iis.logs import LogSites, excerpts, fields_before
from pytest_wincontainers.services.iis.readiness import SitesAnswer
from pytest_wincontainers.services.iis.servers import SERVERS
from pytest_wincontainers.services.iis.sites import Feature, Site, check_sites, variable_problems
from pytest_wincontainers.services.iis.staging import check_configuration, staged
from pytest_wincontainers.services.images import OWN_IMAGES
from pytest_wincontainers.webconfig import JsonValue

IMAGE = ServiceImage(
    OWN_IMAGES,
    "aspnet",
    {
        # 4.8.1 is not made for what is older than 2022.
        "ltsc2016": "dotnet/framework/aspnet:4.8-windowsservercore-ltsc2016",
        "ltsc2019": "dotnet/framework/aspnet:4.8-windowsservercore-ltsc2019",
        "ltsc2022": "dotnet/framework/aspnet:4.8.1-windowsservercore-ltsc2022",
        "ltsc2025": "dotnet/framework/aspnet:4.8.1-windowsservercore-ltsc2025",
    },
    shared_context=True,
)

_LEAST_SECRET = 4


@dataclass(frozen=True)
class Iis(Service, StagedFiles, ServerLogs, PerWorker):
    """A web server with one or more ASP.NET sites; if joined, each of them once for each pytest-xdist worker."""

    sites: tuple[Site, ...] = ()
    features: Sequence[Feature] = ()
    _shares: Mapping[str, Returned] = field(default_factory=dict, repr=False)
    """What the declaring function returned, by worker."""
    _worker: str = ""
    """The worker whose sites these are, or all of them."""

    kind: ClassVar[str] = "iis"
    needs_own_image: ClassVar[bool] = True
    hyperv_memory: ClassVar[int | None] = 2048
    returns: ClassVar[frozenset[str]] = frozenset(
        {"environment", "files", "connection_strings", "app_settings", "tokens", "json_settings"}
    )
    return_types: ClassVar[Mapping[str, Any]] = {"json_settings": Mapping[str, Mapping[str, JsonValue]]}

    def check(self, base: Path) -> None:
        check_sites(self.sites, base)
        if self.features and (self.options.get("image") or self.options.get("build")):
            raise DeclarationError(
                "features= only works with this package's own image", hint="install them in your own Dockerfile"
            )
        self._check_variables("environment=", self.options.get("environment", {}))
        for application in (one for site in self.sites for one in site.all_applications):
            for folder in (application.path, *application.virtual_directories.values()):
                if not isinstance(folder, Output):
                    check_links(base / folder)

    def check_returned(self, base: Path, returned: Returned) -> None:
        self._check_variables("the returned environment", returned.get("environment", {}))
        check_configuration((one for site in self.sites for one in site.all_applications), base, returned)

    def _check_variables(self, option: str, environment: Mapping[str, str]) -> None:
        for problem, hint in variable_problems(environment):
            raise DeclarationError(f"{option} has {problem}", hint=hint)

    def joined(self, returned: Mapping[str, Returned]) -> Service:
        return replace(self, _shares=returned)

    def part(self, workers: Sequence[str], worker: str) -> Service:
        return replace(self, _shares={one: {} for one in workers}, _worker=worker)

    @property
    def hosted(self) -> list[HostedSite]:
        """The sites of the container, or of one worker."""
        return [one for one in host(self.sites, self._shares) if self._is_own(one)]

    def _is_own(self, hosted: HostedSite) -> bool:
        return self._worker in ("", hosted.worker)

    @property
    def ports(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(one.site.port for one in self.hosted))

    def secrets(self, token: Callable[[], str]) -> Mapping[str, str]:
        # None that this makes, but those that logs must not show; a very short one is part of too many words.
        pools = [(site, one.at, one.pool or site.pool) for site in self.sites for one in site.all_applications]
        passwords = {f"pool of {site.name}{at.rstrip('/')}": pool.password for site, at, pool in pools}
        return {name: word for name, word in passwords.items() if len(word) >= _LEAST_SECRET}

    def image(self, engine: EngineInfo) -> str | Build:
        return IMAGE.build(engine, **({"FEATURES": " ".join(sorted(self.features))} if self.features else {}))

    def staged(self, base: Path, guest: Guest, secrets: Mapping[str, str], returned: Returned) -> Staged:
        server = SERVERS[guest]
        placed = server.place(self.hosted)
        folders, notes = staged(placed, base, returned, server)
        environment = {**self.options.get("environment", {}), **returned.get("environment", {})}
        return Staged((*folders, server.setup(placed, environment, features=self.features)), tuple(notes))

    def face(self, host: str, ports: Mapping[int, int], secrets: Mapping[str, str]) -> IisFace:
        sites = {one.declared.name: one.declared for one in self.hosted}
        if not self._worker:
            return IisFace(host, ports, sites)
        # By the declared ports, which is how tests and neighbours know them.
        return IisFace(host, {one.declared.port: ports[one.site.port] for one in self.hosted}, sites)

    def endpoint(self, link: Link) -> IisEndpoint:
        return IisEndpoint(link, self.face, self.hosted, self._log_sites)

    @property
    def _log_sites(self) -> LogSites:
        everything = host(self.sites, self._shares)
        names = [one.declared.name if self._is_own(one) else None for one in everything]
        pools = {one.pool_name for one in place(everything, "", nested=False) if not self._is_own(one.hosted)}
        return LogSites(names, frozenset(pools))

    def access(self, endpoint: IisEndpoint) -> Mapping[str, str]:
        return endpoint.access

    def shut_down(self, endpoint: IisEndpoint, container: Container) -> None:
        # IIS keeps nothing that is not on disk already, and on Server 2025 its stop can take ten minutes. What it has
        # logged is to be in the output once, and not again after the next start.
        with suppress(WincontainersError):
            endpoint.flush_logs()
        container.kill()

    @property
    def least_timeout(self) -> float:
        return max((site.timeout or 0.0 for site in self.sites), default=0.0)

    def readiness(self) -> Sequence[Ready]:
        return (SitesAnswer(tuple(one.site for one in self.hosted)),)

    def flush_logs(self, endpoint: IisEndpoint) -> None:
        endpoint.flush_logs()

    def excerpts(self, log: Path, offset: int, since: float, until: float) -> Mapping[str, Sequence[str]]:
        lines = files.whole_lines(files.read(log, offset))
        fields = fields_before(files.chunks(log, 0, offset))
        return excerpts(lines, self._log_sites, fields, since, until)
