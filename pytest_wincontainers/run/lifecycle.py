"""The life of one container, from its image to handed over, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pytest_wincontainers.endpoints import Began, Handed
from pytest_wincontainers.engines.base import ContainerState, Engine, Image
from pytest_wincontainers.errors import (
    EngineError,
    NotReady,
    StartError,
    WincontainersError,
)
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.plan import Planned
from pytest_wincontainers.reports.board import State
from pytest_wincontainers.reports.logs import masked
from pytest_wincontainers.run.follower import Follower
from pytest_wincontainers.run.handover import Failed
from pytest_wincontainers.run.images import ensure_image
from pytest_wincontainers.run.readying import make_ready, prepare
from pytest_wincontainers.run.starting import Starting

if TYPE_CHECKING:
    from pytest_wincontainers.run.run import Run

_POLL_SECONDS = 1.0
_ADDRESS_SECONDS = 0.05
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
        self._starting = Starting(run, planned, self._pause)
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
        for line in recipe.notes:
            self.run.board.note(f"{self.name}: {line}")
        self.run.check()
        self._say(State.IMAGE)
        reference, image = ensure_image(
            engine,
            recipe.image,
            self.run.locks,
            self._image_progress,
            lambda make: self._starting.retry("its image", make),
        )
        spec = self._starting.spec(reference, image, recipe)
        if service.common.starts_after_ready:
            self._wait_for_needs()
        self._say(State.STARTING)
        self.container = self._starting.start(spec, recipe, self._making)
        self._started = True
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
        self._make_ready(endpoint, image, started)
        self._say(State.PREPARING)
        prepare(
            self.name,
            service,
            endpoint,
            base=self.planned.declaration.base,
            log=self.log,
            pause=self._pause,
            progress=lambda text: self._say(State.PREPARING, text),
        )
        flushed()
        return self._handed(state)

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
            guest=self.run.info.guest,
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

    def _make_ready(self, endpoint: Any, image: Image | None, started: float) -> None:
        # What it needs may have taken all the time there was.
        left = max(self._limit - (time.monotonic() - started), min(self._limit, 30))
        make_ready(
            self.name,
            self.planned.service,
            endpoint,
            image=image,
            timeout=left,
            log=self.log,
            pause=self._pause,
        )

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
            try:
                service.shut_down(service.endpoint(Ends(self.outcome, engine)), engine)
                self.follower.wait(_LOG_SECONDS)
                self._starting.start_again(self.container)
                started = time.monotonic()
                self.follower.follow(engine, self.container)
                handed = self._handed(self._where_it_is())
                flushed = self.run.hosts.flush_dns()
                self.run.flush_dns_around(self.name)
                self._make_ready(service.endpoint(Ends(handed, engine)), None, started)
                flushed()
            except WincontainersError as problem:
                self._end(problem)
                raise
            with self.run.board.changed:
                self.outcome = handed
                self.run.board.say(self.name, State.READY)
                self.run.handover.publish(self.name, handed)
            return handed

    def _end(self, ended: WincontainersError) -> None:
        with self.run.board.changed:
            if self.run.cancelled or self.ended is not None:
                return
            self.ended = ended
            if isinstance(self.outcome, Handed):
                self.run.handover.publish_loss(self.name, masked(str(ended), self.run.plan.secrets))
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

    def began(self) -> Began:
        return Began()

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
