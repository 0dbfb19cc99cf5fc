"""What tests receive: where a container is, seen from the test process and from its neighbours.

An endpoint is made from a `Handed`, plain data that travels from the owner to the test processes as
JSON. Services derive their own endpoint and face from the ones here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pytest_wincontainers.engines.base import ExecResult

if TYPE_CHECKING:
    from pytest_wincontainers.engines.base import Engine


@dataclass(frozen=True)
class Face:
    """One side of an endpoint: a host name or address, and the container's ports as seen from there.

    `ports` maps the port inside the container to the one to use; `port` is the first of them.
    """

    host: str
    ports: Mapping[int, int]

    @property
    def port(self) -> int:
        """The first port. Raises LookupError when the container has none."""
        for port in self.ports.values():
            return port
        raise LookupError("this container was declared without ports; add ports=[…] to its declaration")

    @property
    def url(self) -> str:
        """`http://host:port` of the first port."""
        return f"http://{self.host}:{self.port}"


FaceT = TypeVar("FaceT", bound=Face)


@dataclass(frozen=True)
class Handed:
    """Everything a test process needs to know of a ready container."""

    name: str
    container_id: str
    container_name: str
    host: str
    ports: Mapping[int, int]
    secrets: Mapping[str, str] = field(repr=False)
    log: str
    """The file that its output is written to while it runs."""
    clock_offset: float
    """Seconds by which the engine's clock, which stamps the log, is ahead of ours."""
    seconds: float
    """From the start of the run's containers until this one was ready and prepared."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Handed:
        """From its fields as JSON has them, where keys are texts."""
        return cls(**{**data, "ports": {int(inside): outside for inside, outside in data["ports"].items()}})


class Endpoint(Generic[FaceT]):
    """A running container, as tests see it.

    `host`, `port`, `ports` and `url` are for this process; `inside` has the same for the other
    containers on the network.
    """

    def __init__(self, face: FaceT, inside: FaceT, handed: Handed, engine: Callable[[], Engine]) -> None:
        self._face = face
        self._handed = handed
        self._engine = engine
        self.inside = inside

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} at {self.host}, container {self._handed.container_name}>"

    @property
    def name(self) -> str:
        """The name of the declaration."""
        return self._handed.name

    @property
    def container_id(self) -> str:
        """The engine's id of the container."""
        return self._handed.container_id

    @property
    def host(self) -> str:
        """The name or address to connect to."""
        return self._face.host

    @property
    def ports(self) -> Mapping[int, int]:
        """The container's ports, and the ports to connect to."""
        return self._face.ports

    @property
    def port(self) -> int:
        """The port to connect to; the first, where there are several."""
        return self._face.port

    @property
    def url(self) -> str:
        """The address in one string."""
        return self._face.url

    def exec(self, *command: str, environment: Mapping[str, str] | None = None) -> ExecResult:
        """Run a command in the container; its exit code is in the result, not an exception.

        Raises EngineError when the engine refuses, as it does for a program that is not there.
        """
        return self._engine().exec(self.container_id, command, environment or {})

    def logs(self) -> str:
        """The container's output so far, each line with the engine's time in front."""
        return Path(self._handed.log).read_text("utf-8", errors="replace")
