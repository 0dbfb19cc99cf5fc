"""Creating and starting one container on the engine, with a limit on parallel starts, retries and cleanup."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from pytest_wincontainers.engines.base import ContainerSpec, Image, Mount
from pytest_wincontainers.errors import EngineError, NotReady, WincontainersError
from pytest_wincontainers.failures.failure import Failure
from pytest_wincontainers.guests.builds import Isolation, doubt
from pytest_wincontainers.packing import Folder, packed
from pytest_wincontainers.plan import PlannedContainer
from pytest_wincontainers.reports.masks import masked
from pytest_wincontainers.run.context import RunContext
from pytest_wincontainers.run.ports import refused
from pytest_wincontainers.run.preflight import isolation_of, on_engine
from pytest_wincontainers.run.removal import NAME, RUN, labels
from pytest_wincontainers.run.retry import retrying
from pytest_wincontainers.services.recipe import Recipe


def _is_of_port(problem: EngineError) -> bool:
    """Whether the engine's machine uses or excludes a port that was to be published."""
    return problem.failure is not None and problem.failure.implies == "excluded-port"


def _words(given: Sequence[str] | None) -> tuple[str, ...] | None:
    return tuple(given) if given is not None else None


_REMOVAL_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)


class Starter:
    """Starts one container of a run. `pause` waits so many seconds, or raises when waiting has become pointless."""

    def __init__(self, context: RunContext, planned: PlannedContainer, pause: Callable[[float], None]) -> None:
        self._context = context
        self._planned = planned
        self._pause = pause

    def retry(self, what: str, attempt: Callable[[], None]) -> None:
        """Do something, again after transient failures; each of them is noted."""

        def note(failure: Failure, words: str) -> None:
            first = (words.splitlines() or [""])[0]
            self._context.board.retried(self._planned.name, what, failure.id, first)

        retrying(attempt, retries=self._context.settings.retries, pause=self._pause, note=note)

    def remove(self, container: str) -> None:
        """Remove a container. Raises EngineError."""
        self.retry("its removal", lambda: self._context.engine.remove(container))

    def spec(self, image_name: str, image: Image, recipe: Recipe) -> ContainerSpec:
        """What to create. Raises DeclarationError where the engine cannot run the image."""
        declaration, service = self._planned.declaration, self._planned.service
        isolation = self.isolation(image)
        aliases = tuple(service.options.get("aliases", ()))
        fixed = self._context.fixed_ports(self._planned)
        return ContainerSpec(
            name=self._planned.container_name,
            image=image_name,
            labels={
                **service.options.get("labels", {}),
                **labels(self._context.plan.run, self._planned.name, aliases),
            },
            environment=recipe.environment,
            command=recipe.command,
            entrypoint=_words(service.options.get("entrypoint")),
            working_dir=service.directory(self._context.info.guest),
            user=service.account,
            healthcheck=service.options.get("healthcheck"),
            aliases=aliases,
            publish=tuple(fixed) if self._context.direct else tuple(dict.fromkeys([*service.ports, *fixed])),
            fixed=fixed,
            mounts=tuple(
                Mount(on_engine(declaration.base, mount.source), mount.target, mount.read_only)
                for mount in service.options.get("mounts", ())
            ),
            memory=service.options.get("memory") or (service.hyperv_memory if isolation == "hyperv" else None),
            isolation=isolation,
        )

    def isolation(self, image: Image) -> Isolation | None:
        """The isolation for a container of that image. Raises DeclarationError where the engine cannot run it."""
        info = self._context.info
        chosen = isolation_of(self._planned, image, info, self._context.isolation)
        known = doubt(info.windows, image.windows, chosen) if info.windows and image.windows else None
        if known is not None:
            self._context.board.note(f"{self._planned.name}: its image ({image.windows}) {known}")
        return chosen

    def start(self, spec: ContainerSpec, folders: Sequence[Folder], archives: Sequence[Path] = ()) -> str:
        """Create, fill and start a container; its id. `archives` are tar files for its root."""
        started: list[str] = []

        def attempt() -> None:
            with self._context.locks.slot(self._context.parallel_starts), self._context.cancellation.making():
                try:
                    started[:] = [self._make(spec, folders, archives)]
                except EngineError as problem:
                    self._failed(problem)
                    self._remove_what_was_made(spec.labels[NAME])
                    # Another try would ask for the same ones.
                    if _is_of_port(problem) and set(spec.publish) <= set(spec.fixed):
                        raise refused(self._planned, spec.fixed.values(), problem) from problem
                    raise

        self.retry("its start", attempt)
        return started[0]

    def _make(self, spec: ContainerSpec, folders: Sequence[Folder], archives: Sequence[Path] = ()) -> str:
        engine = self._context.engine
        container = engine.create(spec)
        if folders:
            with packed(folders) as archive:
                engine.copy_in(container, archive)
        for path in archives:
            with path.open("rb") as archive:
                engine.copy_in(container, archive)
        if self._context.cancellation.cancelled:
            engine.remove(container)
        self._context.cancellation.check()
        engine.start(container)
        return container

    def start_again(self, container: str) -> None:
        """Start a container that has ended."""

        def attempt() -> None:
            with self._context.locks.slot(self._context.parallel_starts):
                try:
                    self._context.engine.start(container)
                except EngineError as problem:
                    self._failed(problem)
                    raise

        self.retry("its restart", attempt)

    def _failed(self, problem: EngineError) -> None:
        """A start has failed: heed it before the next one gets its turn, and say more where the host knows more."""
        if problem.failure is not None and problem.failure.implies == "crowding":
            self._context.locks.crowded()
        if _is_of_port(problem):
            ranges = self._context.hosts.excluded_ports()
            problem.details += f"\nports excluded on the engine's machine:\n{ranges}" if ranges else ""

    def explained(self, problem: WincontainersError) -> WincontainersError:
        """An error that ends a start, with what the engine's machine has logged where that may say why."""
        if isinstance(problem, (EngineError, NotReady)) and not self._context.cancellation.cancelled:
            secrets = self._context.plan.secrets
            logged = self._context.hosts.events(lambda text: masked(text, secrets))
            problem.details = "\n".join(filter(None, [problem.details, logged]))
        return problem

    def _remove_what_was_made(self, name: str) -> None:
        # By label: an engine that went away in the call may have made a container without saying so. Until it is
        # gone, as the next try wants its name.
        for pause in _REMOVAL_PAUSES:
            with suppress(WincontainersError):
                left = self._context.engine.containers([f"{RUN}={self._context.plan.run}", f"{NAME}={name}"])
                if not left:
                    return
                for one in left:
                    self._context.engine.remove(one.id)
                continue
            self._pause(pause)
