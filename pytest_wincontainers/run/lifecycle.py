"""The life of one container, from its image to handed over, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from pytest_wincontainers.endpoints import Handed
from pytest_wincontainers.engines.base import ContainerSpec, ContainerState, Engine, Image, Mount
from pytest_wincontainers.errors import (
    Cancelled,
    ContainerExited,
    EngineError,
    EngineUnavailable,
    NotReady,
    PreparationError,
    StartError,
    WincontainersError,
)
from pytest_wincontainers.failures.catalogue import Failure
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.guests.builds import Isolation, newer_revision
from pytest_wincontainers.packing import packed
from pytest_wincontainers.plan import Planned
from pytest_wincontainers.reports.board import State
from pytest_wincontainers.reports.logs import masked, tail
from pytest_wincontainers.run.follower import TAIL_LINES, Follower
from pytest_wincontainers.run.handover import Failed
from pytest_wincontainers.run.images import ensure_image
from pytest_wincontainers.run.preflight import isolation_of, on_engine
from pytest_wincontainers.run.readiness import wait_until_ready
from pytest_wincontainers.run.removal import NAME, RUN, labels
from pytest_wincontainers.run.retry import retrying
from pytest_wincontainers.services.base import Recipe

if TYPE_CHECKING:
    from pytest_wincontainers.run.run import Run

_POLL_SECONDS = 1.0
_ADDRESS_SECONDS = 0.05
_LAST_WORDS_SECONDS = 0.5
_LOG_SECONDS = 5.0
_FLUSH_SECONDS = 60.0


class Lifecycle:
    """One container of a run.

    `outcome` is None until the container is handed over or has failed. All state is guarded by the board's
    condition, which is notified at each change.
    """

    def __init__(self, run: Run, planned: Planned) -> None:
        self.run = run
        self.planned = planned
        self.log = run.artifacts / f"{planned.name}.log"
        self.outcome: Handed | WincontainersError | None = None
        self.ended: WincontainersError | None = None
        self.container = ""
        self._creating = False
        self._started = False
        self._restarting = threading.Lock()
        self._thread = threading.Thread(target=self._live, name=f"wincontainers-{planned.name}", daemon=True)
        self.follower = Follower(
            planned.name,
            self.log,
            run.plan.secrets,
            over=lambda: run.cancelled,
            note=run.board.note,
            ended=self._end,
        )

    @property
    def name(self) -> str:
        return self.planned.name

    def start(self) -> None:
        self._thread.start()

    def stopped(self, deadline: float) -> bool:
        """After the run was cancelled: wait until this makes no container any more; whether that is so.

        A build that goes on, or a request that a site has not answered yet, does not matter: the one ends with
        this process, the other with the container.
        """
        with self.run.board.changed:
            return self.run.board.changed.wait_for(
                lambda: not self._creating, timeout=max(0.0, deadline - time.monotonic())
            )

    def finish_log(self, seconds: float) -> None:
        """Wait until the log is complete."""
        self.follower.finish(self.run.engine, self.container, seconds)

    def _live(self) -> None:
        try:
            outcome: Handed | WincontainersError = self._bring_up()
        except WincontainersError as problem:
            outcome = problem
        except Exception as problem:  # noqa: BLE001 - a defect must fail the tests that wait, not leave them waiting
            outcome = as_error(problem, f"{self.name} could not be started")
        self.settle(outcome)

    def settle(self, outcome: Handed | WincontainersError, *, skip: bool = False) -> None:
        """Make the outcome known; the first one counts. `skip`: tests that need it are skipped, not failed."""
        failed = isinstance(outcome, WincontainersError)
        with self.run.board.changed:
            if self.outcome is not None:
                return
            self.outcome = outcome
            self.follower.handed_over = not failed
            self.run.board.say(self.name, State.FAILED if failed else State.READY)
            # After the end of the run nobody reads it, and the folder may be gone.
            if not self.run.cancelled:
                words = masked(str(outcome), self.run.plan.secrets)
                self.run.handover.publish(self.name, outcome if isinstance(outcome, Handed) else Failed(words, skip))

    # -- starting -----------------------------------------------------------------------------------------

    def _bring_up(self) -> Handed:
        engine, info, service = self.run.engine, self.run.info, self.planned.service
        recipe = service.recipe(self.planned.declaration.base, info, self.planned.secrets, self.planned.returned)
        self.run.check()
        self._say(State.IMAGE)
        reference, image = ensure_image(
            engine, recipe.image, self.run.locks, self._image_progress, lambda make: self._retry("its image", make)
        )
        spec = self._spec(reference, recipe, self._isolation(image))
        if service.common.starts_after_ready:
            self._wait_for_needs()
        self._say(State.STARTING)
        self._retry("its start", lambda: self._start(spec, recipe))
        started = time.monotonic()
        self.follower.follow(engine, self.container)
        self._say(State.BOOTING)
        state = self._where_it_is()
        flushed = self.run.hosts.flush_dns()
        self._wait_for_needs()
        if self.planned.needs:
            # It may have asked for them before they were there, and "there is none" is cached too.
            self.flush_dns()
        handed = self._handed(state)
        endpoint = service.endpoint(Ends(handed, engine))
        self._wait_until_ready(endpoint, image, started)
        self._say(State.PREPARING)
        self._prepare(endpoint)
        flushed()
        return self._handed(state)

    def _retry(self, what: str, attempt: Callable[[], None]) -> None:
        def note(failure: Failure, words: str) -> None:
            self.run.board.note(
                f"{self.name}: {what} was tried again after {failure.id}: {(words.splitlines() or [''])[0]}"
            )

        retrying(attempt, retries=self.run.settings.retries, pause=self._pause, note=note)

    def _start(self, spec: ContainerSpec, recipe: Recipe) -> None:
        engine = self.run.engine
        with self.run.locks.slot(self.run.parallel_starts), self._making():
            try:
                self.container = engine.create(spec)
                if recipe.folders:
                    with packed(recipe.folders) as archive:
                        engine.copy_in(self.container, archive)
                if self.run.cancelled:
                    engine.remove(self.container)
                self.run.check()
                engine.start(self.container)
            except EngineError as problem:
                self._failed_to_start(problem)
                raise
        self._started = True

    def _failed_to_start(self, problem: EngineError) -> None:
        """Take away what a failed start left, and say why where the host knows; before the next one gets its turn."""
        failure = problem.failure
        if failure is not None and failure.crowding:
            self.run.locks.crowded()
        if failure is not None and failure.id.startswith("port-"):
            ranges = self.run.hosts.excluded_ports()
            problem.details += f"\nports that the engine's machine excludes:\n{ranges}" if ranges else ""
        with suppress(WincontainersError):
            # By label: an engine that went away in the call may have made one without saying so.
            for left in self.run.engine.containers([f"{RUN}={self.run.plan.run}", f"{NAME}={self.name}"]):
                self.run.engine.remove(left.id)

    @contextmanager
    def _making(self) -> Iterator[None]:
        """While this lasts, a container may come to be that a removal has not seen."""
        with self.run.board.changed:
            self.run.check()
            self._creating = True
        try:
            yield
        finally:
            with self.run.board.changed:
                self._creating = False
                self.run.board.changed.notify_all()

    def _image_progress(self, text: str) -> None:
        self.run.check()
        self._say(State.IMAGE, text)

    def _say(self, state: State, detail: str = "") -> None:
        self.run.board.say(self.name, state, detail)

    def _isolation(self, image: Image) -> Isolation | None:
        info = self.run.info
        chosen = isolation_of(self.planned, image, info, self.run.isolation)
        if chosen == "process" and info.windows and image.windows and newer_revision(info.windows, image.windows):
            self.run.board.note(
                f"{self.name}: its image ({image.windows}) has later updates than the host ({info.windows.build}); "
                "update the host if it does not start"
            )
        return chosen

    def _spec(self, image: str, recipe: Recipe, isolation: Isolation | None) -> ContainerSpec:
        declaration, service = self.planned.declaration, self.planned.service
        return ContainerSpec(
            name=self.planned.container_name,
            image=image,
            labels=labels(self.run.plan.run, self.name),
            environment=recipe.environment,
            command=recipe.command,
            publish=() if self.run.direct else service.inside_ports,
            mounts=tuple(
                Mount(on_engine(declaration.base, mount.source), mount.target, mount.read_only)
                for mount in service.common.mounts
            ),
            memory=service.common.memory or (service.hyperv_memory if isolation == "hyperv" else None),
            isolation=isolation,
        )

    def _where_it_is(self) -> ContainerState:
        """The container's state once it has an address, which some engines give it after its start."""
        deadline = time.monotonic() + self._limit
        while time.monotonic() < deadline:
            state = self.run.engine.state(self.container)
            known = state.address if self.run.direct else len(state.ports) >= len(self.planned.service.inside_ports)
            if known:
                return state
            # Of one that has ended the follower tells, once it has all of its last words.
            self._pause(_POLL_SECONDS if not state.running else _ADDRESS_SECONDS)
        raise NotReady(f"the engine gave {self.name} no address within {self._limit:g} s", hint="look into its own log")

    @property
    def _limit(self) -> float:
        return self.planned.service.common.timeout or self.run.settings.timeout

    def _handed(self, state: ContainerState) -> Handed:
        ports = self.planned.inside_ports if self.run.direct else state.ports
        return Handed(
            name=self.name,
            container_id=self.container,
            container_name=self.planned.container_name,
            host=str(state.address) if self.run.direct else self.run.info.host,
            ports={inside: ports[inside] for inside in self.planned.service.inside_ports},
            secrets=self.planned.secrets,
            log=str(self.log),
            clock_offset=self.run.info.clock_offset,
            seconds=time.monotonic() - self.run.board.begun,
        )

    def _wait_for_needs(self) -> None:
        needs = [self.run.lifecycles[name] for name in self.planned.needs]

        def over() -> bool:
            return self.ended is not None or self.run.cancelled or all(need.outcome is not None for need in needs)

        with self.run.board.changed:
            self.run.board.changed.wait_for(over)
        self._pause(0)
        for need in needs:
            if isinstance(need.outcome, WincontainersError):
                raise StartError(
                    f"{self.name} was not made ready because {need.name}, which it needs, failed",
                    details=need.outcome.message,
                    hint=f"the report of {need.name} says why",
                )

    def flush_dns(self) -> None:
        """Empty the container's DNS client cache, if it runs. What goes wrong is noted."""
        if not self._started or self.ended is not None:
            return
        rules = RULES[self.run.info.guest]
        try:
            done = self.run.engine.exec(
                self.container, rules.flush_dns, {}, user=rules.administrator, timeout=_FLUSH_SECONDS
            )
            problem = done.output.strip() if done.exit_code != 0 else ""
        except EngineError as refused:
            # An image without even a shell has no cache either.
            known = refused.failure is not None and refused.failure.id == "exec-not-found"
            problem = "" if known and self.run.info.guest == "linux" else refused.details or refused.message
        if problem:
            self.run.board.note(f"the DNS client cache of {self.name} was not flushed: {problem.splitlines()[0]}")

    def _wait_until_ready(self, endpoint: Any, image: Image | None, started: float) -> None:
        service = self.planned.service
        waited = time.monotonic() - started
        try:
            wait_until_ready(
                service.readiness(),
                endpoint,
                # What it needs may have taken all the time there was.
                timeout=max(self._limit - waited, min(self._limit, 30)),
                clock=time.monotonic,
                pause=self._pause,
            )
        except NotReady as problem:
            self._pause(_LAST_WORDS_SECONDS)
            exposed = ", ".join(str(port) for port in image.ports) if image else ""
            raise NotReady(
                f"{self.name} {problem.message}" if problem.message.startswith("is ") else problem.message,
                details=problem.details or tail(self.log, TAIL_LINES),
                hint=problem.hint
                or (f"its image exposes {exposed}; " if exposed else "")
                + f"its log is {self.log}; --wincontainers-timeout or timeout= gives it longer",
            ) from None
        except (ContainerExited, EngineUnavailable, Cancelled):
            raise
        except EngineError as problem:
            self._pause(_LAST_WORDS_SECONDS)
            raise StartError(
                f"{self.name} cannot be asked whether it is ready: {problem.message}",
                details=problem.details,
                hint=f"its log is {self.log}",
            ) from problem
        except WincontainersError:
            raise
        except Exception as problem:
            raise StartError(
                f"the readiness check of {self.name} raised {type(problem).__name__}: {problem}",
                hint="a check returns None when it holds, or a text that says why not",
            ) from problem

    def _prepare(self, endpoint: Any) -> None:
        service = self.planned.service
        try:
            service.prepare(endpoint, self.planned.declaration.base, lambda text: self._say(State.PREPARING, text))
            if service.common.prepare is not None:
                service.common.prepare(endpoint)
        except WincontainersError:
            # A server that dies in the middle looks like a broken migration; its end says more.
            self._pause(_LAST_WORDS_SECONDS)
            raise
        except Exception as problem:
            self._pause(_LAST_WORDS_SECONDS)
            raise PreparationError(
                f"preparing {self.name} failed: {type(problem).__name__}: {problem}",
                details=tail(self.log, TAIL_LINES),
                hint=f"its log is {self.log}",
            ) from problem

    def _pause(self, seconds: float) -> None:
        """Wait, but not when waiting has become pointless: raise the reason instead."""
        with self.run.board.changed:
            self.run.board.changed.wait_for(lambda: self.ended is not None or self.run.cancelled, timeout=seconds)
            if self.ended is not None:
                raise self.ended
        self.run.check()

    # -- running ------------------------------------------------------------------------------------------

    def restart(self) -> Handed:
        """Restart the container and wait until it is ready; where it is now. Raises WincontainersError."""
        engine, service = self.run.engine, self.planned.service
        with self._restarting:
            if not isinstance(self.outcome, Handed) or self.ended is not None:
                raise self.ended or StartError(f"{self.name} does not run", hint="restart what is ready")
            self._say(State.RESTARTING)
            self.follower.expect_end()
            service.shut_down(service.endpoint(Ends(self.outcome, engine)), engine)
            self.follower.wait(_LOG_SECONDS)
            try:
                self._retry("its restart", self._start_again)
                started = time.monotonic()
                self.follower.follow(engine, self.container)
                handed = self._handed(self._where_it_is())
                flushed = self.run.hosts.flush_dns()
                self.run.flush_dns_around(self.name)
                self._wait_until_ready(service.endpoint(Ends(handed, engine)), None, started)
                flushed()
            except WincontainersError as problem:
                self._end(problem)
                raise
            with self.run.board.changed:
                self.outcome = handed
                self.run.board.say(self.name, State.READY)
                self.run.handover.publish(self.name, handed)
            return handed

    def _start_again(self) -> None:
        with self.run.locks.slot(self.run.parallel_starts):
            try:
                self.run.engine.start(self.container)
            except EngineError as problem:
                if problem.failure is not None and problem.failure.crowding:
                    self.run.locks.crowded()
                raise

    def _end(self, ended: WincontainersError) -> None:
        with self.run.board.changed:
            if self.run.cancelled or self.ended is not None:
                return
            self.ended = ended
            if isinstance(self.outcome, Handed):
                self.run.handover.publish_loss(self.name, str(ended))
                self.run.board.say(self.name, State.ENDED)
                self.run.board.note(ended.message)
            self.run.board.changed.notify_all()
        # Whoever prepares it at this moment may be blocked in a call that takes long to notice.
        self.settle(ended)


class Ends:
    """The link of an endpoint that the owner itself uses, for checks and preparation."""

    def __init__(self, handed: Handed, engine: Engine) -> None:
        self._handed = handed
        self._engine = engine

    def handed(self) -> Handed:
        return self._handed

    def engine(self) -> Engine:
        return self._engine

    def restart(self) -> None:
        raise StartError(
            f"{self._handed.name} cannot be restarted while it is prepared", hint="restart it in a test or a fixture"
        )


def as_error(problem: Exception, what: str) -> WincontainersError:
    """An error of ours from any other."""
    if isinstance(problem, WincontainersError):
        return problem
    hint = "this is a defect of pytest-wincontainers; please report it"
    if isinstance(problem, OSError):
        hint = "see whether that file or folder can be read and written"
    error = StartError(f"{what}: {type(problem).__name__}: {problem}", hint=hint)
    error.__cause__ = problem
    return error
