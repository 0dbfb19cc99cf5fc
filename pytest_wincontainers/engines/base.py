"""What the rest of the package asks of an engine, and the plain data that goes in and comes out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from pytest_wincontainers.guests import Guest
from pytest_wincontainers.guests.builds import Isolation, WindowsHost, WindowsVersion

Progress = Callable[[str], None]

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")

NETWORK = "nat"
"""The one network all containers share; Windows engines have it from the start."""


class EngineAddress(NamedTuple):
    """What another process of this machine needs to reach the same engine; see `engines.registry`."""

    factory: str
    """The function or class that makes the engine from `url`, as "package.module:name"."""
    url: str = ""


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do, where not all can."""

    commit: bool = True
    """Making an image of a container that has ended."""
    direct: bool = True
    """A route from this process to the containers' own addresses."""
    isolation: bool = False
    """A choice of isolation for each container."""


@dataclass(frozen=True)
class EngineInfo:
    """Who the engine is and how it is reached."""

    id: str
    """Unlike any other engine's, however it is reached."""
    name: str
    version: str
    guest: Guest
    system: str
    """The operating system of the engine's machine, in its own words."""
    near: bool
    """Whether the engine shares this machine's files and clock, with no network or virtual machine between."""
    host: str
    """The name under which ports published by the engine are reached."""
    capabilities: Capabilities = Capabilities()
    clock_offset: float = 0.0
    """Seconds by which the engine's clock is ahead of ours; its log lines carry its own time."""
    windows: WindowsHost | None = None
    """The engine's machine, where it runs Windows containers and told its build."""
    unprotected: bool = False
    """Whether the way to the engine leaves this machine without TLS or SSH."""


@dataclass(frozen=True)
class Image:
    """An image that the engine has."""

    id: str
    ports: tuple[int, ...] = ()
    """The TCP ports it exposes."""
    guest: Guest = "linux"
    windows: WindowsVersion | None = None
    """The build of Windows in it, where it says so."""


@dataclass(frozen=True)
class ListedImage:
    """One image in a listing by label. `created` is in seconds since 1970, `reference` empty where it has no name."""

    id: str
    reference: str
    created: float


@dataclass(frozen=True)
class Build:
    """A folder with a Dockerfile to build an image from.

    `network` is the network of its RUN steps; None leaves it to the engine.
    """

    folder: Path
    dockerfile: str = "Dockerfile"
    arguments: Mapping[str, str] = field(default_factory=dict)
    network: str | None = None


@dataclass(frozen=True)
class Mount:
    """A folder of the engine's machine inside a container.

    A relative `source` is resolved against the folder of the file that declares the container.
    """

    source: str | Path
    target: str
    read_only: bool = False


@dataclass(frozen=True)
class ContainerSpec:
    """What to create."""

    name: str
    image: str
    labels: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] | None = None
    publish: tuple[int, ...] = ()
    mounts: tuple[Mount, ...] = ()
    memory: int | None = None
    """MiB."""
    isolation: Isolation | None = None


@dataclass(frozen=True)
class ContainerState:
    """What an engine says of one container."""

    running: bool
    exit_code: int | None = None
    address: str | None = None
    """Its own address on the shared network, while it runs."""
    ports: Mapping[int, int] = field(default_factory=dict)
    """Published ports: inside to outside."""
    out_of_memory: bool = False


@dataclass(frozen=True)
class ListedContainer:
    """One container in a listing by label."""

    id: str
    name: str
    running: bool
    labels: Mapping[str, str]


@dataclass(frozen=True)
class ExecResult:
    """The outcome of a command run in a container: its exit code, and what it wrote to its two streams."""

    exit_code: int
    stdout: str
    stderr: str = ""

    @property
    def output(self) -> str:
        """Standard output, then standard error: what came first of the two, no engine tells for sure."""
        return self.stdout + self.stderr


class Engine(Protocol):
    """A container engine.

    Every method may be called from any thread. Each raises EngineUnavailable when the engine does not
    answer and EngineError when it refuses.
    """

    @property
    def address(self) -> EngineAddress | None:
        """What another process of this machine needs to reach the same engine; None when none can."""

    def info(self) -> EngineInfo:
        """Connect, if that has not happened yet, and say who answers."""

    def image(self, reference: str) -> Image | None:
        """The image, if the engine has it."""

    def pull(self, reference: str, progress: Progress) -> None:
        """Fetch an image from its registry."""

    def context_files(self, build: Build) -> Sequence[str]:
        """The files that a build sends, relative to its folder, by the rules of its ignore file; sorted."""

    def build(self, build: Build, tag: str, labels: Mapping[str, str], progress: Progress) -> None:
        """Build an image. Raises ImageError with the end of the output when it fails."""

    def commit(self, container: str, tag: str, labels: Mapping[str, str]) -> None:
        """Make an image of a container that does not run, with these labels besides its own."""

    def images(self, label: str) -> Sequence[ListedImage]:
        """The images that carry a label, once for each of their names; those without one, too."""

    def remove_image(self, reference: str) -> None:
        """Remove an image; one that is gone is no error."""

    def ensure_network(self, name: str) -> None:
        """Make the shared network where it is missing and may be made."""

    def create(self, spec: ContainerSpec) -> str:
        """Create a container on the shared network and return its id."""

    def copy_in(self, container: str, archive: BinaryIO) -> None:
        """Unpack a tar archive at the root of a container, whether it runs or not."""

    def copy_out(self, container: str, path: str) -> Iterator[bytes]:
        """A file or folder of a container, as a tar archive in pieces of any length."""

    def start(self, container: str) -> None:
        """Start a container."""

    def state(self, container: str) -> ContainerState:
        """What the container is doing now."""

    def logs(self, container: str, *, follow: bool) -> Iterator[bytes]:
        """Its output from the first line on, each line with its time in front, in pieces of any length.

        With `follow` the iterator ends when the container does.
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
        """Run a command in a running container and wait for it, at most `timeout` seconds where that is given.

        `user` is the account to run it as; the image's own where none is given.
        """

    def stop(self, container: str, seconds: float) -> None:
        """Ask a container to end, and end it when it has not after so many seconds."""

    def kill(self, container: str) -> None:
        """End a container at once; one that does not run is no error."""

    def remove(self, container: str) -> None:
        """Remove a container and its anonymous volumes; one that is gone is no error."""

    def containers(self, labels: Iterable[str]) -> Sequence[ListedContainer]:
        """All containers, running or not, that carry every one of the labels (`key` or `key=value`)."""

    def close(self) -> None:
        """Close the connections. Never raises; may be called again."""


def timestamp(text: str) -> float:
    """Seconds since 1970 of an engine's time, which has up to nine decimals. Raises ValueError."""
    # Python 3.10 reads exactly three or six decimals and no Z.
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a time")
    whole, fraction, zone = found.groups()
    seconds = datetime.fromisoformat(whole + ("+00:00" if zone == "Z" else zone)).timestamp()
    return seconds + float("0" + (fraction or ""))
