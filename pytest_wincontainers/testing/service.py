"""Checks that every service should pass."""

from __future__ import annotations

import re
import secrets
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from pytest_wincontainers.endpoints import ContainerInfo, Endpoint, Face, StartFailure
from pytest_wincontainers.engines.base import Build, Capabilities, Engine, EngineInfo
from pytest_wincontainers.errors import DeclarationError, WincontainersError
from pytest_wincontainers.guests import RULES, Guest
from pytest_wincontainers.guests.builds import TAGS, WindowsHost, WindowsVersion
from pytest_wincontainers.plan import Plan, make_plan
from pytest_wincontainers.run.container.link import OwnerLink
from pytest_wincontainers.run.coordinator import Coordinator, RunRequest
from pytest_wincontainers.services.declaration import Declaration
from pytest_wincontainers.services.options import check_fields
from pytest_wincontainers.services.recipe import check_options, image_of, readiness_of, recipe_of
from pytest_wincontainers.services.roles import PerWorker, ServerLogs, SnapshotSupport, TestHooks
from pytest_wincontainers.services.service import Service
from pytest_wincontainers.settings import Settings

_NAME = "service"


def check_service(
    service: Service,
    *,
    engine: Engine | None = None,
    base: Path | None = None,
    returned: Mapping[str, Any] | None = None,
) -> None:
    """Raise AssertionError with all problems of a service, one per line.

    Without an engine, the service's values are checked for Linux and for every Windows release. With an engine, a
    container is also started, made ready, used as tests use it, restarted and removed; then the engine is closed.
    Relative paths are resolved against `base`; the default is the current directory. `returned` is what the declaring
    function would return.
    """
    place, given = base or Path.cwd(), returned or {}
    problems = list(_attempted(service.kind if hasattr(service, "kind") else "kind", _said(service, place, given)))
    if engine is not None and not problems:
        problems += _lived(service, engine, place, given)
    if problems:
        raise AssertionError("\n".join([f"{type(service).__name__} has problems:", *dict.fromkeys(problems)]))


def _attempted(what: str, problems: Iterator[str]) -> Iterator[str]:
    """The problems, and as the last one any exception that keeps from finding more."""
    try:
        yield from problems
    except Exception as problem:  # noqa: BLE001 - whatever a service raises is a problem of it
        where = traceback.extract_tb(problem.__traceback__)[-1]
        yield f"{what}: {type(problem).__name__} in {where.name}(): {problem}"


def _said(service: Service, base: Path, returned: Mapping[str, Any]) -> Iterator[str]:
    """Problems that can be found without an engine."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", getattr(service, "kind", "")):
        yield "kind: must be a lower-case word, for messages and the decorator's name"
        return
    if len(set(service.ports)) < len(service.ports) or not all(0 < port < 65536 for port in service.ports):
        yield f"ports: {service.ports} must be distinct numbers from 1 to 65535"
    try:
        check_fields(service, f"{type(service).__name__}()")
        check_options(service, base)
        service.check(base)
        service.check_returned(base, returned)
    except DeclarationError as problem:
        yield f"check: {problem.message}"
        return
    if not all(callable(check) for check in readiness_of(service)):
        yield "readiness: each check must be callable, with the endpoint as its argument"
    plan = _plan(service, base, returned)
    (planned,) = plan.containers
    face = service.face(planned.container_name, planned.inside_ports, planned.secrets)
    if not isinstance(face, Face):
        yield "face: must be a Face"
    elif (face.host, dict(face.ports)) != (planned.container_name, dict(planned.inside_ports)):
        yield "face: `host` and `ports` must be the ones that it is made from"
    if any(secret in f"{face!r}{service!r}" for secret in filter(None, plan.secrets)):
        yield "secrets: the repr() of the face or of the service shows a password; use field(repr=False)"
    yield from _attempted("a role", _roles(service, base))
    made = {info.system: list(_attempted("making it", _made(service, base, info, plan))) for info in _engines()}
    if all(problems == [_UNSUPPORTED] for problems in made.values()):
        yield "image: there is none for any engine"
    yield from (
        f"{system}: {problem}" for system, found in made.items() for problem in found if problem != _UNSUPPORTED
    )


def _roles(service: Service, base: Path) -> Iterator[str]:
    if isinstance(service, SnapshotSupport):
        if service.snapshots not in {"auto", "never", "refresh"}:
            yield f'snapshots: {service.snapshots!r} must be "auto", "never" or "refresh"'
        if service.snapshot_parts(base, {}) != service.snapshot_parts(base, {}):
            yield "snapshot_parts: must be the same each time that nothing has changed"
    if isinstance(service, ServerLogs):
        found = service.excerpts(base / "there-is-no-log", 0, 0.0, 1.0)
        if any(lines for lines in found.values()):
            yield "excerpts: must find nothing in a log that does not exist"
    if isinstance(service, PerWorker):
        joined = service.joined({"gw0": {}, "gw1": {}})
        ports, given = {port: port for port in joined.ports}, service.secrets(lambda: "secret")
        for worker in ("gw0", "gw1"):
            if not isinstance(service.part(("gw0", "gw1"), worker).face("host", ports, given), Face):
                yield "part: the face of a worker's part must be a Face"
    if isinstance(service, TestHooks):
        problem = service.parallel_problem(1)
        if problem is not None:
            yield f"parallel_problem: one worker shares nothing: {problem.message}"


def _made(service: Service, base: Path, info: EngineInfo, plan: Plan) -> Iterator[str]:
    """Problems with creating the container on this engine."""
    (planned,) = plan.containers
    try:
        image = image_of(service, base, info)
        recipe = recipe_of(service, base, info, planned.secrets, planned.returned)
    except DeclarationError:
        yield _UNSUPPORTED
        return
    if isinstance(image, Build) and not (base / image.folder / image.dockerfile).is_file():
        yield f"image: there is no {image.dockerfile} in {image.folder}"
    yield from (
        f"environment: the value of {name} must be a string"
        for name, value in recipe.environment.items()
        if not isinstance(value, str)
    )
    if any(secret in word for secret in filter(None, plan.secrets) for word in recipe.command or ()):
        yield "command: it contains a password, which everybody can read there"
    kind = PureWindowsPath if RULES[info.guest].images_match_host else PurePosixPath
    for folder in recipe.folders:
        if not kind(folder.target).is_absolute():
            yield f"staged: {folder.target} is not an absolute path in the container"


_UNSUPPORTED = "not supported"


def _engines() -> Iterator[EngineInfo]:
    def info(guest: Guest, system: str, windows: WindowsHost | None = None) -> EngineInfo:
        capabilities = Capabilities(isolation=RULES[guest].has_isolation)
        return EngineInfo(
            "fake", "Fake", "1", guest, system, near=True, host="", capabilities=capabilities, windows=windows
        )

    yield info("linux", "Linux")
    for build, tag in TAGS.items():
        yield info("windows", f"Windows {tag}", WindowsHost(WindowsVersion(build), server=True, default="process"))


def _plan(service: Service, base: Path, returned: Mapping[str, Any]) -> Plan:
    declaration = Declaration(_NAME, service, lambda: dict(returned), (), base, "check_service", None)
    return make_plan([declaration], [_NAME], secrets.token_hex(3), lambda: secrets.token_hex(12))


class _Outcome:
    """What became of the container; an `Outcomes`."""

    def __init__(self) -> None:
        self.outcome: ContainerInfo | StartFailure | None = None

    def publish(self, name: str, outcome: ContainerInfo | StartFailure) -> None:
        self.outcome = outcome

    def publish_loss(self, name: str, message: str) -> None:
        self.outcome = StartFailure(message)


def _lived(service: Service, engine: Engine, base: Path, returned: Mapping[str, Any]) -> list[str]:
    """What goes wrong with a container of it on this engine."""
    plan = _plan(service, base, returned)
    known = _Outcome()
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="wincontainers-", ignore_cleanup_errors=True) as folder:
        request = RunRequest(
            plan=plan,
            settings=Settings.defaults(),
            artifacts=Path(folder),
            private=Path(folder),
            outcomes=known,
            record=lambda _, **__: None,
            make_engine=lambda: engine,
        )
        coordinator = Coordinator(request)
        coordinator.start()
        try:
            coordinator.wait(_NAME, lambda: None, 1.0)
            if isinstance(known.outcome, ContainerInfo):
                problems += _attempted("a ready container", _used(service, coordinator))
            elif known.outcome is not None:
                problems.append(f"start: {known.outcome.message}")
        finally:
            coordinator.close()
        problems += (f"removal: {note}" for note in coordinator.board.notes if "could not be removed" in note)
    return problems


def _used(service: Service, coordinator: Coordinator) -> Iterator[str]:
    """What goes wrong with a container that is ready."""
    endpoint = service.endpoint(OwnerLink(coordinator.engine, coordinator.trackers[_NAME]))
    if not isinstance(endpoint, Endpoint):
        yield "endpoint: must be an Endpoint"
        return
    if isinstance(service, TestHooks):
        service.take_over(endpoint)
        service.start_test(endpoint)
    if isinstance(service, ServerLogs):
        service.flush_logs(endpoint)
    try:
        coordinator.restart(_NAME)
    except WincontainersError as problem:
        yield f"restart: {problem}"
    else:
        yield from (
            f"after a restart: {why}" for check in readiness_of(service) if (why := check(endpoint)) is not None
        )
