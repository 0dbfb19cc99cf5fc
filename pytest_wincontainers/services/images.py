"""Images that come with a service, and their base images for each host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_wincontainers.engines.base import Build, EngineInfo
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.guests import RULES, Guest
from pytest_wincontainers.guests.builds import TAGS, VERSIONS, WindowsHost, choose_isolation

OWN_IMAGES = Path(__file__).parent.parent / "images"
"""The directory of this package's own images."""

_REGISTRY = "mcr.microsoft.com"

SERVERCORE: Mapping[str, str] = {tag: f"windows/servercore:{tag}" for tag in TAGS.values()}
"""The Windows Server Core base image for each host, by tag."""


@dataclass(frozen=True)
class ServiceImage:
    """An image that is built from the Dockerfiles in the directories `root/linux/name` and `root/windows/name`.

    `windows_bases` maps the tag of each host release to the base image on mcr.microsoft.com. The Dockerfile for Windows
    gets the one that fits the host as the build argument BASE. The build context is the Dockerfile's directory or, with
    `shared_context`, all of `root`, so that images can have files in common.
    """

    root: Path
    name: str
    windows_bases: Mapping[str, str]
    shared_context: bool = False

    def build(self, engine: EngineInfo, **arguments: str) -> Build:
        """The build for this engine; `arguments` are for Windows only. Raises DeclarationError if there is none."""
        rules = RULES[engine.guest]
        if not rules.images_match_host:
            return self._build(engine.guest, {}, network=rules.build_network)
        host = engine.windows
        if host is None:
            raise self._missing("an engine that does not report its Windows build")
        build = None
        for tag in reversed(self._tags(host)):
            isolation = choose_isolation(host, VERSIONS[tag], None)
            # A host that lacks the updates of its own release can still run an older one, if without Hyper-V.
            spare = build if build is not None and build.isolation == isolation == "process" else None
            build = self._build(
                engine.guest,
                {"BASE": f"{_REGISTRY}/{self.windows_bases[tag]}", **arguments},
                network=rules.build_network,
                isolation=isolation,
                otherwise=spare,
            )
        if build is None:
            raise self._missing(f"Windows {host.build}")
        return build

    def _build(self, guest: Guest, arguments: Mapping[str, str], **options: Any) -> Build:
        if self.shared_context:
            return Build(self.root, f"{guest}/{self.name}/Dockerfile", arguments, **options)
        return Build(self.root / guest / self.name, arguments=arguments, **options)

    def _missing(self, where: str) -> DeclarationError:
        return DeclarationError(
            f"there is no {self.name} image for {where}", hint="use your own image with image=… or build=…"
        )

    def _tags(self, host: WindowsHost) -> Sequence[str]:
        """The tags to build on, the best first."""
        chosen = host.at_all
        if host.base is not None:
            if host.base not in chosen:
                raise DeclarationError(
                    f"images on {host.base} do not run on Windows {host.build}",
                    hint=f"use --wincontainers-windows-base={' or '.join(chosen)}, or leave it out",
                )
            chosen = (host.base,)
        return [tag for tag in chosen if tag in self.windows_bases]
