"""What a service is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pytest_wincontainers.endpoints import Endpoint, Face, Link
from pytest_wincontainers.engines.base import Build, EngineInfo, Mount
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.guests import Guest
from pytest_wincontainers.guests.builds import Isolation
from pytest_wincontainers.packing import Folder
from pytest_wincontainers.ready import Ready
from pytest_wincontainers.reports import logs

if TYPE_CHECKING:
    from pytest_wincontainers.engines.base import Engine

_STOP_SECONDS = 10

Returned = Mapping[str, Any]
"""What a declaration function returned: what is known only when its neighbours' addresses are."""


@dataclass(frozen=True)
class Recipe:
    """How to make the container, once the engine's kind is known."""

    image: str | Build
    environment: Mapping[str, str]
    command: tuple[str, ...] | None = None
    folders: tuple[Folder, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Staged:
    """What is copied into a container before its start, and what is worth noting of it."""

    folders: tuple[Folder, ...] = ()
    notes: tuple[str, ...] = ()


class Beside(Protocol):
    """Runs a command in a container of its own, on the same network."""

    def __call__(
        self,
        image: str,
        words: Sequence[str],
        environment: Mapping[str, str],
        folders: Mapping[str, Path],
        seconds: float,
        progress: Callable[[str], None],
    ) -> tuple[int, str]:
        """Its exit code and output. `folders` are copied in, by their paths in there. Raises WincontainersError."""


@dataclass(frozen=True)
class Preparing:
    """What a preparation has at hand."""

    base: Path
    """The folder that relative paths are meant from."""
    progress: Callable[[str], None]
    """Is told what is being done; raises when going on has become pointless."""
    beside: Beside


Prepare = Callable[[Any], object]
"""A preparation step of the user's own; called with the endpoint."""


@dataclass(frozen=True, kw_only=True)
class Common:
    """The options that every kind of container has."""

    image: str | None = None
    build: Build | str | Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] | None = None
    mounts: tuple[Mount, ...] = ()
    ready: tuple[Ready, ...] = ()
    prepare: Prepare | None = None
    isolation: Isolation | None = None
    memory: int | None = None
    timeout: float | None = None
    starts_after_ready: bool = False


@dataclass(frozen=True)
class Service:
    """A kind of container with the options of one declaration."""

    common: Common

    kind: ClassVar[str]
    returns: ClassVar[frozenset[str]] = frozenset({"environment"})
    """The keys that a declaration function may return."""
    hyperv_memory: ClassVar[int | None] = None
    """MiB that a Hyper-V container of this kind gets; left alone it gets 1024 (docker/for-win#321)."""

    def check(self, base: Path) -> None:
        """Raise DeclarationError for what can be seen to be wrong before anything starts.

        `base` is the folder that relative paths are meant from.
        """
        if self.common.image and self.common.build:
            raise DeclarationError("image= and build= are both given", hint="leave one of them out")
        build = self.common.build
        if build is not None:
            found = _resolved(build, base)
            if not (found.folder / found.dockerfile).is_file():
                raise DeclarationError(
                    f"there is no {found.dockerfile} in {found.folder}",
                    hint="build= names the folder that holds the Dockerfile, from the folder of this file",
                )
        for mount in self.common.mounts:
            # A path of another system is one of the engine's machine; the engine's rules are looked at later.
            if not _foreign(mount.source) and not (base / mount.source).exists():
                raise DeclarationError(
                    f"there is nothing to mount at {base / mount.source}",
                    hint="a mount's source is meant from the folder of the file that declares it",
                )

    def parallel_problem(self, workers: int) -> DeclarationError | None:
        """What so many pytest-xdist workers cannot share, or None."""
        return None

    def enter(self, endpoint: Any) -> None:
        """A test process has got the container for the first time. Raises PreparationError."""

    def test_begins(self, endpoint: Any) -> None:
        """A test that needs the container begins. Raises PreparationError."""

    @property
    def inside_ports(self) -> tuple[int, ...]:
        """The TCP ports the container listens on."""
        raise NotImplementedError

    def secrets(self, token: Callable[[], str]) -> Mapping[str, str]:
        """The passwords of this run; `token` makes a new one."""
        return {}

    def own_image(self, info: EngineInfo) -> str | Build:
        """The image where the declaration names none. Raises DeclarationError where there is none for this engine."""
        raise NotImplementedError

    def environment(self, secrets: Mapping[str, str], returned: Returned) -> Mapping[str, str]:
        """The variables that the image needs, apart from the user's."""
        return {}

    def staged(self, base: Path, guest: Guest, secrets: Mapping[str, str], returned: Returned) -> Staged:
        """What to copy in before the start."""
        return Staged()

    def image(self, base: Path, info: EngineInfo) -> str | Build:
        """The image: the declaration's, or else our own. Raises DeclarationError where there is none."""
        given = self.common.build
        return _resolved(given, base) if given is not None else self.common.image or self.own_image(info)

    def recipe(self, base: Path, info: EngineInfo, secrets: Mapping[str, str], returned: Returned) -> Recipe:
        """Everything needed to make the container. Raises DeclarationError for what this engine cannot give."""
        environment = {
            **self.environment(secrets, returned),
            **self.common.environment,
            **returned.get("environment", {}),
        }
        staged = self.staged(base, info.guest, secrets, returned)
        return Recipe(
            image=self.image(base, info),
            environment={key: str(value) for key, value in environment.items()},
            command=self.common.command,
            folders=staged.folders,
            notes=staged.notes,
        )

    def face(self, host: str, ports: Mapping[int, int], secrets: Mapping[str, str]) -> Any:
        """The container as seen from where `host` and `ports` are meant."""
        return Face(host, ports)

    def endpoint(self, link: Link) -> Any:
        """What tests receive."""
        return Endpoint(link, self.face)

    def readiness(self) -> Sequence[Ready]:
        """What must hold before the container is prepared, in this order."""
        return self.common.ready

    def prepare(self, endpoint: Any, preparing: Preparing) -> None:
        """The steps between ready and handed over. Raises PreparationError."""

    def flush_logs(self, endpoint: Any) -> None:
        """Have all that was logged by now written to the container's output, where that takes more than a moment.

        Raises WincontainersError.
        """

    def excerpts(self, log: Path, offset: int, since: float, until: float) -> Mapping[str, Sequence[str]]:
        """The part of the container's output from `since` to `until`, by which log it is of; "" for the output itself.

        `offset` is the file's size at `since`: what was written before came before. Raises OSError.
        """
        lines = logs.whole_lines(logs.read(log, offset))
        return {"": [line.for_people for line in lines if since <= line.time <= until]}

    @property
    def least_timeout(self) -> float:
        """Seconds that it is given to become ready, also where fewer are set for all containers."""
        return 0.0

    @property
    def snapshots(self) -> str:
        """Whether snapshots are used and made: auto, never or refresh."""
        return "never"

    def snapshot_parts(self, base: Path, environment: Mapping[str, str]) -> str | None:
        """All that its preparation depends on besides the image; None where none is to be kept.

        `environment` is without what is another in every run. Raises OSError for what cannot be read.
        """
        return None

    def finish(self, endpoint: Any, preparing: Preparing) -> None:
        """What is done after the user's own preparation, in every run. Raises PreparationError."""

    def seal(self, endpoint: Any, engine: Engine, key: str) -> None:
        """End the prepared container in its own way, for a snapshot of that key without this run's passwords."""

    def is_sealed(self, endpoint: Any, key: str) -> bool:
        """Whether a container that was started from a snapshot has all that was prepared."""
        return True

    def shut_down(self, endpoint: Any, engine: Engine) -> None:
        """End the container before a restart, so that nothing is lost which it would keep."""
        engine.stop(endpoint.container_id, _STOP_SECONDS)


def _resolved(build: Build | str | Path, base: Path) -> Build:
    if not isinstance(build, Build):
        return Build(base / build)
    return Build(base / build.folder, build.dockerfile, build.arguments, build.network)


def _foreign(source: str | Path) -> bool:
    """Whether a path is absolute, but not on this kind of machine."""
    absolute = PureWindowsPath(source).is_absolute() or PurePosixPath(source).is_absolute()
    return absolute and not Path(source).is_absolute()
