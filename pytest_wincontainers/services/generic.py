"""The service behind `container()`: any image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.services import Ready, Service


@dataclass(frozen=True)
class Generic(Service):
    """A container from an image or a Dockerfile that the user names."""

    ports: tuple[int, ...] = ()

    kind: ClassVar[str] = "container"

    def check(self, base: Path) -> None:
        if not self.options.get("image") and not self.options.get("build"):
            raise DeclarationError("neither image= nor build= is given", hint='add image="name:tag" or build="folder"')
        if len(set(self.ports)) < len(self.ports):
            raise DeclarationError(f"a port is given twice: {self.ports}", hint="list each port only once in ports=")

    def readiness(self) -> Sequence[Ready]:
        return () if self.options.get("ready") else super().readiness()
