"""The current phase of a container: the only place where it changes, from whichever thread."""

from __future__ import annotations

from collections.abc import Callable

from pytest_wincontainers.endpoints import ContainerInfo, StartFailure
from pytest_wincontainers.errors import StartError, WincontainersError
from pytest_wincontainers.reports.board import Board
from pytest_wincontainers.run.cancellation import Cancellation
from pytest_wincontainers.run.container.phases import (
    FOLLOWING,
    SETTLED,
    Booting,
    Ended,
    Failed,
    HandedOver,
    Located,
    Phase,
    Restarting,
    TrialFailed,
    Waiting,
    state_of,
)
from pytest_wincontainers.run.context import Outcomes

_SLICE_SECONDS = 0.2


class PhaseTracker:
    """The phase of one container, shown on the board and told to other processes.

    `move` alone writes it, under the board's condition, which is notified each time. `mask` takes the run's secrets
    out of what other processes are told.
    """

    def __init__(
        self, name: str, board: Board, cancellation: Cancellation, outcomes: Outcomes, mask: Callable[[str], str]
    ) -> None:
        self._name = name
        self._board = board
        self._cancellation = cancellation
        self._outcomes = outcomes
        self._mask = mask
        self._phase: Phase = Waiting()
        self._info: ContainerInfo | None = None
        self.container = ""
        """The id of the container that was made last."""

    @property
    def phase(self) -> Phase:
        """The phase of now."""
        return self._phase

    @property
    def settled(self) -> bool:
        """Whether tests know what became of the container."""
        return isinstance(self._phase, SETTLED)

    @property
    def known(self) -> ContainerInfo | None:
        """What is known of the container, once it has an address."""
        return self._info

    @property
    def info(self) -> ContainerInfo:
        """What is known of the container. Raises StartError as long as it has no address."""
        if self._info is None:
            raise StartError(f"{self._name} has no address yet", hint="wait until it is ready")
        return self._info

    def move(self, phase: Phase) -> bool:
        """Enter a phase, where it may follow the one of now; whether that was so."""
        with self._board.changed:
            before = self._phase
            if not isinstance(phase, FOLLOWING[type(before)]):
                return False
            self._phase = phase
            self.container = phase.container_id or self.container
            if isinstance(phase, (Booting, Located)):
                self._info = phase.info or self._info
            self._board.say(self._name, state_of(phase, before, over=self._cancellation.cancelled))
            # After the end of the run nobody reads it, and the directory may be gone.
            if not self._cancellation.cancelled:
                try:
                    self._publish(phase)
                except OSError as problem:
                    self._board.note(f"workers were not told that {self._name} is {phase.state.value}: {problem}")
            return True

    def _publish(self, phase: Phase) -> None:
        if isinstance(phase, HandedOver):
            self._outcomes.publish(self._name, phase.info)
        elif isinstance(phase, Failed):
            self._outcomes.publish(self._name, StartFailure(self._mask(str(phase.error)), phase.skip))
        elif isinstance(phase, Ended):
            self._outcomes.publish_loss(self._name, self._mask(str(phase.error)))
            self._board.note(phase.error.message)

    def advance(self, phase: Phase) -> None:
        """Enter a phase, or raise the reason why there is no going on."""
        if not self.move(phase):
            self.pause(0)
            raise AssertionError(f"{phase} cannot follow {self._phase}")

    def fail(self, error: WincontainersError, container_id: str = "") -> None:
        """The container has ended, or was lost: enter the phase that this means in the one of now."""
        with self._board.changed:
            phase = self._phase
            if self._cancellation.cancelled or (container_id and container_id != phase.container_id):
                return
            if isinstance(phase, (HandedOver, Restarting)):
                self.move(Ended(phase.info, error))
            elif phase.on_trial:
                self.move(TrialFailed(phase.container_id, error))
            else:
                self.move(Failed(error))

    def begin_restart(self) -> ContainerInfo:
        """Enter `Restarting`, after whoever restarts it already. Raises WincontainersError where it does not run."""
        with self._board.changed:
            # In slices, as Windows does not interrupt a wait without a timeout.
            while isinstance(self._phase, Restarting) and not self._cancellation.cancelled:
                self._board.changed.wait(_SLICE_SECONDS)
            self._cancellation.check()
            phase = self._phase
            if not isinstance(phase, HandedOver):
                raise phase.reason or StartError(f"{self._name} is not running", hint="restart it once it is ready")
            self.move(Restarting(phase.info))
            return phase.info

    def say(self, detail: str) -> None:
        """Show a detail of the phase of now on the board."""
        with self._board.changed:
            self._board.say(self._name, self._phase.state, detail)

    def pause(self, seconds: float) -> None:
        """Wait, but not when waiting has become pointless: raise the reason instead."""
        with self._board.changed:
            self._board.changed.wait_for(
                lambda: self._cancellation.cancelled or self._phase.reason is not None, timeout=seconds
            )
            reason = self._phase.reason
        if reason is not None:
            raise reason
        self._cancellation.check()

    def wait_for(self, others: list[PhaseTracker]) -> None:
        """Wait until all of them are settled. Raises as `pause` does."""
        with self._board.changed:
            self._board.changed.wait_for(
                lambda: (
                    self._cancellation.cancelled
                    or self._phase.reason is not None
                    or all(other.settled for other in others)
                )
            )
        self.pause(0)
