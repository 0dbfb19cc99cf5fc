"""The life of one container, from its image to handed over, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_wincontainers.endpoints import Handed
from pytest_wincontainers.engines.base import ContainerSpec, ContainerState, Image, Mount
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
from pytest_wincontainers.plan import Planned
from pytest_wincontainers.reports.board import State
from pytest_wincontainers.reports.logs import masked, tail, write_log
from pytest_wincontainers.run.handover import Failed
from pytest_wincontainers.run.images import ensure_image
from pytest_wincontainers.run.packing import packed
from pytest_wincontainers.run.readiness import wait_until_ready
from pytest_wincontainers.run.removal import labels
from pytest_wincontainers.services.base import Recipe

if TYPE_CHECKING:
    from pytest_wincontainers.run.run import Run

_TAIL_LINES = 40
_POLL_SECONDS = 1.0
_ADDRESS_SECONDS = 0.05
_LAST_WORDS_SECONDS = 0.5


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
        self._container = ""
        self._creating = False
        self._log_complete = False
        self._thread = threading.Thread(target=self._live, name=f"wincontainers-{planned.name}", daemon=True)
        self._follower = threading.Thread(target=self._follow, name=f"wincontainers-log-{planned.name}", daemon=True)

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
        """Wait until the log is complete, as it is once the container has ended; read it again where it broke off."""
        if self._follower.ident is None:
            return
        self._follower.join(seconds)
        if not self._log_complete:
            try:
                write_log(self.log, self.run.engine.logs(self._container, follow=False), self.run.plan.secrets)
            except (WincontainersError, OSError) as problem:
                self.run.board.note(f"the log of {self.name} is not complete: {problem}")

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
            self.run.board.say(self.name, State.FAILED if failed else State.READY)
            # After the end of the run nobody reads it, and the folder may be gone.
            if not self.run.cancelled:
                words = masked(str(outcome), self.run.plan.secrets)
                self.run.handover.publish(self.name, outcome if isinstance(outcome, Handed) else Failed(words, skip))

    # -- starting -----------------------------------------------------------------------------------------

    def _bring_up(self) -> Handed:
        engine, info, service = self.run.engine, self.run.info, self.planned.service
        common = service.common
        recipe = service.recipe(self.planned.declaration.base, info.guest, self.planned.secrets, self.planned.returned)
        self.run.check()
        self._say(State.IMAGE)
        reference, image = ensure_image(engine, recipe.image, self.run.locks, self._image_progress)
        if common.starts_after_ready:
            self._wait_for_needs()
        self._say(State.STARTING)
        with self.run.locks.slot(self.run.parallel_starts), self._making():
            self._container = engine.create(self._spec(reference, recipe))
            if recipe.folders:
                with packed(recipe.folders) as archive:
                    engine.copy_in(self._container, archive)
            if self.run.cancelled:
                engine.remove(self._container)
            self.run.check()
            engine.start(self._container)
        started = time.monotonic()
        self._follower.start()
        self._say(State.BOOTING)
        state = self._where_it_is()
        self._wait_for_needs()
        handed = self._handed(state)
        endpoint = service.endpoint(handed, lambda: engine)
        self._wait_until_ready(endpoint, image, started)
        self._say(State.PREPARING)
        self._prepare(endpoint)
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

    def _spec(self, image: str, recipe: Recipe) -> ContainerSpec:
        declaration, service = self.planned.declaration, self.planned.service
        return ContainerSpec(
            name=self.planned.container_name,
            image=image,
            labels=labels(self.run.plan.run, self.name),
            environment=recipe.environment,
            command=recipe.command,
            publish=() if self.run.direct else service.inside_ports,
            mounts=tuple(
                Mount(_on_engine(declaration.base, mount.source), mount.target, mount.read_only)
                for mount in service.common.mounts
            ),
            memory=service.common.memory,
            isolation=service.common.isolation,
        )

    def _where_it_is(self) -> ContainerState:
        """The container's state once it has an address, which some engines give it after its start."""
        deadline = time.monotonic() + self._limit
        while time.monotonic() < deadline:
            state = self.run.engine.state(self._container)
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
            container_id=self._container,
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

    def _wait_until_ready(self, endpoint: Any, image: Image, started: float) -> None:
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
            exposed = ", ".join(str(port) for port in image.ports)
            raise NotReady(
                f"{self.name} {problem.message}" if problem.message.startswith("is ") else problem.message,
                details=problem.details or tail(self.log, _TAIL_LINES),
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
                details=tail(self.log, _TAIL_LINES),
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

    def _follow(self) -> None:
        """Write the log until the container ends; then say so, unless the run has ended it."""
        try:
            pieces = self.run.engine.logs(self._container, follow=True)
            write_log(self.log, pieces, self.run.plan.secrets)
            self._log_complete = True
        except (EngineError, OSError) as problem:
            if not self.run.cancelled:
                self.run.board.note(f"the log of {self.name} could not be followed: {problem}")
        try:
            # The stream ends with the container; an engine without a readable log is asked again and again.
            while (state := self.run.engine.state(self._container)).running and not self.run.cancelled:
                self._log_complete = False
                time.sleep(_POLL_SECONDS)
            ended: WincontainersError = self._exited(state)
        except EngineUnavailable as problem:
            ended = problem
        except EngineError:
            ended = ContainerExited(
                f"{self.name} was removed from the engine by somebody else",
                hint="leave containers whose names begin with wc- to the run that made them",
            )
        self._end(ended)

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

    def _exited(self, state: ContainerState) -> ContainerExited:
        when = "during the tests" if isinstance(self.outcome, Handed) else "before it was ready"
        memory = ", out of memory" if state.out_of_memory else ""
        return ContainerExited(
            f"{self.name} ended {when} with exit code {state.exit_code}{memory}",
            details=tail(self.log, _TAIL_LINES) or "(it wrote nothing)",
            hint="give it more with memory=…" if state.out_of_memory else f"its whole log is {self.log}",
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


def _on_engine(base: Path, source: str | Path) -> Path:
    return (base / source).resolve()
