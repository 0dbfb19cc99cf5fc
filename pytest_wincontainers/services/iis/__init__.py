"""ASP.NET sites on IIS, and on nginx with Mono as its counterpart on a Linux engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pytest_wincontainers.endpoints import Link
from pytest_wincontainers.engines.base import Build, EngineInfo
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.guests import Guest
from pytest_wincontainers.packing import Folder
from pytest_wincontainers.ready import Ready
from pytest_wincontainers.reports import logs as files
from pytest_wincontainers.services.base import Returned, Service, Staged
from pytest_wincontainers.services.iis import appcmd, nginx
from pytest_wincontainers.services.iis.endpoint import IisEndpoint, IisFace
from pytest_wincontainers.services.iis.layout import Placed, place
from pytest_wincontainers.services.iis.logs import excerpts, fields_before
from pytest_wincontainers.services.iis.sites import FEATURES, Feature, Site, check_sites
from pytest_wincontainers.services.iis.staging import check_configuration, staged
from pytest_wincontainers.services.iis.warmup import SitesAnswer
from pytest_wincontainers.services.images import own_image

if TYPE_CHECKING:
    from pytest_wincontainers.engines.base import Engine

SETUP = "C:\\wincontainers"
"""In a Windows container: where the entry point finds what to make."""

_LEAST_SECRET = 4


@dataclass(frozen=True)
class Iis(Service):
    """A web server with one or more ASP.NET sites."""

    sites: tuple[Site, ...] = ()
    features: tuple[Feature, ...] = ()

    kind: ClassVar[str] = "iis"
    hyperv_memory: ClassVar[int | None] = 2048
    returns: ClassVar[frozenset[str]] = frozenset({"environment", "connection_strings", "app_settings"})

    def check(self, base: Path) -> None:
        super().check(base)
        check_sites(self.sites, base)
        unknown = [feature for feature in self.features if feature not in FEATURES]
        if unknown:
            raise DeclarationError(f"there is no feature {unknown[0]!r}", hint=f"there is {', '.join(FEATURES)}")
        if self.features and (self.common.image or self.common.build):
            raise DeclarationError(
                "features= is for this package's own image", hint="put them into the Dockerfile of yours"
            )
        check_configuration((one.application for one in place(self.sites, "linux")), base)

    @property
    def inside_ports(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(site.port for site in self.sites))

    def secrets(self, token: Callable[[], str]) -> Mapping[str, str]:
        # None that this makes, but those that logs must not show; a very short one is part of too many words.
        passwords = {one.pool_name: one.pool.password for one in place(self.sites, "linux")}
        return {f"pool {name}": word for name, word in passwords.items() if len(word) >= _LEAST_SECRET}

    def own_image(self, info: EngineInfo) -> str | Build:
        return own_image(info, "aspnet", **({"FEATURES": " ".join(sorted(self.features))} if self.features else {}))

    def staged(self, base: Path, guest: Guest, secrets: Mapping[str, str], returned: Returned) -> Staged:
        placed = place(self.sites, guest)
        folders, notes = staged(placed, base, returned)
        environment = {**self.common.environment, **returned.get("environment", {})}
        make = self._for_windows if guest == "windows" else self._for_linux
        return Staged((*folders, make(placed, {name: str(value) for name, value in environment.items()})), tuple(notes))

    def _for_windows(self, placed: Sequence[Placed], environment: Mapping[str, str]) -> Folder:
        users = {one.pool.user: one.pool.password for one in placed if one.pool.user}
        accounts = [{"name": name, "password": word} for name, word in users.items() if not {"\\", "@"} & set(name)]
        setup = {"accounts": accounts, "appcmd": appcmd.setup(placed, environment)}
        return Folder(None, SETUP, {"setup.json": json.dumps(setup, indent=1).encode()})

    def _for_linux(self, placed: Sequence[Placed], environment: Mapping[str, str]) -> Folder:
        # A Mono process has the container's environment from the start.
        made: dict[str, nginx.Pool] = {}
        for one in placed:
            before = made[one.pool_name].applications if one.pool_name in made else ()
            applications = (*before, (one.application.at, one.folder))
            made[one.pool_name] = nginx.Pool(one.pool_name, one.pool.environment, applications)
        servers = [
            nginx.Server(
                number=root.number,
                port=root.site.port,
                host=root.site.host_header,
                folder=root.folder,
                locations={one.application.at: one.pool_name for one in placed if one.number == root.number},
            )
            for root in placed
            if root.is_root
        ]
        compress = "dynamic-compression" in self.features
        return Folder(None, nginx.FOLDER, nginx.files(servers, list(made.values()), compress=compress))

    def face(self, host: str, ports: Mapping[int, int], secrets: Mapping[str, str]) -> IisFace:
        return IisFace(host, ports, {site.name: site for site in self.sites})

    def endpoint(self, link: Link) -> IisEndpoint:
        return IisEndpoint(link, self.face, self.sites)

    def shut_down(self, endpoint: IisEndpoint, engine: Engine) -> None:
        # IIS keeps nothing that is not on disk already, and on Server 2025 its stop can take ten minutes.
        engine.kill(endpoint.container_id)

    @property
    def least_timeout(self) -> float:
        return max((site.timeout or 0.0 for site in self.sites), default=0.0)

    def readiness(self) -> Sequence[Ready]:
        return (SitesAnswer(self.sites), *self.common.ready)

    def flush_logs(self, endpoint: IisEndpoint) -> None:
        endpoint.flush_logs()

    def excerpts(self, log: Path, offset: int, since: float, until: float) -> Mapping[str, Sequence[str]]:
        written = files.read(log)
        lines = files.whole_lines(written[offset:])
        return excerpts(lines, [site.name for site in self.sites], fields_before(written[:offset]), since, until)
