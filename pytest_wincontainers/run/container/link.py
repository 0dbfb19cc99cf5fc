"""The owner's link to a container that is being made ready."""

from __future__ import annotations

from pathlib import Path

from pytest_wincontainers.endpoints import ContainerInfo, TestStart
from pytest_wincontainers.engines.base import Engine
from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.errors import StartError
from pytest_wincontainers.evidence import EvidenceKeeper
from pytest_wincontainers.reports import logs
from pytest_wincontainers.reports.opened import OpenEvidence
from pytest_wincontainers.run.container.tracker import PhaseTracker


class OwnerLink:
    """The link of the endpoint that the owner uses, for checks and preparation."""

    def __init__(self, engine: Engine, tracker: PhaseTracker, worker: str = "") -> None:
        self._engine = engine
        self._tracker = tracker
        self._worker = worker
        self._evidence = OpenEvidence()

    def info(self) -> ContainerInfo:
        return self._tracker.info

    def container(self) -> Container:
        return Container(self._engine, self._tracker.phase.container_id)

    def log(self) -> bytes:
        return logs.read(Path(self.info().log))

    def evidence(self) -> EvidenceKeeper:
        # No test is running, so nothing is kept.
        return self._evidence

    def test_start(self) -> TestStart:
        return TestStart()

    def worker(self) -> str:
        return self._worker

    def restart(self) -> None:
        raise StartError(
            f"{self.info().name} cannot be restarted while it is being prepared",
            hint="restart it in a test or a fixture",
        )
