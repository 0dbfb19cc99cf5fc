"""How to create a declared container: the service's defaults combined with the user's options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from pytest_wincontainers.engines.base import Build, EngineInfo
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.packing import Folder
from pytest_wincontainers.ready import Ready
from pytest_wincontainers.services.roles import Staged, StagedFiles
from pytest_wincontainers.services.service import Returned, Service


@dataclass(frozen=True)
class Recipe:
    """How to make the container, once the engine is known."""

    image: str | Build
    environment: Mapping[str, str]
    command: tuple[str, ...] | None = None
    folders: tuple[Folder, ...] = ()
    notes: tuple[str, ...] = ()


def check_options(service: Service, base: Path) -> None:
    """Raise DeclarationError for options that are wrong whatever the engine."""
    options = service.options
    if options.get("image") and options.get("build"):
        raise DeclarationError("image= and build= are both given", hint="remove one of them")
    build = options.get("build")
    if build is not None:
        found = _resolved(build, base)
        if not (found.folder / found.dockerfile).is_file():
            raise DeclarationError(
                f"there is no {found.dockerfile} in {found.folder}",
                hint="build= names the Dockerfile's directory, relative to the declaring file's directory",
            )
    for mount in options.get("mounts", ()):
        # A path of another system is one of the engine's machine; the engine's rules are checked later.
        if not _foreign(mount.source) and not (base / mount.source).exists():
            raise DeclarationError(
                f"the mount source {base / mount.source} does not exist",
                hint="a mount's source is resolved against the declaring file's directory",
            )


def readiness_of(service: Service) -> Sequence[Ready]:
    """All that must hold before the container is ready: the service's own checks, then the user's."""
    given = service.options.get("ready", ())
    return (*service.readiness(), *(given if isinstance(given, (list, tuple)) else (given,)))


def image_of(service: Service, base: Path, engine: EngineInfo) -> str | Build:
    """The image: the declaration's, or else the service's own. Raises DeclarationError where there is none."""
    build = service.options.get("build")
    if build is not None:
        return _resolved(build, base)
    return service.options.get("image") or service.image(engine)


def recipe_of(
    service: Service, base: Path, engine: EngineInfo, secrets: Mapping[str, str], returned: Returned
) -> Recipe:
    """Everything needed to make the container. Raises DeclarationError for what this engine cannot give."""
    environment = {
        **service.environment(secrets, returned),
        **service.options.get("environment", {}),
        **returned.get("environment", {}),
    }
    staged = service.staged(base, engine.guest, secrets, returned) if isinstance(service, StagedFiles) else Staged()
    command = service.options.get("command")
    return Recipe(
        image=image_of(service, base, engine),
        environment={key: str(value) for key, value in environment.items()},
        command=tuple(command) if command is not None else None,
        folders=staged.folders,
        notes=staged.notes,
    )


def _resolved(build: Build | str | Path, base: Path) -> Build:
    if not isinstance(build, Build):
        return Build(base / build)
    return Build(base / build.folder, build.dockerfile, build.arguments, build.network)


def _foreign(source: str | Path) -> bool:
    """Whether a path is absolute, but not on this kind of machine."""
    absolute = PureWindowsPath(source).is_absolute() or PurePosixPath(source).is_absolute()
    return absolute and not Path(source).is_absolute()
