"""The plan of a run, from declarations and needs: which containers it starts, in which order, with which names.

Nothing here uses an engine or the clock; the disk is only used to read what declarations name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_wincontainers.engines.base import Build
from pytest_wincontainers.errors import DeclarationError, users_frames
from pytest_wincontainers.services.declaration import Declaration, closest
from pytest_wincontainers.services.options import check_value
from pytest_wincontainers.services.recipe import check_options
from pytest_wincontainers.services.service import Service


@dataclass(frozen=True)
class PlannedContainer:
    """One container of a plan."""

    declaration: Declaration
    container_name: str
    """Its name on the engine and on the network, unlike any other run's."""
    secrets: Mapping[str, str] = field(repr=False)
    returned: Mapping[str, Any] = field(repr=False)
    """What the declaration function said, called with its neighbours' inside faces."""

    @property
    def name(self) -> str:
        return self.declaration.name

    @property
    def service(self) -> Service:
        return self.declaration.service

    @property
    def needs(self) -> tuple[str, ...]:
        return self.declaration.needs

    @property
    def inside_ports(self) -> Mapping[int, int]:
        return {port: port for port in self.service.ports}


@dataclass(frozen=True)
class Plan:
    """The containers of a run; each stands after all that it needs."""

    run: str
    containers: tuple[PlannedContainer, ...]

    @property
    def secrets(self) -> frozenset[str]:
        """Every password of the run, for keeping them out of logs."""
        return frozenset(secret for planned in self.containers for secret in planned.secrets.values())

    def describe(self) -> list[str]:
        """The plan in lines for people, without passwords."""
        return [line for planned in self.containers for line in _describe(planned)]


def _describe(planned: PlannedContainer) -> Iterable[str]:
    options = planned.service.options
    image = options.get("image") or options.get("build")
    if isinstance(image, Build):
        image = image.folder
    ports = ", ".join(str(port) for port in planned.service.ports)
    yield f"{planned.name}: {planned.service.kind}" + (f" from {image}" if image else "")
    yield f"  on the network as {planned.container_name}" + (f", port {ports}" if ports else "")
    if planned.needs:
        when = "starts after" if options.get("starts_after_ready") else "is ready after"
        yield f"  {when} {', '.join(planned.needs)}"


def make_plan(declarations: Sequence[Declaration], needed: Collection[str], run: str, token: Callable[[], str]) -> Plan:
    """The plan for a run that needs the containers called `needed`.

    `token` makes a new password each time. Raises DeclarationError for whatever cannot be.
    """
    by_name = {declaration.name: declaration for declaration in declarations}
    planned: dict[str, PlannedContainer] = {}
    for declaration in _ordered(by_name, needed):
        planned[declaration.name] = _plan(declaration, planned, run, token)
    return Plan(run, tuple(planned.values()))


def closure(declarations: Sequence[Declaration], names: Iterable[str]) -> set[str]:
    """The names and all that they need; unknown ones and cycles are left for `make_plan` to complain of."""
    needs = {declaration.name: declaration.needs for declaration in declarations}
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left.extend(needs.get(name, ()))
    return found


def in_order(declarations: Sequence[Declaration], names: Iterable[str]) -> list[str]:
    """The names and all that they need, each after what it needs. Raises DeclarationError as `make_plan` does."""
    return [one.name for one in _ordered({one.name: one for one in declarations}, sorted(names))]


def _ordered(declarations: Mapping[str, Declaration], needed: Collection[str]) -> list[Declaration]:
    ordered: dict[str, Declaration] = {}

    def visit(name: str, path: tuple[str, ...], asked: str) -> None:
        if name in ordered:
            return
        if name in path:
            cycle = " -> ".join((*path[path.index(name) :], name))
            raise DeclarationError(
                f"circular dependency between containers: {cycle}",
                details="\n".join(declarations[one].where for one in path[path.index(name) :]),
                hint="remove a parameter from one of these functions",
            )
        if name not in declarations:
            known = ", ".join(declarations) or "none"
            raise DeclarationError(
                f"{asked} needs a container called {name!r}, but none is declared{closest(name, declarations)}",
                hint=f"declared containers: {known}; declare containers in the root conftest.py or in a plugin; "
                "parameters of a declaring function name containers, not other fixtures",
            )
        declaration = declarations[name]
        for need in declaration.needs:
            visit(need, (*path, name), f"{declaration.where}: {name}")
        ordered[name] = declaration

    # In the order of declaration, so that a plan reads as the conftest does.
    for name in sorted(needed, key=lambda name: [*declarations, name].index(name)):
        visit(name, (), "a test")
    return list(ordered.values())


def _plan(
    declaration: Declaration, planned: Mapping[str, PlannedContainer], run: str, token: Callable[[], str]
) -> PlannedContainer:
    service = declaration.service
    try:
        check_options(service, declaration.base)
        service.check(declaration.base)
    except DeclarationError as problem:
        raise at(declaration, problem) from None
    neighbours = {name: inside_face(planned[name]) for name in declaration.needs}
    try:
        returned = declaration.function(**neighbours)
    except Exception as problem:
        raise DeclarationError(
            f"{declaration.where}: {declaration.name} raised {type(problem).__name__}: {problem}",
            details=users_frames(problem),
            hint="a declaring function is called before anything runs, with the inside addresses of what it needs",
        ) from problem
    checked = _checked(declaration, returned)
    try:
        service.check_returned(declaration.base, checked)
    except DeclarationError as problem:
        raise at(declaration, problem) from None
    return PlannedContainer(
        declaration=declaration,
        container_name=prefix(run) + declaration.name.lower().replace("_", "-"),
        secrets=service.secrets(token),
        returned=checked,
    )


def prefix(run: str) -> str:
    """With what the names of a run's containers begin."""
    return f"wc-{run}-"


def inside_face(planned: PlannedContainer) -> Any:
    """The container as its neighbours will see it."""
    return planned.service.face(planned.container_name, planned.inside_ports, planned.secrets)


def _checked(declaration: Declaration, returned: object) -> Mapping[str, Any]:
    allowed = declaration.service.returns
    listed = ", ".join(sorted(allowed))
    if returned is None:
        return {}
    if not isinstance(returned, Mapping):
        raise DeclarationError(
            f"{declaration.where}: {declaration.name} returned {type(returned).__name__}, not a dictionary",
            hint=f"return None, or a dictionary with any of these keys: {listed}",
        )
    for key, value in returned.items():
        if key not in allowed:
            raise DeclarationError(
                f"{declaration.where}: {declaration.name} returned an unknown key: {key!r}{closest(str(key), allowed)}",
                hint=f"allowed keys: {listed}",
            )
        try:
            check_value(value, Mapping[str, str], f"the returned {key}")
        except DeclarationError as problem:
            raise at(declaration, problem) from None
    return returned


def at(declaration: Declaration, problem: DeclarationError) -> DeclarationError:
    """The problem with the place of the declaration in front."""
    return type(problem)(
        f"{declaration.where}: {declaration.name}: {problem.message}", hint=problem.hint, details=problem.details
    )
