"""The context that all parts of a run share once the engine is connected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pytest_wincontainers.endpoints import ContainerInfo, StartFailure
from pytest_wincontainers.engines.base import Engine, EngineInfo
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.guests.base import GuestRules
from pytest_wincontainers.guests.builds import Isolation
from pytest_wincontainers.hosts.duties import HostDuties
from pytest_wincontainers.plan import Plan, PlannedContainer
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


def fixed_ports(planned: PlannedContainer, settings: Settings) -> Mapping[int, int]:
    """What `publish=` says, where containers stay or the settings name this one; for tests alone, nothing."""
    named = planned.declaration.name in settings.publish
    given: Mapping[int, int] = planned.service.options.get("publish", {}) if settings.stays or named else {}
    return given


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
    def stays(self) -> bool:
        """Whether containers may stay after the run, for a later one."""
        return self.settings.stays

    @property
    def parallel_starts(self) -> int:
        """How many containers start at once."""
        return self.settings.parallel_starts or self.guest.parallel_starts

    def fixed_ports(self, planned: PlannedContainer) -> Mapping[int, int]:
        """The ports of the engine's machine at which a container's are published for people, if they are to be."""
        return fixed_ports(planned, self.settings)

    @property
    def isolation(self) -> Isolation | None:
        """The isolation of containers that name none; None leaves it to what fits."""
        return None if self.settings.isolation == "auto" else self.settings.isolation
