"""The context that all parts of a run share once the engine is connected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pytest_wincontainers.endpoints import ContainerInfo, StartFailure
from pytest_wincontainers.engines.base import Engine, EngineInfo
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.guests.base import GuestRules
from pytest_wincontainers.guests.builds import Isolation
from pytest_wincontainers.hosts.duties import HostDuties
from pytest_wincontainers.plan import Plan
from pytest_wincontainers.reports.board import Board
from pytest_wincontainers.run.cancellation import Cancellation
from pytest_wincontainers.run.locks import Locks
from pytest_wincontainers.settings import Settings


class Outcomes(Protocol):
    """Where processes that run tests learn what became of each container."""

    def publish(self, name: str, outcome: ContainerInfo | StartFailure) -> None:
        """Say what became of a container, or where it is after a restart."""

    def publish_loss(self, name: str, message: str) -> None:
        """Say that a container that was ready has ended."""


@dataclass(frozen=True)
class RunContext:
    """A connected run. Frozen: what changes in a run is on the board and in the phases of its containers."""

    plan: Plan
    settings: Settings
    engine: Engine
    info: EngineInfo
    hosts: HostDuties
    locks: Locks
    board: Board
    cancellation: Cancellation
    outcomes: Outcomes
    artifacts: Path

    @property
    def guest(self) -> GuestRules:
        """The system in the containers."""
        return RULES[self.info.guest]

    @property
    def direct(self) -> bool:
        """Whether tests reach containers by their own addresses."""
        reach = self.settings.reach
        direct = self.info.capabilities.direct
        return reach == "direct" or (reach == "auto" and (self.info.near if direct is None else direct))

    @property
    def parallel_starts(self) -> int:
        """How many containers start at once."""
        return self.settings.parallel_starts or self.guest.parallel_starts

    @property
    def isolation(self) -> Isolation | None:
        """The isolation of containers that name none; None leaves it to what fits."""
        return None if self.settings.isolation == "auto" else self.settings.isolation
