"""The directory and the pool of each application of a container, for both guests."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers.services.iis.sites import Application, AppPool, Site


@dataclass(frozen=True)
class PlacedApplication:
    """An application of a site, in its place."""

    number: int
    """The site's id in IIS, from 1 up."""
    site: Site
    application: Application
    folder: str
    pool_name: str
    virtual_directories: Mapping[str, tuple[str | Path, str]]
    """Source and folder in the container, by virtual path."""

    @property
    def pool(self) -> AppPool:
        return self.application.pool or self.site.pool

    @property
    def is_root(self) -> bool:
        return self.application.at == "/"


def place(sites: Sequence[Site], root: str, *, nested: bool) -> list[PlacedApplication]:
    """Every application of the sites in its folder below `root`, each site's own first.

    `nested`: the server finds a virtual directory only within the folder of its application.
    """
    taken: set[str] = set()
    placed = []
    for number, site in enumerate(sites, 1):
        own = _free_name(site.name, taken)
        for application in site.all_applications:
            name = own if application.at == "/" else _free_name(own + application.at, taken)
            folder = root + name
            directories = {
                at: (source, f"{folder}{at}" if nested else root + _free_name(name + at, taken))
                for at, source in application.virtual_directories.items()
            }
            pool_name = name if application.pool is not None else own
            placed.append(PlacedApplication(number, site, application, folder, pool_name, directories))
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
