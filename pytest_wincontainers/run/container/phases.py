"""The phases of a container's life, and the data known in each.

    Waiting -> ImageNeeded -> Creating -> Booting -> Preparing -> HandedOver <-> Restarting
                                 ^           |            |            |             |
                                 |       TrialFailed      |            +--> Ended <--+
                                 +-----------+------------+
               any of them before HandedOver -> Failed

A container that runs from a snapshot is on trial until the snapshot is known to be whole: its failure is not the
end, another one is created.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pytest_wincontainers.endpoints import ContainerInfo
from pytest_wincontainers.errors import Cancelled, WincontainersError
from pytest_wincontainers.reports.board import State


@dataclass(frozen=True)
class Phase:
    """One phase. `state` is the word for it on the board."""

    state: ClassVar[State]

    @property
    def container_id(self) -> str:
        """The engine's id of the container, where there is one."""
        return ""

    @property
    def on_trial(self) -> bool:
        """Whether a failure now is that of a snapshot, or of an earlier run's container."""
        return False

    @property
    def reason(self) -> WincontainersError | None:
        """Why nothing more comes of waiting, where that is so."""
        return None


@dataclass(frozen=True)
class Waiting(Phase):
    """The engine is not connected yet, or what it must not start before is not ready."""

    state = State.WAITING


@dataclass(frozen=True)
class ImageNeeded(Phase):
    """Its image is looked up, pulled or built."""

    state = State.IMAGE


@dataclass(frozen=True)
class Creating(Phase):
    """It is created, filled and started, or waits for its turn."""

    trial: bool = False
    state = State.STARTING

    @property
    def on_trial(self) -> bool:
        return self.trial


@dataclass(frozen=True)
class Booting(Phase):
    """It runs and is not ready yet; `info` is None until it has an address."""

    id: str
    trial: bool = False
    info: ContainerInfo | None = None
    state = State.BOOTING

    @property
    def container_id(self) -> str:
        return self.id

    @property
    def on_trial(self) -> bool:
        return self.trial


@dataclass(frozen=True)
class TrialFailed(Phase):
    """It ended on trial."""

    id: str
    error: WincontainersError
    state = State.BOOTING

    @property
    def container_id(self) -> str:
        return self.id

    @property
    def on_trial(self) -> bool:
        return True

    @property
    def reason(self) -> WincontainersError | None:
        return self.error


@dataclass(frozen=True)
class Located(Phase):
    """It has an address: the base of the phases after booting."""

    info: ContainerInfo

    @property
    def container_id(self) -> str:
        return self.info.container_id


@dataclass(frozen=True)
class Preparing(Located):
    """It is ready, and its service and the user prepare it."""

    trial: bool = False
    state = State.PREPARING

    @property
    def on_trial(self) -> bool:
        return self.trial


@dataclass(frozen=True)
class HandedOver(Located):
    """Tests have it."""

    state = State.READY


@dataclass(frozen=True)
class Restarting(Located):
    """A test restarts it."""

    state = State.RESTARTING


@dataclass(frozen=True)
class Ended(Located):
    """It has ended while tests had it."""

    error: WincontainersError
    state = State.ENDED

    @property
    def reason(self) -> WincontainersError | None:
        return self.error


@dataclass(frozen=True)
class Failed(Phase):
    """It did not become ready; `skip`: tests that need it are skipped instead of failed."""

    error: WincontainersError
    skip: bool = False
    state = State.FAILED

    @property
    def reason(self) -> WincontainersError | None:
        return self.error


FOLLOWING: Mapping[type[Phase], tuple[type[Phase], ...]] = {
    Waiting: (ImageNeeded, Creating, Failed),
    ImageNeeded: (Waiting, Creating, Failed),
    Creating: (Creating, Booting, Failed),
    Booting: (Booting, Preparing, TrialFailed, Creating, Failed),
    TrialFailed: (Creating, Failed),
    # Creating: another run has made the snapshot meanwhile.
    Preparing: (Preparing, HandedOver, TrialFailed, Creating, Failed),
    HandedOver: (Restarting, Ended),
    Restarting: (Restarting, HandedOver, Ended),
    Ended: (),
    Failed: (),
}
"""The phases that may come next; the first end that is known counts."""

SETTLED = (HandedOver, Restarting, Ended, Failed)
"""The phases in which tests know what became of the container."""


def state_of(phase: Phase, before: Phase, *, over: bool) -> State:
    """The word for a phase that follows another: not all that did not become ready has failed.

    `over`: the run has ended, and whatever a container comes to now is the end's doing.
    """
    if isinstance(phase, Failed):
        cancelled = over or isinstance(phase.error, Cancelled)
        if isinstance(before, Waiting) or (cancelled and isinstance(before, ImageNeeded)):
            return State.NOT_STARTED
        if cancelled:
            return State.CANCELLED
    return phase.state
