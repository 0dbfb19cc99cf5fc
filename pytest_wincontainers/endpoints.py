"""What tests receive: where a container is, seen from the test process and from its neighbours.

An endpoint is made from a `ContainerInfo`, plain data that travels from the owner to the test processes as
JSON. Services derive their own endpoint and face from the ones here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pytest_wincontainers.engines.base import ExecResult
from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.guests import Guest
from pytest_wincontainers.packing import Folder


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
class ContainerInfo:
    """Everything a test process needs to know of a ready container."""

    name: str
    container_id: str
    container_name: str
    host: str
    ports: Mapping[int, int]
    secrets: Mapping[str, str] = field(repr=False)
    log: str
    """The file that its output is written to while it runs."""
    guest: Guest
    clock_offset: float
    """Seconds by which the engine's clock, which stamps the log, is ahead of ours."""
    seconds: float
    """From the start of the run's containers until this one was ready and prepared."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ContainerInfo:
        """From its fields as JSON has them, where keys are texts."""
        return cls(**{**data, "ports": {int(inside): outside for inside, outside in data["ports"].items()}})


@dataclass(frozen=True)
class StartFailure:
    """What a test process needs to know of a container that did not become ready; `skip`: tests are skipped."""

    message: str
    skip: bool = False


@dataclass(frozen=True)
class TestStart:
    """When the current test began: the time by the engine's clock, and the size of the container's log."""

    __test__ = False

    time: float = 0.0
    offset: int = 0


class Evidence(Protocol):
    """Something open in a test that its report can show if the test fails, such as a browser."""

    @property
    def name(self) -> str:
        """The declaration that it belongs to."""

    def gather(self, folder: Path, stem: str, mask: Callable[[str], str]) -> str:
        """Save what it shows in `folder`, in files whose names begin with `stem`; the text for the report.

        `mask` takes the secrets out of a text. Raises OSError where nothing can be saved.
        """

    def close(self) -> None:
        """Close it. Whatever it raises is passed over."""


class EvidenceKeeper(Protocol):
    """Keeps evidence open until the outcome of the test is known."""

    def opened(self, evidence: Evidence) -> None:
        """Something has been opened."""

    def done_with(self, evidence: Evidence) -> None:
        """The test needs it no more: it is closed as soon as the test is over."""


class Link(Protocol):
    """What connects an endpoint to its container, in whichever process it is used."""

    def info(self) -> ContainerInfo:
        """What is known of the container now; it has another address after a restart."""

    def container(self) -> Container:
        """The container, for commands and files."""

    def evidence(self) -> EvidenceKeeper:
        """What keeps open things for the report of a failing test."""

    def test_start(self) -> TestStart:
        """When the current test began; the beginning of everything where there is none."""

    def worker(self) -> str:
        """The pytest-xdist worker that this is, or nothing."""

    def restart(self) -> None:
        """Restart the container and wait until it is ready again."""


FaceMaker = Callable[[str, Mapping[int, int], Mapping[str, str]], FaceT]
"""Makes a face from a host, the ports as seen from there, and the passwords."""


class Endpoint(Generic[FaceT]):
    """A running container, as tests see it.

    `host`, `port`, `ports` and `url` are for this process; `inside` has the same for the other
    containers on the network.
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
        """The same container as its neighbours on the network reach it."""
        info = self._link.info()
        return self._make_face(info.container_name, {port: port for port in info.ports}, info.secrets)

    @property
    def name(self) -> str:
        """The name of the declaration."""
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

    def exec(
        self,
        *command: str,
        environment: Mapping[str, str] | None = None,
        user: str = "",
        timeout: float | None = None,
    ) -> ExecResult:
        """Run a program in the container; its exit code is in the result, not an exception.

        Each word reaches the program as it is; no shell reads them. `user` is the account, the image's own where
        none is given. Raises EngineError when the engine refuses, as it does for a program that is not there, and
        when the program takes more than `timeout` seconds.
        """
        return self._link.container().exec(command, environment, user=user, timeout=timeout)

    def powershell(
        self,
        script: str,
        *,
        environment: Mapping[str, str] | None = None,
        user: str = "",
        timeout: float | None = None,
    ) -> ExecResult:
        """Run a PowerShell script in a Windows container: any lines and characters, up to some 12,000 of them.

        What only the test knows is best given in `environment`, and read as $env:NAME. Raises as `exec` does, and
        ValueError for a script that is too long.
        """
        return self._link.container().powershell(script, environment, user=user, timeout=timeout)

    def cmd(
        self,
        line: str,
        *,
        environment: Mapping[str, str] | None = None,
        user: str = "",
        timeout: float | None = None,
    ) -> ExecResult:
        """Run a line of cmd's in a Windows container, as where the image has no PowerShell; up to 8,100 characters.

        Quotes, &, |, > and ^ mean what they do at the prompt; a % is only a %. Raises as `exec` does, and ValueError
        for more than one line.
        """
        return self._link.container().cmd(line, environment, user=user, timeout=timeout)

    def copy_in(self, source: str | Path, target: str) -> None:
        """Copy a file or folder of this machine into the container; `target` is its path there, name included.

        Works while the container runs, with either isolation. Raises EngineError, and OSError for a source that
        cannot be read.
        """
        self._link.container().copy_in([Folder(Path(source), target)])

    def copy_out(self, source: str, target: str | Path) -> None:
        """Copy a file or folder of the container to this machine; `target` is its path here, name included.

        What lies in a mount is not seen (moby/moby daemon/archive_windows.go). Raises EngineError for a path that
        the container does not have, and OSError where `target` cannot be written.
        """
        self._link.container().copy_out(source, Path(target))

    def restart(self) -> None:
        """Restart the container and wait until it is ready again, as for tests of what its neighbours make of it.

        It may get another address; `host` and `url` are the new ones afterwards, and every neighbour's DNS client
        cache is flushed. Raises WincontainersError when it does not become ready again.
        """
        self._link.restart()

    def logs(self) -> str:
        """The container's output so far, each line with the engine's time in front."""
        return Path(self._link.info().log).read_text("utf-8", errors="replace")
