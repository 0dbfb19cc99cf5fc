"""How to create a declared container: the service's defaults combined with the user's options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath

from pytest_wincontainers import ready
from pytest_wincontainers.engines.base import Build, EngineInfo
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.packing import Folder
from pytest_wincontainers.ready import Ready
from pytest_wincontainers.services.files import check_files, folders_of
from pytest_wincontainers.services.per_guest import for_guest
from pytest_wincontainers.services.roles import Staged, StagedFiles
from pytest_wincontainers.services.service import Options, Returned, Service

OWN_LABELS = "pytest-wincontainers."
"""What the labels of this package begin with."""
_PORTS = 65536
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")

_MAKERS: Sequence[tuple[object, str]] = (
    (ready.tcp, "ready.tcp({port})"),
    (ready.http, "ready.http({port})"),
    (ready.log, 'ready.log("pattern")'),
    (ready.exec, 'ready.exec("program")'),
)
"""What makes a check, and how it is written. Each is itself a function with one parameter, as a check is."""


@dataclass(frozen=True)
class Recipe:
    """How to make the container, once the engine is known."""

    image: str | Build
    environment: Mapping[str, str]
    command: tuple[str, ...] | None = None
    folders: tuple[Folder, ...] = ()
    """What the service copies in."""
    files: tuple[Folder, ...] = ()
    """What the user copies in, after that."""
    notes: tuple[str, ...] = ()

    @property
    def copied(self) -> tuple[Folder, ...]:
        """All that is copied in before the start."""
        return (*self.folders, *self.files)


def check_options(service: Service, base: Path) -> None:
    """Raise DeclarationError for options that are wrong whatever the engine."""
    options = service.options
    if options.get("image") and options.get("build"):
        raise DeclarationError("image= and build= are both given", hint="remove one of them")
    build = options.get("build")
    for one in build.values() if isinstance(build, Mapping) else [build] if build is not None else []:
        found = _resolved(one, base)
        if found.content is None and not (found.folder / found.dockerfile).is_file():
            raise DeclarationError(
                f"there is no {found.dockerfile} in {found.folder}",
                hint="build= names the Dockerfile's directory, relative to the declaring file's directory",
            )
    for inside, outside in options.get("publish", {}).items():
        if not (0 < inside < _PORTS and 0 < outside < _PORTS):
            raise DeclarationError(
                f"publish= has {inside}: {outside}, and ports are from 1 to {_PORTS - 1}",
                hint="write the container's port first, for example publish={3306: 13306}",
            )
    for name in ("memory", "timeout"):
        if name in options and not options[name] > 0:
            raise DeclarationError(f"{name}= must be more than 0", hint="omit it to use the default")
    check_files(options.get("files", {}), base)
    _check_names(options)
    _check_health(options)
    _check_readiness(service)
    for mount in options.get("mounts", ()):
        # A path of another system is one of the engine's machine; the engine's rules are checked later.
        if not _foreign(mount.source) and not (base / mount.source).exists():
            raise DeclarationError(
                f"the mount source {base / mount.source} does not exist",
                hint="a mount's source is resolved against the declaring file's directory",
            )


def _check_names(options: Options) -> None:
    for alias in options.get("aliases", ()):
        if not _NAME.fullmatch(alias):
            raise DeclarationError(
                f"aliases= has {alias!r}, which is no network name",
                hint="use letters, digits, hyphens, underscores and dots",
            )
    for label in options.get("labels", {}):
        if not label or label.startswith(OWN_LABELS):
            raise DeclarationError(
                f"labels= has {label!r}", hint=f"labels that begin with {OWN_LABELS} are this package's own"
            )


def _check_health(options: Options) -> None:
    check = options.get("healthcheck")
    if not check:
        return
    if not check.command:
        raise DeclarationError(
            "healthcheck= has no command", hint='for example Healthcheck("curl -f http://localhost")'
        )
    for name in ("interval", "timeout", "retries"):
        if not getattr(check, name) > 0:
            raise DeclarationError(f"healthcheck= has {name}={getattr(check, name)}", hint="it must be more than 0")


def readiness_of(service: Service) -> Sequence[Ready]:
    """All that must hold before the container is ready: the service's own checks, then the user's."""
    return (*service.readiness(), *_given_checks(service))


def _given_checks(service: Service) -> Sequence[Ready]:
    given = service.options.get("ready", ())
    return given if isinstance(given, Sequence) else (given,)


def _check_readiness(service: Service) -> None:
    for check in _given_checks(service):
        for maker, example in _MAKERS:
            if check is maker:
                written = example.format(port=next(iter(service.ports), 8080))
                raise DeclarationError(
                    f"ready={written.partition('(')[0]} is not called", hint=f"write ready={written}"
                )
        if isinstance(check, (ready.Tcp, ready.Http)) and check.port not in service.ports:
            declared = ", ".join(str(port) for port in service.ports)
            raise DeclarationError(
                f"ready= checks the port {check.port}, which the container does not have",
                hint=f"its ports are {declared}" if declared else f"add ports=[{check.port}]",
            )


def image_of(service: Service, base: Path, engine: EngineInfo) -> str | Build:
    """The image: the declaration's, or else the service's own. Raises DeclarationError where there is none."""
    build = for_guest(service.options.get("build"), engine.guest, "build=")
    if build is not None:
        return _resolved(build, base)
    return for_guest(service.options.get("image"), engine.guest, "image=") or service.image(engine)


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
    command = for_guest(service.options.get("command"), engine.guest, "command=")
    return Recipe(
        image=image_of(service, base, engine),
        environment=environment,
        command=tuple(command) if command is not None else None,
        folders=staged.folders,
        files=folders_of({**service.options.get("files", {}), **returned.get("files", {})}, base),
        notes=staged.notes,
    )


def _resolved(build: Build | str | Path, base: Path) -> Build:
    if not isinstance(build, Build):
        return Build(base / build)
    otherwise = _resolved(build.otherwise, base) if build.otherwise is not None else None
    return replace(build, folder=base / build.folder, otherwise=otherwise)


def _foreign(source: str | Path) -> bool:
    """Whether a path is absolute, but not on this kind of machine."""
    absolute = PureWindowsPath(source).is_absolute() or PurePosixPath(source).is_absolute()
    return absolute and not Path(source).is_absolute()
