"""The service behind `container()`: any image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.ready import Healthy
from pytest_wincontainers.services import Ready, Service

_PORTS_HINT = (
    "list the ports inside the container, for example ports=[7000]; "
    "the ports to connect to are chosen for you and are in endpoint.ports"
)


@dataclass(frozen=True)
class Generic(Service):
    """A container from an image or a Dockerfile that the user names."""

    ports: Annotated[Sequence[int], _PORTS_HINT] = ()

    user: str | None = None

    kind: ClassVar[str] = "container"

    @property
    def account(self) -> str | None:
        return self.user

    def check(self, base: Path) -> None:
        if not self.options.get("image") and not self.options.get("build"):
            raise DeclarationError("neither image= nor build= is given", hint='add image="name:tag" or build="folder"')
        if len(set(self.ports)) < len(self.ports):
            raise DeclarationError(
                f"a port is given twice: {list(self.ports)}", hint="list each port only once in ports="
            )
        for port in self.ports:
            if not 0 < port < 65536:
                raise DeclarationError(f"ports= has an invalid port: {port}", hint="use ports from 1 to 65535")

    def readiness(self) -> Sequence[Ready]:
        # With a HEALTHCHECK its image, or the declaration, says itself what ready means.
        return () if self.options.get("ready") else (*super().readiness(), Healthy(required=False))
