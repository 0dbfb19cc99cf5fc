"""Services: a service is a kind of container, with the options of one declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Protocol, TypedDict

from pytest_wincontainers.endpoints import Endpoint, Face, Link
from pytest_wincontainers.engines.base import Build, EngineInfo, Healthcheck, Mount
from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.guests import Guest
from pytest_wincontainers.guests.builds import Isolation
from pytest_wincontainers.ready import Ready, tcp
from pytest_wincontainers.services.files import Content
from pytest_wincontainers.services.images import ServiceImage

_STOP_SECONDS = 10

Returned = Mapping[str, Any]
"""What a declaring function returned: values that depend on the addresses of other containers."""

RETURNED_TYPES: Mapping[str, Any] = {"files": Mapping[str, Path | str | bytes]}
"""The types of what a declaring function may return, by key; of all others it is `Mapping[str, str]`."""

Prepare = Callable[[Any], object]
"""A user's preparation step; called with the endpoint."""


class Options(TypedDict, total=False):
    """The options that every declaration takes. The texts below them are also the table in the documentation."""

    image: str | Mapping[Guest, str]
    """an image to use instead of the service's own; `{"windows": …, "linux": …}` for engines of both kinds"""
    build: Build | str | Path | Mapping[Guest, Build | str | Path]
    """a directory with a Dockerfile, or `Build(folder, dockerfile, arguments, network, memory, target)`, or one of \
them for `"windows"` and one for `"linux"`; rebuilt if changed"""
    environment: Mapping[str, str]
    """environment variables"""
    command: Annotated[
        Sequence[str] | Mapping[Guest, Sequence[str]],
        'write each word on its own, for example command=["sleep", "100"]',
    ]
    """arguments for the image's entry point, or the command to run if it has none; or \
`{"windows": […], "linux": […]}`"""
    entrypoint: Annotated[Sequence[str], 'write each word on its own, for example entrypoint=["sleep", "100"]']
    """the program to run instead of the image's entry point"""
    working_dir: str
    """the directory in the container in which it runs"""
    files: Annotated[
        Mapping[str, Content],
        'for example files={"C:/app/settings.json": Path("settings.json")}, or the text or bytes of a file',
    ]
    """files to copy in before the start, by their full paths in the container: a `Path` to a file or directory here, \
relative to the declaring file's directory, or the content as a string or bytes"""
    mounts: Annotated[Sequence[Mount], 'for example mounts=[Mount("data", "/data")]']
    """`Mount(source, target, read_only=False)`; sources are directories on the engine's host"""
    ready: Annotated[
        Ready | Sequence[Ready],
        "use a check such as ready.http(8080), or a function with one parameter, the endpoint",
    ]
    """further conditions for the container to be ready, see below"""
    healthcheck: Healthcheck | Literal[False]
    """`Healthcheck(command, interval, timeout, start_period, retries)` replaces the image's own; `False` disables it"""
    prepare: Annotated[Prepare, "give a function that is called with the endpoint, without calling it"]
    """a function that is called with the endpoint when the container is ready, before tests get it"""
    aliases: Annotated[Sequence[str], 'write aliases=["name"]']
    """further names on the network; other runs on the engine wait until they are free"""
    labels: Mapping[str, str]
    """labels for the container"""
    publish: Annotated[Mapping[int, int], "for example publish={3306: 13306}"]
    """ports of the engine's machine for a look from outside, by the container's ports; only if the container stays, \
or with `--wincontainers-publish`"""
    isolation: Isolation
    """`"process"` or `"hyperv"`, for Windows engines; see [Windows engines](windows.md)"""
    memory: int
    """the memory limit in MiB"""
    timeout: float
    """the maximum time from start to ready, in seconds; overrides `--wincontainers-timeout`"""
    starts_after_ready: bool
    """`True` delays the start until all containers that it needs are ready"""


class ToolRunner(Protocol):
    """Runs a command in a separate container on the same network."""

    def __call__(
        self,
        image: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        folders: Mapping[str, Path],
        seconds: float,
        progress: Callable[[str], None],
    ) -> tuple[int, str]:
        """Run it; returns its exit code and output.

        `folders` maps paths in the container to directories to copy there. Raises WincontainersError.
        """


@dataclass(frozen=True)
class Preparation:
    """What a service can use while it prepares its container."""

    base: Path
    """The directory of the declaring file, against which relative paths are resolved."""
    progress: Callable[[str], None]
    """Called with a description of the current step; raises if the run is over or the container has failed."""
    run_tool: ToolRunner
    parts: Sequence[Any] = ()
    """The endpoints of its parts, if it is `PerWorker` and has parts: one for each pytest-xdist worker."""


@dataclass(frozen=True)
class Service:
    """A kind of container with the options of one declaration.

    A subclass is a frozen dataclass whose fields are the arguments of its decorator; `declare(service)` creates the
    decorator. The subclass overrides only the attributes and methods that it needs. Optional abilities are separate
    base classes in `pytest_wincontainers.services`, such as StagedFiles, SnapshotSupport and TestHooks.
    """

    options: Options = field(default_factory=Options)

    kind: ClassVar[str]
    """The name used in messages; by convention, the decorator is called `<kind>_container`."""
    returns: ClassVar[frozenset[str]] = frozenset({"environment", "files"})
    """The keys that a declaring function may return."""
    return_types: ClassVar[Mapping[str, Any]] = {}
    """The annotations of the values of these keys; a key that is not in it has a dictionary of strings."""
    own_image: ClassVar[ServiceImage | None] = None
    """The image of a declaration without `image=` and `build=`."""
    needs_own_image: ClassVar[bool] = False
    """Whether other images only work if they are made for this kind, as one of a compose file is not."""
    endpoint_type: ClassVar[type[Endpoint[Any]]] = Endpoint
    """The class of the endpoint that tests receive; created by `endpoint`."""
    hyperv_memory: ClassVar[int | None] = None
    """The memory in MiB of a Hyper-V container of this kind; if None, the engine gives it 1024 (docker/for-win#321)."""

    @property
    def ports(self) -> Sequence[int]:
        """The TCP ports that the container listens on."""
        return ()

    def directory(self, guest: Guest) -> str | None:
        """The directory in the container in which its program runs; None is the image's own."""
        return self.options.get("working_dir")

    def fixture_attributes(self, name: str) -> Mapping[str, Any]:
        """Attributes of the declared function, for other declarations; `name` is the declaration's."""
        return {}

    @property
    def account(self) -> str | None:
        """The account in the container that its program runs as; None is the image's own."""
        return None

    @property
    def least_timeout(self) -> float:
        """Seconds that it may take to become ready even if --wincontainers-timeout is lower."""
        return 0.0

    def adopted(self, environment: Mapping[str, str]) -> Service:
        """This service for a container that a compose file gives these variables, in addition to what it has.

        Override it where the image's variables are settings of the service. Raises DeclarationError for variables that
        contradict the declaration.
        """
        given = {**environment, **self.options.get("environment", {})}
        return replace(self, options={**self.options, **({"environment": given} if given else {})})

    def check(self, base: Path) -> None:
        """Raise DeclarationError if the declaration is wrong, before anything starts.

        Relative paths are resolved against `base`. The options of `Options` have been checked already.
        """

    def check_returned(self, base: Path, returned: Returned) -> None:
        """Raise DeclarationError if what the declaring function returned is wrong, before anything starts.

        The keys and the types of the values have been checked already.
        """

    def image(self, engine: EngineInfo) -> str | Build:
        """The image of a declaration without `image=` and `build=`. Raises DeclarationError if this engine has none."""
        if self.own_image is not None:
            return self.own_image.build(engine)
        raise DeclarationError("neither image= nor build= is given", hint='add image="name:tag" or build="folder"')

    def secrets(self, token: Callable[[], str]) -> Mapping[str, str]:
        """The passwords of this run, by name; `token` creates a new one. They are masked in logs and reports."""
        return {}

    def environment(self, secrets: Mapping[str, str], returned: Returned) -> Mapping[str, str]:
        """The environment variables that the image needs, in addition to the user's."""
        return {}

    def face(self, host: str, ports: Mapping[int, int], secrets: Mapping[str, str]) -> Any:
        """The container's face at `host`; `ports` maps the container's ports to the ports to connect to."""
        return Face(host, ports)

    def endpoint(self, link: Link) -> Any:
        """The endpoint that tests receive."""
        return self.endpoint_type(link, self.face)

    def readiness(self) -> Sequence[Ready]:
        """The checks that must pass before the container is prepared, in order; the user's checks come after them."""
        return tuple(tcp(port) for port in self.ports)

    def prepare(self, endpoint: Any, preparation: Preparation) -> None:
        """Prepare the ready container, before the user's `prepare=`. Raises PreparationError."""

    def finish(self, endpoint: Any, preparation: Preparation) -> None:
        """Finish the preparation after the user's `prepare=`, in every run. Raises PreparationError."""

    def for_outside(self) -> Service:
        """The service as it is made if people look at its container, with what they know of it beforehand."""
        return self

    def access(self, endpoint: Any) -> Mapping[str, str]:
        """Lines for people who want to look at the container, ready to use: by what takes them, such as a client."""
        return {f"port {inside}": f"{endpoint.host}:{outside}" for inside, outside in endpoint.ports.items()}

    def shut_down(self, endpoint: Any, container: Container) -> None:
        """Stop the container before a restart, without losing any of its data."""
        container.stop(_STOP_SECONDS)
