"""The interface of an engine, and its plain data types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, Protocol

from pytest_wincontainers.errors import with_known_options
from pytest_wincontainers.guests import Guest
from pytest_wincontainers.guests.builds import Isolation, WindowsHost, WindowsVersion

Progress = Callable[[str], None]


LONGEST_LINE = 10 << 20
"""The bytes of a line of output that are read; the rest of a longer one is dropped."""

NETWORK = "nat"
"""The network that all containers share; Windows engines always have it."""


class EngineAddress(NamedTuple):
    """What another process of this machine needs to reach the same engine; see `engines.registry`."""

    factory: str
    """The function or class that creates the engine from `url` and `options`, as "package.module:name"."""
    url: str = ""
    options: Mapping[str, str] = {}
    """Keyword arguments."""


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do and others may not."""

    commit: bool = True
    """It can commit an ended container as an image."""
    direct: bool | None = None
    """This process has a route to the containers' own addresses."""
    isolation: bool = False
    """The isolation can be chosen for each container."""


@dataclass(frozen=True)
class EngineInfo:
    """The identity of an engine, and how it is reached."""

    id: str
    """Unique to the engine, however it is reached."""
    name: str
    version: str
    guest: Guest
    system: str
    """The operating system of the engine's machine, as the engine reports it."""
    near: bool
    """Whether the engine shares this machine's files and clock, with no network or virtual machine between."""
    host: str
    """The host name or address of ports that the engine publishes."""
    capabilities: Capabilities = Capabilities()
    clock_offset: float = 0.0
    """Seconds by which the engine's clock, used in its log lines, is ahead of this machine's."""
    windows: WindowsHost | None = None
    """The engine's machine, if it runs Windows containers and reports its build."""
    unprotected: bool = False
    """Whether the connection leaves this machine without SSH, or TLS that verifies the engine's certificate."""

    def with_base(self, tag: str) -> EngineInfo:
        """The same with the tag to build Windows images on; "auto" leaves that to the builds."""
        if self.windows is None or tag == "auto":
            return self
        return replace(self, windows=replace(self.windows, base=tag))


@dataclass(frozen=True)
class Image:
    """An image that the engine has."""

    id: str
    ports: tuple[int, ...] = ()
    """The TCP ports that it exposes."""
    guest: Guest = "linux"
    windows: WindowsVersion | None = None
    """The Windows build of the image, if it is known."""


@dataclass(frozen=True)
class ListedImage:
    """One image in a listing by label. `created` is in seconds since 1970; `reference` is empty if it has no name."""

    id: str
    reference: str
    created: float


@with_known_options
@dataclass(frozen=True)
class Build:
    """A directory with a Dockerfile to build an image from.

    `network` is the network of its RUN steps; None uses the engine's default. `memory` is their limit in MiB; None is
    2048 under Hyper-V isolation, which otherwise gives them 1024 (moby/moby#50277), and no limit elsewhere. `target` is
    the stage to build, by default the last. `content` is the Dockerfile's text where it is not in the directory;
    `dockerfile` is then not read.
    """

    folder: Path
    dockerfile: str = "Dockerfile"
    arguments: Mapping[str, str] = field(default_factory=dict)
    network: str | None = None
    memory: int | None = None
    isolation: Isolation | None = None
    """That of its RUN steps, on Windows engines; None uses the engine's default."""
    otherwise: Build | None = None
    """What to build instead if it turns out that the base image is newer than the engine's machine."""
    target: str | None = None
    content: str | None = field(default=None, repr=False)

    @property
    def place(self) -> Path:
        """The directory or, where its name does not say which Dockerfile is meant, the Dockerfile."""
        return self.folder if self.dockerfile == "Dockerfile" else self.folder / self.dockerfile

    @property
    def command(self) -> str:
        """How to do the same by hand, but for the arguments."""
        named = "" if self.place == self.folder else f"-f {self.place} "
        stage = f"--target {self.target} " if self.target else ""
        return f"docker build {named}{stage}{self.folder}"


@with_known_options
@dataclass(frozen=True)
class Mount:
    """A mount of a directory of the engine's machine in a container.

    A relative `source` is resolved against the declaring file's directory.
    """

    source: str | Path
    target: str
    read_only: bool = False


@with_known_options
@dataclass(frozen=True)
class Healthcheck:
    """A command that tells whether a container works, as HEALTHCHECK does in a Dockerfile: it then exits with 0.

    `command` is a list of words, or a string for the image's shell. Times are in seconds.
    """

    command: Sequence[str] | str
    interval: float = 30.0
    timeout: float = 30.0
    start_period: float = 0.0
    retries: int = 3


@dataclass(frozen=True)
class Health:
    """What the engine knows of a container that has a health check."""

    status: Literal["starting", "healthy", "unhealthy"]
    command: tuple[str, ...]
    """The check, with the shell that runs it."""
    timeout: float
    """The seconds that it may take."""
    output: str = ""
    """What it said last."""


@dataclass(frozen=True)
class ContainerSpec:
    """The specification of a container to create."""

    name: str
    image: str
    labels: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    working_dir: str | None = None
    user: str | None = None
    healthcheck: Healthcheck | Literal[False] | None = None
    """None leaves the image's own, and False disables it."""
    aliases: tuple[str, ...] = ()
    """Further names of the container on the network."""
    publish: tuple[int, ...] = ()
    fixed: Mapping[int, int] = field(default_factory=dict)
    """The ports of the engine's machine at which some of these are published; it chooses those of the others."""
    mounts: tuple[Mount, ...] = ()
    memory: int | None = None
    """MiB."""
    isolation: Isolation | None = None


@dataclass(frozen=True)
class ContainerState:
    """The state of a container as reported by the engine."""

    running: bool
    exit_code: int | None = None
    address: str | None = None
    """Its own address on the shared network, while it runs."""
    ports: Mapping[int, int] = field(default_factory=dict)
    """The published ports, by the port inside the container."""
    out_of_memory: bool = False
    paused: bool = False
    health: Health | None = None
    """What is known of its health, if it has a check."""

    @property
    def trouble(self) -> str:
        """Why the container cannot answer although it runs, where the engine knows a reason."""
        if self.paused:
            return "its container is paused"
        cut_off = self.running and self.address is None
        return f"its container is not connected to the network {NETWORK}" if cut_off else ""


@dataclass(frozen=True)
class ListedContainer:
    """One container in a listing by label."""

    id: str
    name: str
    running: bool
    labels: Mapping[str, str]
    published: tuple[int, ...] = ()
    """The ports of the engine's machine that it has."""


@dataclass(frozen=True)
class ExecResult:
    """The result of a command run in a container: its exit code, standard output and standard error."""

    exit_code: int
    stdout: str
    stderr: str = ""

    @property
    def output(self) -> str:
        """Standard output followed by standard error; engines do not report their exact order."""
        return self.stdout + self.stderr


class Engine(Protocol):
    """A container engine.

    Every method may be called from any thread. Each raises EngineUnavailable when the engine does not
    answer and EngineError when it refuses.
    """

    @property
    def address(self) -> EngineAddress | None:
        """What another process of this machine needs to reach the same engine; None if that is not possible."""

    def info(self) -> EngineInfo:
        """Connect, if not connected yet, and return the engine's identity."""

    def image(self, reference: str) -> Image | None:
        """The image, or None if the engine does not have it."""

    def pull(self, reference: str, progress: Progress) -> None:
        """Fetch an image from its registry."""

    def context_files(self, build: Build) -> Sequence[str]:
        """The files that a build sends, relative to its directory and without ignored files; sorted."""

    def excluding(self, patterns: Sequence[str]) -> Callable[[str], bool]:
        """Tells whether patterns as in .dockerignore exclude a file or directory, by its relative path."""

    def build(self, build: Build, tag: str, labels: Mapping[str, str], progress: Progress) -> None:
        """Build an image. Raises ImageError with the end of the output when it fails."""

    def commit(self, container: str, tag: str, labels: Mapping[str, str]) -> None:
        """Commit a container that is not running as an image, with these labels in addition to its own."""

    def images(self, label: str) -> Sequence[ListedImage]:
        """The images with a label: one entry for each name of an image, and one for an image without a name."""

    def remove_image(self, reference: str) -> None:
        """Remove an image; it is no error if it is already gone."""

    def ensure_network(self, name: str) -> None:
        """Create the shared network if it is missing and the engine allows it."""

    def create(self, spec: ContainerSpec) -> str:
        """Create a container on the shared network and return its id."""

    def copy_in(self, container: str, archive: BinaryIO) -> None:
        """Unpack a tar archive at the root of a container, whether it is running or not."""

    def copy_out(self, container: str, path: str) -> Iterator[bytes]:
        """A file or directory of a container, as a tar archive in pieces of any length."""

    def start(self, container: str) -> None:
        """Start a container."""

    def state(self, container: str) -> ContainerState:
        """The current state of the container."""

    def logs(self, container: str, *, follow: bool, tail: int | None = None) -> Iterator[bytes]:
        """The complete output, or its last `tail` lines: each starting with its timestamp, in pieces of any length.

        With `follow` the iterator ends when the container ends. A line longer than `LONGEST_LINE` may be cut.
        """

    def exec(
        self,
        container: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        user: str = "",
        timeout: float | None = None,
    ) -> ExecResult:
        """Run a command in a running container and wait for it, at most `timeout` seconds if that is given.

        `user` is the account to run it as; the default is the image's own. An engine may refuse to keep more than
        64 MiB of output.
        """

    def stop(self, container: str, seconds: float) -> None:
        """Ask a container to stop, and kill it if it is still running after `seconds`."""

    def kill(self, container: str) -> None:
        """Kill a container; it is no error if it is not running."""

    def remove(self, container: str) -> None:
        """Remove a container and its anonymous volumes; it is no error if it is already gone."""

    def containers(self, labels: Iterable[str]) -> Sequence[ListedContainer]:
        """All containers, running or not, that have all of the labels (`key` or `key=value`)."""

    def close(self) -> None:
        """Close the connections. Never raises; may be called more than once."""
