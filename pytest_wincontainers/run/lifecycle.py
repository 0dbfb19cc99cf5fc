"""The life of one container, from its image to handed over, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_wincontainers.endpoints import Handed
from pytest_wincontainers.engines.base import Image
from pytest_wincontainers.errors import (
    EngineError,
    EngineUnavailable,
    PreparationError,
    StartError,
    WincontainersError,
)
from pytest_wincontainers.packing import packed
from pytest_wincontainers.plan import Planned
from pytest_wincontainers.reports.board import State
from pytest_wincontainers.reports.logs import masked
from pytest_wincontainers.run.beside import Beside
from pytest_wincontainers.run.ends import Ends, as_error
from pytest_wincontainers.run.follower import Follower
from pytest_wincontainers.run.handover import Failed
from pytest_wincontainers.run.images import ensure_image
from pytest_wincontainers.run.place import Place
from pytest_wincontainers.run.readying import explained, make_ready
from pytest_wincontainers.run.snapshots import WORTH_SECONDS, MadeMeanwhile, Snapshot, snapshot_of
from pytest_wincontainers.run.starting import Starting
from pytest_wincontainers.services.base import Preparing, Recipe

if TYPE_CHECKING:
    from pytest_wincontainers.run.run import Run

_LOG_SECONDS = 5.0


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
        self._trial = False
        """Whether it runs from a snapshot that may be broken: then its end is not the end."""
        self._starting = Starting(run, planned, self._pause)
        self._place = Place(run, planned, self.log, self._pause)
        self._restarting = threading.Lock()
        self._thread = threading.Thread(target=self._live, name=f"wincontainers-{planned.name}", daemon=True)
        self.follower = self._new_follower()

    def _new_follower(self) -> Follower:
        return Follower(
            self.planned.name,
            self.log,
            self.run.plan.secrets,
            over=lambda: self.run.cancelled,
            note=self.run.board.note,
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
        engine, service, base = self.run.engine, self.planned.service, self.planned.declaration.base
        recipe = service.recipe(base, self.run.info, self.planned.secrets, self.planned.returned)
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
        snapshot = snapshot_of(self.run, self.planned, image, recipe)
        if snapshot is None:
            return self._boot(reference, image, recipe, None)
        while True:
            try:
                if snapshot.image is None:
                    return self._boot(reference, image, recipe, snapshot)
                self._trial = True
                return self._boot(snapshot.reference, snapshot.image, recipe, snapshot)
            except MadeMeanwhile:  # noqa: PERF203 - it goes round once, or twice
                self._begin_anew()
            except (StartError, PreparationError, EngineError) as problem:
                # What comes after it was found whole is not its fault, nor is a neighbour's failure.
                if not self._trial or self._failed_needs():
                    raise
                self.run.check()
                self.run.board.note(f"the snapshot of {self.name} was made anew: {problem.message}")
                self._begin_anew()
                snapshot.give_up()
            finally:
                self._trial = False

    def _begin_anew(self) -> None:
        """Take the container away, so that another can be started in its place."""
        self.follower.expect_end()
        with self.run.board.changed:
            self.ended = None
        self._starting.retry("its removal", lambda: self.run.engine.remove(self.container))
        # Else two would write one file.
        self.follower.wait(_LOG_SECONDS)
        self.follower = self._new_follower()

    def _boot(self, reference: str, image: Image, recipe: Recipe, snapshot: Snapshot | None) -> Handed:
        engine, service = self.run.engine, self.planned.service
        spec = self._starting.spec(reference, image, recipe)
        if service.common.starts_after_ready:
            self._wait_for_needs()
        self._say(State.STARTING)
        self.container = self._starting.start(spec, recipe.folders, self._making)
        self._started = True
        started = time.monotonic()
        self.follower.follow(engine, self.container)
        self._say(State.BOOTING)
        handed = self._place.find(self.container, self._limit)
        flushed = self.run.hosts.flush_dns()
        self._wait_for_needs()
        if self.planned.needs:
            # It may have asked for them before they were there, and "there is none" is cached too.
            self.flush_dns()
        endpoint = service.endpoint(Ends(handed, engine))
        self._make_ready(endpoint, image, started)
        handed = self._prepare(handed, recipe, snapshot)
        flushed()
        return replace(handed, seconds=time.monotonic() - self.run.board.begun)

    def _prepare(self, handed: Handed, recipe: Recipe, snapshot: Snapshot | None) -> Handed:
        service, common = self.planned.service, self.planned.service.common
        beside = Beside(self.run, self.planned, self._starting, self._making, self._pause)
        preparing = Preparing(self.planned.declaration.base, self._preparation_progress, beside)
        endpoint = service.endpoint(Ends(handed, self.run.engine))
        self._say(State.PREPARING)
        if snapshot is None:
            with explained(self.name, self.log, self._pause):
                service.prepare(endpoint, preparing)
        elif snapshot.image is None:
            with snapshot.making(partial(self._preparation_progress, "waiting for another run to prepare it")):
                begun = time.monotonic()
                with explained(self.name, self.log, self._pause):
                    service.prepare(endpoint, preparing)
                    if time.monotonic() - begun > WORTH_SECONDS:
                        handed = self._keep(endpoint, recipe, snapshot)
                        endpoint = service.endpoint(Ends(handed, self.run.engine))
        elif not service.is_sealed(endpoint, snapshot.key):
            raise PreparationError("it is not whole", hint="it is made anew")
        self._trial = False
        with explained(self.name, self.log, self._pause):
            if common.prepare is not None:
                common.prepare(endpoint)
            service.finish(endpoint, preparing)
        return handed

    def _keep(self, endpoint: Any, recipe: Recipe, snapshot: Snapshot) -> Handed:
        """End the prepared container, make the snapshot of it, and start it again."""
        engine, service = self.run.engine, self.planned.service
        self._preparation_progress("keeping a snapshot")

        def end() -> None:
            try:
                service.seal(endpoint, engine, snapshot.key)
                self.follower.wait(_LOG_SECONDS)
                snapshot.make(self.container)
            except EngineUnavailable:
                raise
            except WincontainersError as problem:
                self.run.board.note(f"no snapshot of {self.name} could be made: {problem.details or problem.message}")
            # The passwords were taken away for the snapshot.
            with packed(recipe.folders) as archive:
                engine.copy_in(self.container, archive)

        return self._end_and_start(end)

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

    def _preparation_progress(self, text: str) -> None:
        self._pause(0)
        self._say(State.PREPARING, text)

    def _image_progress(self, text: str) -> None:
        self.run.check()
        self._say(State.IMAGE, text)

    def _say(self, state: State, detail: str = "") -> None:
        self.run.board.say(self.name, state, detail)

    @property
    def _limit(self) -> float:
        service = self.planned.service
        return service.common.timeout or max(self.run.settings.timeout, service.least_timeout)

    def _wait_for_needs(self) -> None:
        needs = [self.run.lifecycles[name] for name in self.planned.needs]

        def over() -> bool:
            return self.ended is not None or self.run.cancelled or all(need.outcome is not None for need in needs)

        with self.run.board.changed:
            self.run.board.changed.wait_for(over)
        self._pause(0)
        for name, problem in self._failed_needs():
            raise StartError(
                f"{self.name} was not made ready because {name}, which it needs, failed",
                details=problem.message,
                hint=f"the report of {name} says why",
            )

    def _failed_needs(self) -> list[tuple[str, WincontainersError]]:
        outcomes = [(name, self.run.lifecycles[name].outcome) for name in self.planned.needs]
        return [(name, outcome) for name, outcome in outcomes if isinstance(outcome, WincontainersError)]

    def flush_dns(self) -> None:
        """Empty the container's DNS client cache, if it runs. What goes wrong is noted."""
        if self._started and self.ended is None:
            self._place.flush_dns(self.container)

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
            endpoint = service.endpoint(Ends(self.outcome, engine))
            try:
                handed = self._end_and_start(partial(service.shut_down, endpoint, engine))
            except WincontainersError as problem:
                self._end(problem)
                raise
            with self.run.board.changed:
                self.outcome = handed
                self.run.board.say(self.name, State.READY)
                self.run.handover.publish(self.name, handed)
            return handed

    def _end_and_start(self, end: Callable[[], None]) -> Handed:
        """Have `end` end the container, and start it again; where it is then, once it is ready."""
        engine, service = self.run.engine, self.planned.service
        self.follower.expect_end()
        end()
        self.follower.wait(_LOG_SECONDS)
        self._starting.start_again(self.container)
        started = time.monotonic()
        self.follower.follow(engine, self.container)
        handed = self._place.find(self.container, self._limit)
        flushed = self.run.hosts.flush_dns()
        self.run.flush_dns_around(self.name)
        self._make_ready(service.endpoint(Ends(handed, engine)), None, started)
        flushed()
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
        if not self._trial:
            self.settle(ended)
