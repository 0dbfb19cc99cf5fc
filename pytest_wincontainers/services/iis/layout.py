"""The directory and the pool of each application of a container, for both guests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_wincontainers.services import Returned
from pytest_wincontainers.services.iis.sites import Application, AppPool, Site


@dataclass(frozen=True)
class HostedSite:
    """A site as a container serves it: the declared one, or that of one pytest-xdist worker."""

    number: int
    """Its id in IIS, from 1 up."""
    declared: Site
    site: Site
    """With the name and the port that it has in the container."""
    worker: str = ""
    returned: Returned = field(default_factory=dict)
    """What the declaring function returned for that worker."""


def host(sites: Sequence[Site], shares: Mapping[str, Returned]) -> list[HostedSite]:
    """The sites of a container, for each worker all of them; `shares` maps workers to what is theirs.

    The first worker's have the declared ports, others the next that are free. Without workers, the sites themselves.
    """
    if not shares:
        return [HostedSite(number, site, site) for number, site in enumerate(sites, 1)]
    declared = list(dict.fromkeys(site.port for site in sites))
    highest = max(declared, default=0)
    free = (port for port in (*range(highest + 1, 65536), *range(1024, highest)) if port not in declared)
    hosted: list[HostedSite] = []
    for worker, returned in shares.items():
        ports = {port: next(free) if hosted else port for port in declared}
        for site in sites:
            own = replace(site, name=f"{site.name}-{worker}", port=ports[site.port])
            hosted.append(HostedSite(len(hosted) + 1, site, own, worker, returned))
    return hosted


@dataclass(frozen=True)
class PlacedApplication:
    """An application of a site, in its place."""

    hosted: HostedSite
    application: Application
    folder: str
    pool_name: str
    virtual_directories: Mapping[str, tuple[str | Path, str]]
    """Source and folder in the container, by virtual path."""

    @property
    def number(self) -> int:
        return self.hosted.number

    @property
    def site(self) -> Site:
        return self.hosted.site

    @property
    def pool(self) -> AppPool:
        return self.application.pool or self.site.pool

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of its pool, besides the container's."""
        own = {name: str(value) for name, value in self.hosted.returned.get("environment", {}).items()}
        return {**own, **self.pool.environment}

    @property
    def is_root(self) -> bool:
        return self.application.at == "/"


def place(sites: Iterable[HostedSite], root: str, *, nested: bool) -> list[PlacedApplication]:
    """Every application of the sites in its folder below `root`, each site's own first.

    `nested`: the server finds a virtual directory only within the folder of its application.
    """
    taken: set[str] = set()
    placed = []
    for hosted in sites:
        own = _free_name(hosted.site.name, taken)
        for application in hosted.site.all_applications:
            name = own if application.at == "/" else _free_name(own + application.at, taken)
            folder = root + name
            directories = {
                at: (source, f"{folder}{at}" if nested else root + _free_name(name + at, taken))
                for at, source in application.virtual_directories.items()
            }
            pool_name = name if application.pool is not None else own
            placed.append(PlacedApplication(hosted, application, folder, pool_name, directories))
    return placed


def _free_name(wanted: str, taken: set[str]) -> str:
    """A name that pools and folders can have everywhere, and that is not taken."""
    clean = re.sub(r"[^A-Za-z0-9_.]+", "-", wanted).strip("-.") or "site"
    name, count = clean, 1
    while name.lower() in taken:
        count += 1
        name = f"{clean}-{count}"
    taken.add(name.lower())
    return name
