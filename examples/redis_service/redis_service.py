"""Redis for pytest-wincontainers, written with its public service kit."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_wincontainers import services

if TYPE_CHECKING:
    from typing_extensions import Unpack

IMAGE = services.ServiceImage(Path(__file__).parent / "images", "redis", services.SERVERCORE)
SETTINGS = {"linux": "/srv/wincontainers", "windows": "C:\\wincontainers"}


@dataclass(frozen=True)
class RedisFace(services.Face):
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{self.host}:{self.port}/0"


class RedisEndpoint(services.Endpoint[RedisFace]):
    def command(self, *words: str) -> str:
        """Send one command; the first line of its answer. Raises OSError."""
        with socket.create_connection((self.host, self.port), 5) as connection:
            connection.sendall(f"AUTH {self._face.password}\r\n{' '.join(words)}\r\n".encode())
            answers = connection.makefile(encoding="utf-8")
            return answers.readline() and answers.readline().strip()


@dataclass(frozen=True)
class Redis(services.Service, services.StagedFiles):
    kind = "redis"
    ports = (6379,)
    own_image = IMAGE
    endpoint_type = RedisEndpoint

    def secrets(self, token: Callable[[], str]) -> Mapping[str, str]:
        return {"password": token()}

    def staged(
        self, base: Path, guest: services.Guest, secrets: Mapping[str, str], returned: services.Returned
    ) -> services.Staged:
        settings = f"requirepass {secrets['password']}\nprotected-mode no\nsave ''\n"
        return services.Staged((services.Folder(None, SETTINGS[guest], {"redis.conf": settings.encode()}),))

    def face(self, host: str, ports: Mapping[int, int], secrets: Mapping[str, str]) -> RedisFace:
        return RedisFace(host, ports, secrets["password"])


def redis_container(**options: Unpack[services.Options]) -> Any:
    return services.declare(Redis(options))
