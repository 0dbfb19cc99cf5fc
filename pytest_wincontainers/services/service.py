"""What a service is: a kind of container, with the options of one declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypedDict

from pytest_wincontainers.endpoints import Endpoint, Face, Link
from pytest_wincontainers.engines.base import Build, EngineInfo, Mount
from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.guests.builds import Isolation
from pytest_wincontainers.ready import Ready, tcp
from pytest_wincontainers.services.images import ServiceImage

_STOP_SECONDS = 10

Returned = Mapping[str, Any]
"""What a declaration function returned: what is known only when its neighbours' addresses are."""

Prepare = Callable[[Any], object]
"""A preparation step of the user's own; called with the endpoint."""


class Options(TypedDict, total=False):
    """The options that every declaration takes. The texts below them are also the table in the documentation."""

    image: str
    """an image to use instead of the service's own"""
    build: Build | str | Path
    """a directory with a Dockerfile, or `Build(folder, dockerfile, arguments, network)`; rebuilt if it changes"""
    environment: Mapping[str, str]
    """environment variables"""
    command: Sequence[str]
    """arguments for the image's entry point, or the command to run if it has none"""
    mounts: Sequence[Mount]
    """`Mount(source, target, read_only=False)`; sources are directories on the engine's host"""
    ready: Ready | Sequence[Ready]
    """further conditions for the container to be ready, see below"""
    prepare: Prepare
    """a function that is called with the endpoint when the container is ready, before tests get it"""
    isolation: Isolation
    """`"process"` or `"hyperv"`, for Windows engines; see [Windows engines](windows.md)"""
    memory: int
    """the memory limit in MiB"""
    timeout: float
    """the maximum time from start to ready, in seconds; overrides `--wincontainers-timeout`"""
    starts_after_ready: bool
    """`True` delays the start until all containers that it needs are ready"""


class ToolRunner(Protocol):
    """Runs a command in a container of its own, on the same network."""

    def __call__(
        self,
        image: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        folders: Mapping[str, Path],
        seconds: float,
        progress: Callable[[str], None],
    ) -> tuple[int, str]:
        """Its exit code and output. `folders` are copied in, by their paths in there. Raises WincontainersError."""


@dataclass(frozen=True)
class Preparation:
    """What a service has at hand while it prepares its container."""

    base: Path
    """The folder of the declaring file, against which relative paths are resolved."""
    progress: Callable[[str], None]
    """Is told what is being done; raises when going on has become pointless."""
    run_tool: ToolRunner


@dataclass(frozen=True)
class Service:
    """A kind of container with the options of one declaration.

    A subclass is a frozen dataclass, whose fields are the arguments of its decorator; `declare(service)` makes the
    decorator. It says what its container is like by overriding what follows, and no more of it than it needs. What
    only some services have is a role of its own, from `pytest_wincontainers.services`: StagedFiles, SnapshotSupport,
    ServerLogs, TestHooks.
    """

    options: Options = field(default_factory=Options)

    kind: ClassVar[str]
    """The word for messages; by convention, the decorator is called `<kind>_container`."""
    returns: ClassVar[frozenset[str]] = frozenset({"environment"})
    """The keys that a declaration function may return."""
    own_image: ClassVar[ServiceImage | None] = None
    """The image for a declaration that names none."""
    endpoint_type: ClassVar[type[Endpoint[Any]]] = Endpoint
    """What tests receive; `endpoint` makes it."""
    hyperv_memory: ClassVar[int | None] = None
    """MiB that a Hyper-V container of this kind gets; left alone it gets 1024 (docker/for-win#321)."""

    @property
    def ports(self) -> tuple[int, ...]:
        """The TCP ports that the container listens on."""
        return ()

    @property
    def least_timeout(self) -> float:
        """Seconds that it is given to become ready, also where fewer are set for all containers."""
        return 0.0

    def check(self, base: Path) -> None:
        """Raise DeclarationError for what can be seen to be wrong before anything starts.

        Relative paths are resolved against `base`. The options that all services have are checked already.
        """

    def image(self, engine: EngineInfo) -> str | Build:
        """The image for a declaration that names none. Raises DeclarationError where there is none for this engine."""
        if self.own_image is not None:
            return self.own_image.build(engine)
        raise DeclarationError("neither image= nor build= is given", hint='add image="name:tag" or build="folder"')

    def secrets(self, token: Callable[[], str]) -> Mapping[str, str]:
        """The passwords of this run, by name; `token` makes a new one. They are masked in logs and reports."""
        return {}

    def environment(self, secrets: Mapping[str, str], returned: Returned) -> Mapping[str, str]:
        """The variables that the image needs, apart from the user's."""
        return {}

    def face(self, host: str, ports: Mapping[int, int], secrets: Mapping[str, str]) -> Any:
        """The container as it is reached at `host`; `ports` maps its own ports to those to use there."""
        return Face(host, ports)

    def endpoint(self, link: Link) -> Any:
        """What tests receive."""
        return self.endpoint_type(link, self.face)

    def readiness(self) -> Sequence[Ready]:
        """What must hold before the container is prepared, in this order; the user's own checks come after it."""
        return tuple(tcp(port) for port in self.ports)

    def prepare(self, endpoint: Any, preparation: Preparation) -> None:
        """The steps between ready and handed over, before the user's own. Raises PreparationError."""

    def finish(self, endpoint: Any, preparation: Preparation) -> None:
        """The steps after the user's own, in every run. Raises PreparationError."""

    def shut_down(self, endpoint: Any, container: Container) -> None:
        """End the container before a restart, so that nothing is lost which it would keep."""
        container.stop(_STOP_SECONDS)
