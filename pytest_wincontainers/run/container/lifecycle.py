"""The life of one container in its own thread, from its image until it is handed over to tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from pytest_wincontainers.endpoints import ContainerInfo
from pytest_wincontainers.engines.base import ContainerState, Image
from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.errors import EngineError, PreparationError, StartError, WincontainersError
from pytest_wincontainers.limits import within
from pytest_wincontainers.plan import PlannedContainer
from pytest_wincontainers.reports.logs import MEBIBYTE, LogWriter
from pytest_wincontainers.reports.masks import Mask
from pytest_wincontainers.run.aliases import AliasClaims
from pytest_wincontainers.run.container.follower import Follower, exited
from pytest_wincontainers.run.container.link import OwnerLink
from pytest_wincontainers.run.container.locator import Locator
from pytest_wincontainers.run.container.neighbours import Neighbours
from pytest_wincontainers.run.container.phases import (
    Booting,
    Creating,
    Failed,
    HandedOver,
    ImageNeeded,
    Located,
    Preparing,
    Restarting,
    Waiting,
)
from pytest_wincontainers.run.container.preparation import Preparer
from pytest_wincontainers.run.container.readying import make_ready
from pytest_wincontainers.run.container.reuse import Earlier, Reuse
from pytest_wincontainers.run.container.snapshots import MadeMeanwhile, Snapshot, snapshot_of
from pytest_wincontainers.run.container.starter import Starter
from pytest_wincontainers.run.container.tracker import PhaseTracker
from pytest_wincontainers.run.context import RunContext
from pytest_wincontainers.run.errors import as_error
from pytest_wincontainers.run.images import ensure_image
from pytest_wincontainers.run.stack import KeptContainer
from pytest_wincontainers.services import ServerLogs
from pytest_wincontainers.services.outputs import outputs_in, with_paths
from pytest_wincontainers.services.recipe import Recipe, check_options, image_of, recipe_of
from pytest_wincontainers.services.service import Service

_LOG_SECONDS = 5.0
_FLUSH_SECONDS = 2.0
_LEAST_READY_SECONDS = 30.0


class Lifecycle:
    """One container of a run. `needs` are the lifecycles of the containers that it needs.

    What changes is the tracker's phase, and the follower, which the thread alone replaces.
    """

    def __init__(
        self,
        context: RunContext,
        planned: PlannedContainer,
        tracker: PhaseTracker,
        needs: Sequence[Lifecycle],
        aliases: AliasClaims,
        earlier: Earlier | None = None,
    ) -> None:
        self._context = context
        self.planned = planned
        self.tracker = tracker
        self._aliases = aliases
        self._starter = Starter(context, planned, tracker.pause)
        self._reusing = Reuse(context, planned, earlier, self._starter.remove)
        self._locator = Locator(context, planned, tracker.pause)
        self._neighbours: Neighbours = Neighbours(
            planned, tracker, self._locator, context.board, [need._neighbours for need in needs]
        )
        self._follower = self._new_follower()

    def _new_follower(self) -> Follower:
        return Follower(
            self.name,
            LogWriter(
                self._locator.log,
                Mask(self._context.plan.secrets),
                size=self._context.settings.log_size * MEBIBYTE,
                files=self._context.settings.log_files,
            ),
            over=lambda: self._context.cancellation.cancelled,
            note=self._context.board.note,
            ended=self._ended,
        )

    @property
    def name(self) -> str:
        """Its name in the plan."""
        return self.planned.name

    @cached_property
    def _endpoint(self) -> Any:
        return self.planned.service.endpoint(OwnerLink(self._context.engine, self.tracker))

    def start(self) -> None:
        """Bring the container up in the background."""
        threading.Thread(target=self._live, name=f"wincontainers-{self.name}", daemon=True).start()

    def flush_log(self) -> None:
        """Have the server's last lines written into the log, if it is up and they come soon."""
        service = self.planned.service
        if isinstance(service, ServerLogs) and isinstance(self.tracker.phase, HandedOver):
            # The code may be somebody else's, and raise whatever it likes.
            with suppress(Exception):
                within(_FLUSH_SECONDS, lambda: service.flush_logs(self._endpoint))

    def kept(self) -> KeptContainer | None:
        """What a later run, or a person, needs to know of the container; None where there is none."""
        container, ready = self.tracker.container, isinstance(self.tracker.phase, HandedOver)
        if not ready and container in {"", self._reusing.earlier}:
            return self._reusing.untouched
        info = replace(self.tracker.known or self._locator.without_address(container), container_id=container)
        return self._reusing.kept(info, lambda: self._endpoint, ready=ready)

    def finish_log(self, deadline: float) -> None:
        """The container has ended: wait until its log is complete, until the deadline of time.monotonic()."""
        self._follower.finish(deadline)

    def close_log(self) -> None:
        """Let go of the log, complete or not."""
        self._follower.stop()

    def _live(self) -> None:
        try:
            self.tracker.advance(HandedOver(self._bring_up()))
        except WincontainersError as problem:
            self.tracker.move(Failed(self._starter.explained(problem)))
        except Exception as problem:  # noqa: BLE001 - a defect must fail the tests that wait, not leave them waiting
            self.tracker.move(Failed(as_error(problem, f"{self.name} could not be started")))

    # -- starting -----------------------------------------------------------------------------------------

    def _bring_up(self) -> ContainerInfo:
        context, planned = self._context, self.planned
        reference, image, recipe = self._image_and_recipe()
        info = self._take_up(reference, image, recipe)
        if info is not None:
            return info
        snapshot = snapshot_of(context, planned, image, recipe)
        while True:
            try:
                if snapshot is not None and snapshot.image is not None:
                    return self._boot(snapshot.reference, snapshot.image, recipe, snapshot)
                return self._boot(reference, image, recipe, snapshot)
            except MadeMeanwhile:  # noqa: PERF203 - it goes round once, or twice
                self._begin_anew()
            except (StartError, PreparationError, EngineError) as problem:
                # What comes after it was found whole is not its fault, nor is a neighbour's failure.
                if snapshot is None or not self.tracker.phase.on_trial or self._neighbours.failed():
                    raise
                context.cancellation.check()
                context.board.note(f"the snapshot of {self.name} was recreated: {problem.message}")
                self._begin_anew()
                snapshot.give_up()

    def _take_up(self, reference: str, image: Image, recipe: Recipe) -> ContainerInfo | None:
        """Use the container of an earlier run, if there is one that can be used."""
        self._reusing.look(image, self._starter.spec(reference, image, recipe), recipe)
        container = self._reusing.adopt()
        if not container:
            return None
        try:
            self.tracker.advance(Creating(trial=True))
            started = time.monotonic()
            self._located(container, on_trial=True)
            self._neighbours.wait()
            self._neighbours.same = True
            if self._reusing.outdated or not self._neighbours.all_same:
                self._locator.flush_dns(container)
            self._make_ready(image, started)
            self.tracker.advance(Preparing(self.tracker.info, trial=True))
            if self._reusing.restores:
                self._preparer().take_up(self._endpoint)
        except (StartError, PreparationError, EngineError) as problem:
            self._context.cancellation.check()
            if self._neighbours.failed():
                raise
            self._neighbours.same = False
            self._reusing.disown(problem.message)
            self._begin_anew()
            return None
        self._context.board.reused(self.name)
        return replace(self.tracker.info, seconds=time.monotonic() - self._context.board.begun)

    def _located(self, container: str, *, on_trial: bool) -> None:
        """A container runs: follow it, and find its address."""
        self.tracker.advance(Booting(container, on_trial))
        self._follower.follow(self._context.engine, container)
        self.tracker.advance(Booting(container, on_trial, self._locator.find(container, self._limit)))

    def _preparer(self) -> Preparer:
        return Preparer(self._context, self.planned, self.tracker, self._starter, self._follower)

    def _image_and_recipe(self) -> tuple[str, Image, Recipe]:
        """The image, pulled or built if need be, and what is made of it."""
        context, service = self._context, self.planned.service
        recipe = None if any(outputs_in(service)) else self._recipe(service)
        context.cancellation.check()
        self.tracker.advance(ImageNeeded())
        reference, image = ensure_image(
            context.engine,
            image_of(service, self.planned.declaration.base, context.info),
            context.locks,
            self._progress,
            lambda make: self._starter.retry("getting its image", make),
            lambda text: context.board.note(f"{self.name}: {text}"),
        )
        if recipe is None:
            self._wait_before_start()
            service, base = with_paths(service, self._neighbours.path_of), self.planned.declaration.base
            # What could not be checked before the job had ended.
            check_options(service, base)
            service.check(base)
            service.check_returned(base, self.planned.returned)
            recipe = self._recipe(service)
        return reference, image, recipe

    def _recipe(self, service: Service) -> Recipe:
        planned = self.planned
        recipe = recipe_of(service, planned.declaration.base, self._context.info, planned.secrets, planned.returned)
        for line in recipe.notes:
            self._context.board.note(f"{self.name}: {line}")
        return recipe

    def _wait_before_start(self) -> None:
        """Wait until all that it needs is ready, before it is made."""
        if isinstance(self.tracker.phase, ImageNeeded):
            self.tracker.advance(Waiting())
            self._neighbours.wait()

    def _begin_anew(self) -> None:
        """Take the container away, so that another can be started in its place."""
        container = self.tracker.phase.container_id
        self._follower.expect_end()
        self.tracker.advance(Creating())
        if container:
            self._starter.remove(container)
        # Else two would write one file.
        self._follower.wait(_LOG_SECONDS)
        self._follower.stop()
        self._follower = self._new_follower()

    def _boot(self, reference: str, image: Image, recipe: Recipe, snapshot: Snapshot | None) -> ContainerInfo:
        on_trial = snapshot is not None and snapshot.image is not None
        if self.planned.service.options.get("starts_after_ready"):
            self._wait_before_start()
        self.tracker.advance(Creating(on_trial))
        self._claim_aliases()
        spec = self._starter.spec(reference, image, recipe)
        container = self._starter.start(spec, recipe.copied)
        started = time.monotonic()
        self._located(container, on_trial=on_trial)
        flushed = self._context.hosts.flush_dns()
        self._neighbours.wait()
        if self._neighbours.needed:
            # It may have asked for them before they were there, and "there is none" is cached too.
            self._locator.flush_dns(container)
        self._make_ready(image, started)
        self._preparer().prepare(self._endpoint, recipe, snapshot, self._end_and_start)
        flushed()
        return replace(self.tracker.info, seconds=time.monotonic() - self._context.board.begun)

    def _claim_aliases(self) -> None:
        if self.planned.service.options.get("aliases"):
            self._aliases.claim(self._progress, self.tracker.pause)

    def _progress(self, text: str) -> None:
        self._context.cancellation.check()
        self.tracker.say(text)

    @property
    def _limit(self) -> float:
        service = self.planned.service
        return service.options.get("timeout") or max(self._context.settings.timeout, service.least_timeout)

    def _make_ready(self, image: Image | None, started: float) -> None:
        left = self._limit - (time.monotonic() - started)
        if self._neighbours.needed:
            # What it needs may have taken all the time there was.
            left = max(left, min(self._limit, _LEAST_READY_SECONDS))
        make_ready(
            self.name,
            self.planned.service,
            self._endpoint,
            image=image,
            timeout=left,
            log=self._locator.log,
            pause=self.tracker.pause,
            say=self.tracker.say,
            state=lambda: self._context.engine.state(self.tracker.phase.container_id),
        )

    # -- running ------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Restart the container and wait until it is ready. Raises WincontainersError."""
        info = self.tracker.begin_restart()
        container = Container(self._context.engine, info.container_id)
        try:
            self._end_and_start(partial(self.planned.service.shut_down, self._endpoint, container))
        except BaseException as problem:
            # Whatever it is, Ctrl+C too: nobody knows what state the container is in.
            what = f"{self.name} could not be restarted"
            error = as_error(problem, what) if isinstance(problem, Exception) else StartError(what)
            self.tracker.fail(self._starter.explained(error))
            raise
        self.tracker.advance(HandedOver(self.tracker.info))

    def _end_and_start(self, end: Callable[[], None]) -> None:
        """Have `end` end the container, start it again, and wait until it is ready."""
        container = self.tracker.phase.container_id
        self._follower.expect_end()
        end()
        if self._context.engine.state(container).running:
            # A start would do nothing, and count.
            raise StartError(
                f"{self.name} is still running after it was shut down",
                hint="its service's shut_down must end the container; see `docker ps` for how long it has been running",
            )
        self._follower.wait(_LOG_SECONDS)
        self._starter.start_again(container)
        started = time.monotonic()
        self._follower.follow(self._context.engine, container)
        info = self._locator.find(container, self._limit)
        phase = self.tracker.phase
        self.tracker.advance(replace(phase, info=info) if isinstance(phase, Located) else phase)
        flushed = self._context.hosts.flush_dns()
        self._neighbours.flush_dns()
        self._make_ready(None, started)
        flushed()

    def _ended(self, container: str, reason: ContainerState | WincontainersError) -> None:
        """It has ended by itself."""
        if isinstance(reason, ContainerState):
            handed_over = isinstance(self.tracker.phase, (HandedOver, Restarting))
            reason = exited(self.name, reason, self._locator.log, handed_over=handed_over)
        # Whoever prepares it at this moment may be blocked in a call that takes long to notice; tests are told at once.
        self.tracker.fail(reason, container)
