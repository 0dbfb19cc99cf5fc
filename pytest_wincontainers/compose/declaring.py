"""From the services of compose files to declarations."""

from __future__ import annotations

import keyword
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PureWindowsPath
from types import FunctionType
from typing import Any, Literal, cast

from pytest_wincontainers import ready
from pytest_wincontainers.compose.model import (
    ComposeBuild,
    ComposeFile,
    ComposeHealthcheck,
    ComposeService,
    fixture_name,
)
from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.tree import Place
from pytest_wincontainers.engines.base import Build, EngineInfo, Healthcheck, Mount
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.guests import RULES, Guest
from pytest_wincontainers.services.declaration import Declaration
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.services.job import Job
from pytest_wincontainers.services.recipe import check_options
from pytest_wincontainers.services.service import Options, Service

_MIB = 1 << 20
_OF_THE_IMAGE = frozenset({"image", "build", "command", "entrypoint", "working_dir", "healthcheck"})


def declarations_of(
    file: ComposeFile, kinds: Mapping[str, Service], base: Path, problems: Problems
) -> list[Declaration]:
    """A declaration for each service; `base` is the directory against which the options of kinds are resolved."""
    names = _fixture_names(file, problems)
    _check_aliases(file, problems)
    services = {name: service for name, service in file.services.items() if name in names}
    found = {
        name: _Declaring(file, service, kinds.get(name), names, problems).declaration(base)
        for name, service in services.items()
    }
    # What is wrong already would be found again, in other words.
    for name, declaration in found.items() if not problems.errors else ():
        _check(declaration, services[name], problems)
    return list(found.values())


def _check(declaration: Declaration, service: ComposeService, problems: Problems) -> None:
    """Find what a run would refuse in the declaration."""
    try:
        check_options(declaration.service, declaration.base)
        declaration.service.check(declaration.base)
    except DeclarationError as problem:
        problems.add(service.place, f"services.{service.name}: {problem.message}", problem.hint)


def _fixture_names(file: ComposeFile, problems: Problems) -> Mapping[str, str]:
    """The name of each service's fixture."""
    found: dict[str, str] = {}
    for name, service in file.services.items():
        fixture = fixture_name(name)
        other = next((one for one, taken in found.items() if taken.lower() == fixture.lower()), None)
        if other is not None:
            problems.add(service.place, f"services.{name} and services.{other} would be one fixture, {fixture}")
        elif not fixture.isidentifier() or keyword.iskeyword(fixture) or _is_reserved(fixture):
            problems.add(service.place, f"services.{name} cannot be a fixture: {fixture!r} is no name for one")
        else:
            found[name] = fixture
    return found


def _is_reserved(name: str) -> bool:
    # They mean something else to pytest, or to Python.
    return name == "request" or name.startswith(("pytest_", "__"))


def _check_aliases(file: ComposeFile, problems: Problems) -> None:
    having: dict[str, str] = {}
    for name, service in file.services.items():
        for alias in service.aliases:
            other = having.setdefault(alias.lower(), name)
            if other != name:
                problems.add(
                    service.place,
                    f"services.{name} has the name {alias!r} on the network, and so has services.{other}",
                    "each name belongs to one container here",
                )


@dataclass(frozen=True)
class ComposeJob(Job):
    """A service that others need to have completed."""

    def directory(self, guest: Guest) -> str | None:
        # Jobs work in a directory of their own, but this one's command is for the image's.
        return self.options.get("working_dir")


class _Declaring:
    """Makes the declaration of one service."""

    def __init__(
        self,
        file: ComposeFile,
        service: ComposeService,
        kind: Service | None,
        names: Mapping[str, str],
        problems: Problems,
    ) -> None:
        self._file = file
        self._service = service
        self._kind = kind or (ComposeJob() if self._must_complete else Generic())
        self._names = names
        self._problems = problems
        self._path = f"services.{service.name}"

    def declaration(self, base: Path) -> Declaration:
        name = self._names[self._service.name]
        if self._must_complete and not isinstance(self._kind, Job):
            self._problems.add(
                self._service.place,
                f"{self._path} is to complete, as others need it so, but its kind {self._kind.kind} goes on running",
                "use job_container() in kinds=, or no kind",
            )
        needs = [self._names[one.service] for one in self._service.needs if one.service in self._names]
        return Declaration(
            name=name,
            service=self._made(),
            function=_function(name, self._service),
            parameters=tuple(dict.fromkeys(needs)),
            base=base,
            where=str(self._service.place),
            check_engine=self._check_engine,
        )

    def _place(self, option: str) -> Place:
        return self._service.places.get(option, self._service.place)

    def _made(self) -> Service:
        kind = self._with_own_settings()
        options = self._options()
        # What is given in Python is meant for the tests.
        own: dict[str, Any] = {**kind.options}
        if kind.needs_own_image and not {"image", "build"} & own.keys():
            self._problems.note(
                self._service.place,
                f"{self._path}: its image, entry point and command are not used: the kind {kind.kind} has its own",
            )
            options = {key: value for key, value in options.items() if key not in _OF_THE_IMAGE}
        elif "image" in own or "build" in own:
            options = {key: value for key, value in options.items() if key not in {"image", "build"}}
        for option in ("labels", "files"):
            if option in options and option in own:
                own[option] = {**options[option], **own[option]}
        try:
            made = replace(kind, options=cast("Options", {**options, **own}))
            return made.adopted(self._service.environment)
        except DeclarationError as problem:
            self._problems.add(self._service.place, f"{self._path}: {problem.message}", problem.hint)
            return kind

    def _with_own_settings(self) -> Service:
        """The kind with what is no option of every kind."""
        kind, service = self._kind, self._service
        if isinstance(kind, Generic):
            kind = replace(kind, ports=kind.ports or service.ports)
        if isinstance(kind, (Generic, Job)):
            return replace(kind, user=kind.user or service.user)
        if service.user is not None:
            self._problems.add(self._place("user"), f"{self._path}.user is not supported for the kind {kind.kind}")
        return kind

    def _options(self) -> dict[str, Any]:
        service = self._service
        mounts, copied = self._mounts()
        build = service.build or self._build_of_another()
        found: dict[str, Any] = {
            "image": service.image if build is None else None,
            "build": self._build(build) if build is not None else None,
            "command": service.command,
            "entrypoint": service.entrypoint,
            "working_dir": service.working_dir,
            "labels": dict(service.labels) or None,
            "aliases": service.aliases,
            "files": {**self._files(), **copied} or None,
            "mounts": mounts or None,
            "isolation": service.isolation,
            "memory": -(-service.memory // _MIB) if service.memory else None,
            "healthcheck": self._healthcheck(service.healthcheck),
            "ready": self._ready(),
            "starts_after_ready": True if self._waits() else None,
        }
        return {key: value for key, value in found.items() if value is not None}

    def _build_of_another(self) -> ComposeBuild | None:
        """The build whose image this service names: Docker Compose would have it by that name."""
        others = (other for other in self._file.services.values() if other.build is not None)
        return next((other.build for other in others if other.image == self._service.image), None)

    def _build(self, build: ComposeBuild) -> Build:
        content = build.inline
        dockerfile = build.context / build.dockerfile
        if content is None and not dockerfile.is_file():
            self._problems.add(build.place, f"{self._path}.build: there is no {dockerfile}")
        elif content is None and not dockerfile.resolve().is_relative_to(build.context.resolve()):
            # The engine gets the directory only.
            content = dockerfile.read_text("utf-8-sig")
        return Build(
            build.context,
            build.dockerfile,
            build.arguments,
            network=build.network,
            target=build.target,
            content=content,
        )

    def _mounts(self) -> tuple[list[Mount], dict[str, Path]]:
        mounts: list[Mount] = []
        files: dict[str, Path] = {}
        for one in self._service.mounts:
            source = one.source
            if isinstance(source, Path) and source.is_file():
                self._problems.note(
                    one.place,
                    f"{self._path}.volumes: {source} is a file and is copied: Windows mounts directories only, and "
                    "what the container changes in the file stays there",
                )
                files[one.target] = source
                continue
            if isinstance(source, Path) and (foreign := foreign_path(source)) is not None:
                source = foreign
            elif isinstance(source, Path) and not source.exists():
                self._problems.add(
                    one.place, f"{self._path}.volumes: {source} does not exist", "create it; the plugin does not"
                )
            mounts.append(Mount(source, one.target, one.read_only))
        return mounts, files

    def _files(self) -> dict[str, Path | str]:
        for one in self._service.files:
            if one.mode is not None:
                self._problems.note(one.place, f"{self._path}: the mode of {one.target} has no effect")
        return {one.target: one.content for one in self._service.files}

    def _healthcheck(self, check: ComposeHealthcheck | None) -> Healthcheck | Literal[False] | None:
        if check is None:
            return None
        if check.disabled:
            return False
        if check.test is None:
            self._problems.note(
                check.place, f"{self._path}.healthcheck has no effect without test: the image's own check counts"
            )
            return None
        kind, *words = check.test
        times = {
            name: value
            for name in ("interval", "timeout", "start_period", "retries")
            # 0 is the engine's default.
            if (value := getattr(check, name))
        }
        return Healthcheck(words if kind == "CMD" else " ".join(words), **times)

    def _ready(self) -> list[ready.Ready] | None:
        """The conditions, where they are others than those of the kind."""
        if not isinstance(self._kind, Generic):
            return None
        check = self._service.healthcheck
        ports = [ready.tcp(port) for port in self._kind.ports or self._service.ports]
        if check is not None and check.disabled:
            return ports or None
        if check is not None and check.test is not None:
            # It says what ready means; not every port that is published need be in use.
            return [ready.healthy()]
        return [*ports, ready.healthy()] if "service_healthy" in self._conditions_of_others() else None

    @property
    def _must_complete(self) -> bool:
        return "service_completed_successfully" in self._conditions_of_others()

    def _conditions_of_others(self) -> Collection[str]:
        return {
            need.condition
            for other in self._file.services.values()
            for need in other.needs
            if need.service == self._service.name
        }

    def _waits(self) -> bool:
        return any(one.condition != "service_started" for one in self._service.needs)

    def _check_engine(self, info: EngineInfo) -> None:
        if RULES[info.guest].makes_networks or not self._service.networks:
            return
        network = self._service.networks[0]
        raise DeclarationError(
            f"{network.place}: it is on the network {network.name!r}, but on Windows engines all containers are on nat",
            details="A host with Windows Server 2016 has no other NAT network, and on newer ones containers on two of "
            "them cannot reach each other.",
            hint=f"remove the network, or declare {network.name} with external: true and name: nat",
        )


def foreign_path(path: PurePath) -> str | None:
    """The path as another kind of machine writes it, if it is absolute only there."""
    text, slashes = str(path), str(path).replace("\\", "/")
    if path.is_absolute():
        return None
    if PureWindowsPath(text).is_absolute():
        return text
    return slashes if slashes.startswith("/") and not slashes.startswith("//") else None


def _function(name: str, service: ComposeService) -> Any:
    """A declaring function whose place is the service's, which pytest shows for its fixture."""

    def declaring(**_: object) -> None:
        return None

    place = service.place
    what = f"image {service.image}" if service.build is None else f"built from {service.build.context}"
    code = declaring.__code__.replace(co_filename=str(place.file), co_firstlineno=place.line, co_name=name)
    made: Any = FunctionType(code, {"__name__": place.file.stem, "__builtins__": {}}, name)
    made.__doc__ = f"The service {service.name} of {place.file.name}: {what}."
    return made
