"""Endpoints, which tests receive: how to reach a container from the test process and from other containers.

An endpoint is made from a `ContainerInfo`, plain data that the process that owns the containers passes to the test
processes as JSON. Services derive their own endpoint and face from the classes here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pytest_wincontainers.engines.base import ContainerState, ExecResult
from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.evidence import EvidenceKeeper
from pytest_wincontainers.guests import Guest
from pytest_wincontainers.packing import Folder


@dataclass(frozen=True)
class Face:
    """How a container is reached from one side: a host name or address, and the ports to connect to.

    `ports` maps each port inside the container to the port to connect to; `port` is the first of these.
    """

    host: str
    ports: Mapping[int, int]

    @property
    def port(self) -> int:
        """The first port. Raises LookupError if the container has none."""
        for port in self.ports.values():
            return port
        raise LookupError("this container was declared without ports; add ports=[…] to its declaration")

    @property
    def url(self) -> str:
        """`http://host:port`, with the first port."""
        return f"http://{self.host}:{self.port}"


FaceT = TypeVar("FaceT", bound=Face)


@dataclass(frozen=True)
class ContainerInfo:
    """Everything a test process needs to know about a ready container."""

    name: str
    container_id: str
    container_name: str
    host: str
    ports: Mapping[int, int]
    secrets: Mapping[str, str] = field(repr=False)
    log: str
    """The file to which the container's output is written while it runs."""
    guest: Guest
    clock_offset: float
    """Seconds by which the engine's clock, which provides the log's timestamps, is ahead of this machine's."""
    seconds: float
    """Seconds from the start of the run's containers until this one was ready and prepared."""
    workers: tuple[str, ...] = ()
    """The pytest-xdist workers that each have a part of their own of it; empty if there are no parts."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else its service's endpoint needs to know, in values that JSON has."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ContainerInfo:
        """Create it from its JSON form, in which the keys of `ports` are strings."""
        ports = {int(inside): outside for inside, outside in data["ports"].items()}
        return cls(**{**data, "ports": ports, "workers": tuple(data["workers"])})


@dataclass(frozen=True)
class StartFailure:
    """Why a container did not become ready; with `skip`, tests that need it are skipped instead of failed."""

    message: str
    skip: bool = False


@dataclass(frozen=True)
class TestStart:
    """When the current test began: the time by the engine's clock, and the position in the container's log then."""

    __test__ = False

    time: float = 0.0
    offset: int = 0


class Link(Protocol):
    """The connection of an endpoint to its container, in whichever process it is used."""

    def info(self) -> ContainerInfo:
        """The current data of the container; its address may change when it is restarted."""

    def container(self) -> Container:
        """The container, for commands and files."""

    def log(self) -> bytes:
        """The container's log so far; in a test, with all that the container had written by now."""

    def evidence(self) -> EvidenceKeeper:
        """Keeps evidence open for the report of a failing test."""

    def test_start(self) -> TestStart:
        """When the current test began; without a current test, the beginning of the log."""

    def worker(self) -> str:
        """The id of this pytest-xdist worker; "" without pytest-xdist.

        A worker that replaces a crashed one has that one's id here.
        """

    def restart(self) -> None:
        """Restart the container and wait until it is ready again."""


FaceMaker = Callable[[str, Mapping[int, int], Mapping[str, str]], FaceT]
"""Creates a face from a host, the ports to connect to, and the passwords."""


class Endpoint(Generic[FaceT]):
    """A running container, as tests see it.

    `host`, `port`, `ports` and `url` are for the test process; `inside` has the same attributes for other containers
    on the network.
    """

    def __init__(self, link: Link, face: FaceMaker[FaceT]) -> None:
        self._link = link
        self._make_face = face

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} at {self.host}, container {self._link.info().container_name}>"

    @property
    def _face(self) -> FaceT:
        info = self._link.info()
        return self._make_face(info.host, info.ports, info.secrets)

    @property
    def inside(self) -> FaceT:
        """How other containers on the network reach this container."""
        info = self._link.info()
        return self._make_face(info.container_name, {port: port for port in info.ports}, info.secrets)

    @property
    def name(self) -> str:
        """The name of the declaration, followed by the worker's if each pytest-xdist worker has its own container."""
        return self._link.info().name

    @property
    def container_id(self) -> str:
        """The engine's id of the container."""
        return self._link.info().container_id

    @property
    def host(self) -> str:
        """The name or address to connect to."""
        return self._face.host

    @property
    def ports(self) -> Mapping[int, int]:
        """A mapping of the container's ports to the ports to connect to."""
        return self._face.ports

    @property
    def port(self) -> int:
        """The port to connect to; the first one if there are several."""
        return self._face.port

    @property
    def url(self) -> str:
        """The address as a URL."""
        return self._face.url

    def exec(
        self,
        *command: str,
        environment: Mapping[str, str] | None = None,
        user: str = "",
        timeout: float | None = None,
        check: bool = False,
    ) -> ExecResult:
        """Run a program in the container; with `check`, an exit code other than 0 raises CommandFailed.

        The arguments are passed to the program as they are, without a shell. `user` is the account to run as; the
        default is the image's own. Raises EngineError if the engine refuses, for example because the program does
        not exist, and if the program takes longer than `timeout` seconds or writes more than 64 MiB of output.
        """
        return self._link.container().exec(command, environment, user=user, timeout=timeout, check=check)

    def powershell(
        self,
        script: str,
        *,
        environment: Mapping[str, str] | None = None,
        user: str = "",
        timeout: float | None = None,
        check: bool = False,
    ) -> ExecResult:
        """Run a PowerShell script in a Windows container, with any lines and characters, up to about 12,000.

        Pass values in `environment` and read them as $env:NAME in the script. Raises what `exec` raises, and
        ValueError if the script is too long.
        """
        return self._link.container().powershell(script, environment, user=user, timeout=timeout, check=check)

    def cmd(
        self,
        line: str,
        *,
        environment: Mapping[str, str] | None = None,
        user: str = "",
        timeout: float | None = None,
        check: bool = False,
    ) -> ExecResult:
        """Run a cmd command line of up to 8,100 characters in a Windows container; needs no PowerShell in the image.

        Quotes, &, |, > and ^ work as at the prompt; % has no special meaning. Raises what `exec` raises, and
        ValueError for more than one line or a line that is too long.
        """
        return self._link.container().cmd(line, environment, user=user, timeout=timeout, check=check)

    def copy_in(self, source: str | Path, target: str) -> None:
        """Copy a file or directory of this machine into the container; `target` is its full path there, with its name.

        Works while the container runs, with either isolation. Links that stay in the directory are followed.
        Raises EngineError, LinkError for a link that leads out of it, and OSError if the source cannot be read.
        """
        self._link.container().copy_in([Folder(Path(source), target)])

    def copy_out(self, source: str, target: str | Path) -> None:
        """Copy a file or directory of the container to this machine; `target` is its full path here, with its name.

        Files in mounts cannot be copied (moby/moby daemon/archive_windows.go). Raises EngineError if the path does
        not exist in the container, LinkError for a link in `target` that leads out of it, and OSError if `target`
        cannot be written.
        """
        self._link.container().copy_out(source, Path(target))

    def state(self) -> ContainerState:
        """Whether the container runs, its exit code if not, and its health if it has a health check.

        Raises EngineError.
        """
        return self._link.container().state()

    def restart(self) -> None:
        """Restart the container and wait until it is ready again, for example to test how other containers handle it.

        Its address may change; `host` and `url` are up to date afterwards, and the DNS client caches of the
        containers that need it are flushed. Raises WincontainersError if it does not become ready again.
        """
        self._link.restart()

    def logs(self) -> str:
        """The container's output so far; each line starts with the engine's timestamp.

        In a test it waits a moment for lines that are on their way, and up to ten seconds where there is much output.
        """
        return self._link.log().decode("utf-8", errors="replace")
