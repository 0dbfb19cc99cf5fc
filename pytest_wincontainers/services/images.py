"""Images that come with a service, and their base images for each host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers.engines.base import Build, EngineInfo
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.guests.builds import TAGS, WindowsHost

OWN_IMAGES = Path(__file__).parent.parent / "images"
"""The directory of this package's own images."""

_REGISTRY = "mcr.microsoft.com"

SERVERCORE: Mapping[str, str] = {tag: f"windows/servercore:{tag}" for tag in TAGS.values()}
"""The Windows Server Core base image for each host, by tag."""


@dataclass(frozen=True)
class ServiceImage:
    """An image that is built from the Dockerfiles in the directories `root/linux/name` and `root/windows/name`.

    `windows_bases` maps the tag of each host release to the base image on mcr.microsoft.com. The Dockerfile for Windows
    gets the one that fits the host as the build argument BASE.
    """

    root: Path
    name: str
    windows_bases: Mapping[str, str]

    def build(self, engine: EngineInfo, **arguments: str) -> Build:
        """The build for this engine; `arguments` are for Windows only. Raises DeclarationError if there is none."""
        rules = RULES[engine.guest]
        if not rules.images_match_host:
            return Build(self.root / engine.guest / self.name, network=rules.build_network)
        base = {"BASE": f"{_REGISTRY}/{self._base(engine.windows)}"}
        return Build(self.root / engine.guest / self.name, arguments={**base, **arguments}, network=rules.build_network)

    def _base(self, host: WindowsHost | None) -> str:
        for tag in host.at_all if host is not None else ():
            if tag in self.windows_bases:
                return self.windows_bases[tag]
        where = f"Windows {host.build}" if host is not None else "an engine that does not report its Windows build"
        raise DeclarationError(
            f"there is no {self.name} image for {where}", hint="use your own image with image=… or build=…"
        )
