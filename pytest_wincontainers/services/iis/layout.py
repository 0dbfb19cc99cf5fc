"""Where each application of a container lies and in which pool it runs: pure, for both guests."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers.services.iis.sites import Application, AppPool, Site

ROOT = {"linux": "/srv/sites/", "windows": "C:\\sites\\"}


@dataclass(frozen=True)
class Placed:
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


def place(sites: Sequence[Site], guest: str) -> list[Placed]:
    """Every application of the sites, each site's own first."""
    taken: set[str] = set()
    placed = []
    for number, site in enumerate(sites, 1):
        own = _free_name(site.name, taken)
        for application in (site.root, *site.applications):
            name = own if application.at == "/" else _free_name(own + application.at, taken)
            folder = ROOT[guest] + name
            directories = {
                # Mono serves what lies in an application's folder; IIS knows virtual directories.
                at: (source, f"{folder}{at}" if guest == "linux" else ROOT[guest] + _free_name(name + at, taken))
                for at, source in application.virtual_directories.items()
            }
            pool_name = name if application.pool is not None else own
            placed.append(Placed(number, site, application, folder, pool_name, directories))
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
