"""The plan of a run, from declarations and needs: which containers it starts, in which order, with which names.

Nothing here uses an engine or the clock; the disk is only used to read what declarations name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_wincontainers.dependencies import ordered
from pytest_wincontainers.engines.base import Build
from pytest_wincontainers.errors import DeclarationError, closest, users_frames
from pytest_wincontainers.services.declaration import Declaration
from pytest_wincontainers.services.files import check_files
from pytest_wincontainers.services.options import check_value
from pytest_wincontainers.services.recipe import check_options
from pytest_wincontainers.services.roles import PerWorker, ReuseSupport
from pytest_wincontainers.services.service import RETURNED_TYPES, Returned, Service


@dataclass(frozen=True)
class PlannedContainer:
    """One container of a plan."""

    name: str
    """The declaration's name, followed by the worker's if each pytest-xdist worker has its own container."""
    declaration: Declaration
    service: Service
    """The declaration's, with a part for each of `workers`."""
    needs: tuple[str, ...]
    """The names of the containers of this plan that it needs."""
    container_name: str
    """Its name on the engine and on the network, unlike any other run's."""
    secrets: Mapping[str, str] = field(repr=False)
    returned: Returned = field(repr=False)
    """What the declaration function said, called with its neighbours' inside faces."""
    workers: tuple[str, ...] = ()
    """The workers that each have a part of their own; none if there are no parts."""

    @property
    def inside_ports(self) -> Mapping[int, int]:
        return {port: port for port in self.service.ports}

    def inside_face(self, worker: str) -> Any:
        """The container as its neighbours see it; its part for that worker, if it has parts."""
        seen = part_of(self.declaration.service, self.workers, worker)
        return seen.face(self.container_name, self.inside_ports, self.secrets)


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
    given = options.get("image") or options.get("build")
    each = given.values() if isinstance(given, Mapping) else [given] if given else []
    image = " or ".join(str(one.place if isinstance(one, Build) else one) for one in each)
    ports = ", ".join(str(port) for port in planned.service.ports)
    yield f"{planned.name}: {planned.service.kind}" + (f" from {image}" if image else "")
    yield f"  on the network as {planned.container_name}" + (f", port {ports}" if ports else "")
    if planned.needs:
        when = "starts after" if options.get("starts_after_ready") else "is ready after"
        yield f"  {when} {', '.join(planned.needs)}"


def make_plan(
    declarations: Sequence[Declaration],
    needed: Collection[str],
    run: str,
    token: Callable[[], str],
    workers: Sequence[str] = (),
    *,
    stays: bool = False,
    outside: Collection[str] = (),
    known: Mapping[str, Mapping[str, str]] | None = None,
) -> Plan:
    """The plan for a run that needs the containers called `needed`.

    `token` makes a new password each time. `workers` are the pytest-xdist workers that will use the containers. With
    `stays`, a later run may use them again; `outside` are others that people look at. `known` are the passwords of
    containers that are there already, by name. Raises DeclarationError for whatever cannot be.
    """
    declared = [one.name for one in declarations]
    for name in outside:
        if name not in declared:
            raise DeclarationError(
                f"no container is called {name!r} (--wincontainers-publish){closest(name, declared)}",
                hint=f"declared containers: {', '.join(declared)}",
            )
    services = [as_made(one, stays=stays, outside=outside) for one in declarations]
    declarations = [replace(one, service=made) for one, made in zip(declarations, services, strict=True)]
    by_name = {declaration.name: declaration for declaration in declarations}
    planner = _Planner(run, token, tuple(workers), known or {})
    for declaration in ordered(by_name, needed):
        planner.add(declaration)
    _check_aliases(list(planner.containers()))
    return Plan(run, tuple(planner.containers()))


def _check_aliases(containers: Iterable[PlannedContainer]) -> None:
    having: dict[str, PlannedContainer] = {}
    for planned in containers:
        for alias in map(str.lower, planned.service.options.get("aliases", ())):
            other = having.setdefault(alias, planned)
            if other is not planned:
                raise at(
                    planned.declaration,
                    DeclarationError(
                        f"aliases= has {alias!r}, which {other.name} has, too",
                        hint="each name on the network belongs to one container",
                    ),
                )


def part_of(service: Service, workers: Sequence[str], worker: str) -> Service:
    """The service as one worker sees it, where its container has parts for `workers`.

    Raises DeclarationError if there is none for this worker.
    """
    if not workers or not isinstance(service, PerWorker):
        return service
    if worker not in workers:
        raise DeclarationError(
            f"nothing was prepared for the pytest-xdist worker {worker}",
            hint=f"workers cannot be added to a run; it has started for {', '.join(workers)}",
        )
    return service.part(workers, worker)


class _Planner:
    """Plans one container after the other, each after all that it needs."""

    def __init__(
        self,
        run: str,
        token: Callable[[], str],
        workers: tuple[str, ...],
        known: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._run = run
        self._known = known
        self._token = token
        self._workers = workers
        self._planned: dict[str, dict[str, PlannedContainer]] = {}
        # By the declaration's name and the worker that it is for; "" is all of them.

    def containers(self) -> Iterator[PlannedContainer]:
        """Those planned so far."""
        for by_worker in self._planned.values():
            yield from by_worker.values()

    def add(self, declaration: Declaration) -> None:
        """Plan the container, or the containers, of a declaration. Raises DeclarationError.

        What its function returns decides. If that is the same for all workers, they share one container. If it differs,
        as it names something that each worker has of its own, the service has a part for each worker in one container
        if it can; otherwise there is a container for each.
        """
        service = declaration.service
        try:
            check_options(service, declaration.base)
            service.check(declaration.base)
        except DeclarationError as problem:
            raise at(declaration, problem) from None
        returned = {worker: self._returned(declaration, worker) for worker in self._told_apart(declaration)}
        first = next(iter(returned.values()))
        shared = all(one == first for one in returned.values())
        if isinstance(service, PerWorker) and self._workers and (service.always_per_worker or not shared):
            try:
                joined = service.joined({one: {} for one in self._workers} if shared else returned)
            except DeclarationError as problem:
                raise at(declaration, problem) from None
            made = {"": self._plan(declaration, joined, first if shared else {}, workers=self._workers)}
        elif shared:
            made = {"": self._plan(declaration, service, first)}
        else:
            made = {worker: self._plan(declaration, service, one, worker) for worker, one in returned.items()}
        self._planned[declaration.name] = made

    def _told_apart(self, declaration: Declaration) -> Sequence[str]:
        """The workers that see its neighbours differently; only "" if they are the same for all."""
        neighbours = [one for need in declaration.needs for one in self._planned[need].items()]
        return self._workers if any(worker or one.workers for worker, one in neighbours) else ("",)

    def _for_worker(self, name: str, worker: str) -> PlannedContainer:
        made = self._planned[name]
        return made[worker] if worker in made else made[""]

    def _returned(self, declaration: Declaration, worker: str) -> Returned:
        neighbours = {name: self._for_worker(name, worker).inside_face(worker) for name in declaration.parameters}
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
            check_files(checked.get("files", {}), declaration.base)
            declaration.service.check_returned(declaration.base, checked)
        except DeclarationError as problem:
            raise at(declaration, problem) from None
        return checked

    def _plan(
        self,
        declaration: Declaration,
        service: Service,
        returned: Returned,
        worker: str = "",
        workers: tuple[str, ...] = (),
    ) -> PlannedContainer:
        needs = [
            need
            for name in declaration.needs
            for need in ([self._for_worker(name, worker)] if worker else self._planned[name].values())
        ]
        name = own_name(declaration.name, worker)
        return PlannedContainer(
            name=name,
            declaration=declaration,
            service=service,
            needs=tuple(need.name for need in needs),
            container_name=prefix(self._run) + name.lower().replace("_", "-"),
            secrets=self._secrets(name, service),
            returned=returned,
            workers=workers,
        )

    def _secrets(self, name: str, service: Service) -> Mapping[str, str]:
        made, known = service.secrets(self._token), self._known.get(name, {})
        return known if known.keys() == made.keys() else made


def as_made(declaration: Declaration, *, stays: bool, outside: Collection[str]) -> Service:
    """The service of a declaration as its container is made in a run; see `make_plan`."""
    service = declaration.service
    if stays or declaration.name in outside:
        service = service.for_outside()
    if stays and isinstance(service, ReuseSupport):
        service = service.for_reuse()
    return service


def own_name(name: str, worker: str) -> str:
    """The name in the plan of a container that only one worker uses."""
    return f"{name}-{worker}" if worker else name


def prefix(run: str) -> str:
    """With what the names of a run's containers begin."""
    return f"wc-{run}-"


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
            annotation = {**RETURNED_TYPES, **declaration.service.return_types}.get(key, Mapping[str, str])
            check_value(value, annotation, f"the returned {key}")
        except DeclarationError as problem:
            raise at(declaration, problem) from None
    return returned


def at(declaration: Declaration, problem: DeclarationError) -> DeclarationError:
    """The problem with the place of the declaration in front."""
    return type(problem)(
        f"{declaration.where}: {declaration.name}: {problem.message}", hint=problem.hint, details=problem.details
    )
