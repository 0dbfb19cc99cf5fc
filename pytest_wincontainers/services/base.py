"""What a service is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pytest_wincontainers.endpoints import Endpoint, Face, Handed
from pytest_wincontainers.engines.base import Build, Guest, Mount
from pytest_wincontainers.errors import DeclarationError, ImageError
from pytest_wincontainers.ready import Ready

if TYPE_CHECKING:
    from pytest_wincontainers.engines.base import Engine

IMAGES = Path(__file__).parent.parent / "images"

Returned = Mapping[str, Any]
"""What a declaration function returned: what is known only when its neighbours' addresses are."""


@dataclass(frozen=True)
class Folder:
    """A folder of this machine to copy into the container before it starts, by its path in there.

    `replaced` holds new contents of files, by their path relative to the folder with forward slashes.
    """

    source: Path
    target: str
    replaced: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """How to make the container, once the engine's kind is known."""

    image: str | Build
    environment: Mapping[str, str]
    command: tuple[str, ...] | None = None
    folders: tuple[Folder, ...] = ()


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
    isolation: Literal["process", "hyperv"] | None = None
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
            if not (base / mount.source).exists():
                raise DeclarationError(
                    f"there is nothing to mount at {base / mount.source}",
                    hint="a mount's source is meant from the folder of the file that declares it",
                )

    @property
    def inside_ports(self) -> tuple[int, ...]:
        """The TCP ports the container listens on."""
        raise NotImplementedError

    def secrets(self, token: Callable[[], str]) -> Mapping[str, str]:
        """The passwords of this run; `token` makes a new one."""
        return {}

    def own_image(self, guest: Guest) -> str | Build:
        """The image where the declaration names none."""
        raise NotImplementedError

    def environment(self, secrets: Mapping[str, str], returned: Returned) -> Mapping[str, str]:
        """The variables that the image needs, apart from the user's."""
        return {}

    def folders(self, base: Path, guest: Guest, returned: Returned) -> tuple[Folder, ...]:
        """The folders to copy in before the start."""
        return ()

    def recipe(self, base: Path, guest: Guest, secrets: Mapping[str, str], returned: Returned) -> Recipe:
        """Everything needed to make the container."""
        given = self.common.build
        image = _resolved(given, base) if given is not None else self.common.image or self.own_image(guest)
        environment = {
            **self.environment(secrets, returned),
            **self.common.environment,
            **returned.get("environment", {}),
        }
        return Recipe(
            image=image,
            environment={key: str(value) for key, value in environment.items()},
            command=self.common.command,
            folders=self.folders(base, guest, returned),
        )

    def face(self, host: str, ports: Mapping[int, int], secrets: Mapping[str, str]) -> Any:
        """The container as seen from where `host` and `ports` are meant."""
        return Face(host, ports)

    def endpoint(self, handed: Handed, engine: Callable[[], Engine]) -> Any:
        """What tests receive."""
        return Endpoint(self._outside(handed), self._inside(handed), handed, engine)

    def _outside(self, handed: Handed) -> Any:
        return self.face(handed.host, handed.ports, handed.secrets)

    def _inside(self, handed: Handed) -> Any:
        return self.face(handed.container_name, {port: port for port in handed.ports}, handed.secrets)

    def readiness(self) -> Sequence[Ready]:
        """What must hold before the container is prepared, in this order."""
        return self.common.ready

    def prepare(self, endpoint: Any, base: Path, progress: Callable[[str], None]) -> None:
        """The steps between ready and handed over. Raises PreparationError."""


def _resolved(build: Build | str | Path, base: Path) -> Build:
    if not isinstance(build, Build):
        return Build(base / build)
    return Build(base / build.folder, build.dockerfile, build.arguments, build.network)


def own_image(guest: Guest, name: str) -> Build:
    """The build of one of the images that come with this package. Raises ImageError where there is none."""
    folder = IMAGES / guest / name
    if not folder.is_dir():
        raise ImageError(
            f"this version brings no {name} image for {guest.capitalize()} engines",
            hint="name one of your own with image=… or build=…",
        )
    # The packages of the Linux images come from the distribution's mirrors; an engine without a default
    # bridge reaches them by the host's network only.
    return Build(folder, network="host" if guest == "linux" else None)
