"""Any other container."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pytest_wincontainers.engines.base import Build, EngineInfo
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.ready import Ready, tcp
from pytest_wincontainers.services.base import Service


@dataclass(frozen=True)
class Generic(Service):
    """A container from an image or a Dockerfile that the user names."""

    ports: tuple[int, ...] = ()

    kind: ClassVar[str] = "container"

    def check(self, base: Path) -> None:
        super().check(base)
        if not self.common.image and not self.common.build:
            raise DeclarationError("neither image= nor build= is given", hint='add image="name:tag" or build="folder"')
        if len(set(self.ports)) < len(self.ports):
            raise DeclarationError(f"a port is given twice: {self.ports}", hint="ports= names each port once")

    @property
    def inside_ports(self) -> tuple[int, ...]:
        return self.ports

    def own_image(self, info: EngineInfo) -> str | Build:
        raise AssertionError("check() refuses a container without an image")

    def readiness(self) -> Sequence[Ready]:
        return self.common.ready or tuple(tcp(port) for port in self.ports)
