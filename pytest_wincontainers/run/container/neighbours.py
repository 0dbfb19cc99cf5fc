"""What one container of a run needs, and what needs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_wincontainers.errors import StartError, WincontainersError
from pytest_wincontainers.limits import beside
from pytest_wincontainers.plan import PlannedContainer
from pytest_wincontainers.reports.board import Board
from pytest_wincontainers.run.container.locator import Locator
from pytest_wincontainers.run.container.phases import Booting, Failed, HandedOver, Preparing, Restarting
from pytest_wincontainers.run.container.tracker import PhaseTracker
from pytest_wincontainers.services.outputs import Output


class Neighbours:
    """The neighbours of one container. `needs` are those of the containers that it needs."""

    def __init__(
        self,
        planned: PlannedContainer,
        tracker: PhaseTracker,
        locator: Locator,
        board: Board,
        needs: Sequence[Neighbours],
    ) -> None:
        self._name = planned.name
        self._declared = planned.declaration.name
        self._tracker = tracker
        self._locator = locator
        self._board = board
        self._needs = needs
        self._dependents: list[Neighbours] = []
        self.same = False
        """Whether the container is one of an earlier run, which all others know by the right address."""
        for need in needs:
            need._dependents.append(self)

    @property
    def needed(self) -> bool:
        """Whether it needs others at all."""
        return bool(self._needs)

    @property
    def all_same(self) -> bool:
        """Whether all that it needs are containers of an earlier run."""
        return all(need.same for need in self._needs)

    def path_of(self, output: Output) -> Path:
        """Where a job that it needs has collected that output."""
        info = next(need._tracker.info for need in self._needs if need._declared == output.job)
        return Path(info.details["outputs"][output.name])

    def wait(self) -> None:
        """Wait until all that it needs are ready. Raises StartError where one has failed."""
        waiting = [need._name for need in self._needs if not need._tracker.settled]
        if waiting:
            self._tracker.say(f"waiting for {', '.join(waiting)}")
            self._board.blocked(self._name, waiting)
        self._tracker.wait_for([need._tracker for need in self._needs])
        if waiting:
            self._board.blocked(self._name, ())
        for name, problem in self.failed():
            raise StartError(
                f"{self._name} did not become ready because {name}, which it needs, failed",
                details=problem.message,
                hint=f"see the error of {name}",
            )

    def failed(self) -> list[tuple[str, WincontainersError]]:
        """What it needs that has failed, and why."""
        phases = [(need._name, need._tracker.phase) for need in self._needs]
        return [(name, phase.error) for name, phase in phases if isinstance(phase, Failed)]

    def flush_dns(self) -> None:
        """Flush the DNS client caches of all containers that may know this one by an old address."""
        beside(one._flush_own_dns for one in self._all_dependents())()

    def _all_dependents(self) -> set[Neighbours]:
        return {*self._dependents}.union(*(one._all_dependents() for one in self._dependents))

    def _flush_own_dns(self) -> None:
        phase = self._tracker.phase
        if isinstance(phase, (Booting, Preparing, HandedOver, Restarting)):
            # One that restarts, too, may be down at this moment, or may have asked already.
            self._locator.flush_dns(phase.container_id, noting=not isinstance(phase, Restarting))
