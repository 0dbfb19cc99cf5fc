"""From ready to handed over: the preparation by the service and the user, and the snapshot."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.errors import Cancelled, EngineUnavailable, PreparationError
from pytest_wincontainers.plan import PlannedContainer, part_of
from pytest_wincontainers.run.container.follower import Follower
from pytest_wincontainers.run.container.link import OwnerLink
from pytest_wincontainers.run.container.phases import Preparing
from pytest_wincontainers.run.container.readying import explained
from pytest_wincontainers.run.container.snapshots import WORTH_SECONDS, Snapshot
from pytest_wincontainers.run.container.starter import Starter
from pytest_wincontainers.run.container.tool import ToolContainer
from pytest_wincontainers.run.container.tracker import PhaseTracker
from pytest_wincontainers.run.context import RunContext
from pytest_wincontainers.run.errors import as_error
from pytest_wincontainers.services.recipe import Recipe
from pytest_wincontainers.services.roles import PerWorker, ReuseSupport
from pytest_wincontainers.services.service import Preparation

_LOG_SECONDS = 5.0

Restart = Callable[[Callable[[], None]], None]
"""Has what it is given end the container, starts it again, and waits until it is ready."""


class Preparer:
    """Prepares one container of a run."""

    def __init__(
        self,
        context: RunContext,
        planned: PlannedContainer,
        tracker: PhaseTracker,
        starter: Starter,
        follower: Follower,
    ) -> None:
        self._context = context
        self._planned = planned
        self._tracker = tracker
        self._starter = starter
        self._follower = follower

    def prepare(self, endpoint: Any, recipe: Recipe, snapshot: Snapshot | None, restart: Restart) -> None:
        """Do all that comes between ready and handed over; with a snapshot, use it or make it.

        Raises PreparationError, and MadeMeanwhile where another run has made the snapshot.
        """
        service = self._planned.service
        preparation = self._preparation()
        parts = preparation.parts
        if snapshot is not None and snapshot.image is not None:
            if not self._is_sealed(endpoint, snapshot):
                raise PreparationError("it is incomplete", hint="it will be recreated")
            self._tracker.advance(Preparing(self._tracker.info))
        else:
            self._tracker.advance(Preparing(self._tracker.info))
            self._prepare_by_service(endpoint, preparation, recipe, snapshot, restart)
        with self._explained():
            own = service.options.get("prepare")
            if own is not None:
                # What each worker has a copy of is prepared before it is copied.
                apart = bool(parts) and not (isinstance(service, PerWorker) and service.always_per_worker)
                for one in parts if apart else [endpoint]:
                    own(one)
            service.finish(endpoint, preparation)

    def take_up(self, endpoint: Any) -> None:
        """Have the container of an earlier run be as it was when that run got it. Raises PreparationError."""
        service = self._planned.service
        if isinstance(service, ReuseSupport):
            with self._explained():
                service.take_up(endpoint, self._preparation())

    def _preparation(self) -> Preparation:
        tool = ToolContainer(self._context, self._planned, self._starter, self._tracker.pause)
        return Preparation(self._planned.declaration.base, self._progress, tool, self._parts())

    def _parts(self) -> list[Any]:
        service, workers, engine = self._planned.service, self._planned.workers, self._context.engine
        return [part_of(service, workers, one).endpoint(OwnerLink(engine, self._tracker, one)) for one in workers]

    def _prepare_by_service(
        self, endpoint: Any, preparation: Preparation, recipe: Recipe, snapshot: Snapshot | None, restart: Restart
    ) -> None:
        service = self._planned.service
        if snapshot is None:
            with self._explained():
                service.prepare(endpoint, preparation)
            return
        with snapshot.making(partial(self._progress, "waiting for another run to prepare it")):
            begun = time.monotonic()
            with self._explained():
                service.prepare(endpoint, preparation)
                if time.monotonic() - begun > WORTH_SECONDS:
                    self._progress("creating a snapshot")
                    restart(partial(self._make_snapshot, endpoint, recipe, snapshot))

    def _make_snapshot(self, endpoint: Any, recipe: Recipe, snapshot: Snapshot) -> None:
        """End the container and make the snapshot of it."""
        container = Container(self._context.engine, self._tracker.phase.container_id)
        try:
            snapshot.service.seal(endpoint, container, snapshot.key)
            self._follower.wait(_LOG_SECONDS)
            snapshot.make(container.id)
        except (EngineUnavailable, Cancelled):
            raise
        except Exception as failed:  # noqa: BLE001 - a client of the service's own may raise anything
            problem = as_error(failed, "the container could not be sealed")
            name = self._planned.name
            self._context.board.note(
                f"the snapshot of {name} could not be created: {problem.details or problem.message}"
            )
            if self._context.engine.state(container.id).running:
                self._planned.service.shut_down(endpoint, container)
        # The passwords were taken away for the snapshot.
        container.copy_in(recipe.copied)

    @staticmethod
    def _is_sealed(endpoint: Any, snapshot: Snapshot) -> bool:
        try:
            return snapshot.service.is_sealed(endpoint, snapshot.key)
        except (EngineUnavailable, Cancelled):
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the snapshot is not known to be complete
            return False

    def _explained(self) -> Any:
        log = self._context.artifacts / f"{self._planned.name}.log"
        return explained(self._planned.name, log, self._tracker.pause)

    def _progress(self, text: str) -> None:
        self._tracker.pause(0)
        self._tracker.say(text)
