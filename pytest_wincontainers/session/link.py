"""The links of the endpoints that tests receive, and the readers of their containers' logs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pytest_wincontainers.endpoints import ContainerInfo, TestStart
from pytest_wincontainers.engines.base import Engine
from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.errors import WincontainersError
from pytest_wincontainers.evidence import EvidenceKeeper
from pytest_wincontainers.limits import OutOfTime, within
from pytest_wincontainers.reports import logs
from pytest_wincontainers.services.roles import ServerLogs
from pytest_wincontainers.services.service import Service

ToldT = TypeVar("ToldT")
_ASK_SECONDS = 5.0


class SessionProcess(Protocol):
    """A process that runs tests, as its endpoints see it."""

    worker: str

    @property
    def engine(self) -> Engine: ...
    @property
    def evidence(self) -> EvidenceKeeper: ...
    def info(self, name: str) -> ContainerInfo: ...
    def test_start(self, name: str) -> TestStart: ...
    def restart(self, name: str) -> None: ...


class SessionLink:
    """The link of an endpoint that tests get."""

    def __init__(self, process: SessionProcess, name: str) -> None:
        self._process = process
        self._name = name

    def info(self) -> ContainerInfo:
        return self._process.info(self._name)

    def container(self) -> Container:
        return Container(self._process.engine, self.info().container_id)

    def log(self) -> bytes:
        logs.settle([self.arriving()])
        return logs.read(Path(self.info().log))

    def arriving(self) -> logs.Arriving:
        """The lines of the container's log that are on their way now."""
        info = self.info()
        return logs.Arriving(Path(info.log), time.time() + info.clock_offset, self._latest_line)

    def _latest_line(self) -> float:
        """The time of the last line that the engine has; 0 where it does not say."""

        def ask() -> float:
            written = b"".join(self._process.engine.logs(self.info().container_id, follow=False, tail=1))
            return logs.last_time(written.decode("utf-8", "replace"))

        return _told(ask, 0.0)

    def trouble(self) -> str:
        """Why the container cannot answer although it runs, where the engine knows a reason."""
        return _told(lambda: self.container().state().trouble, "")

    def evidence(self) -> EvidenceKeeper:
        return self._process.evidence

    def test_start(self) -> TestStart:
        return self._process.test_start(self._name)

    def worker(self) -> str:
        return self._process.worker

    def restart(self) -> None:
        self._process.restart(self._name)


def _told(ask: Callable[[], ToldT], otherwise: ToldT) -> ToldT:
    """What the engine tells; something else where it does not, or takes long."""
    try:
        return within(_ASK_SECONDS, ask)
    except (WincontainersError, OutOfTime):
        return otherwise


class ServiceLog:
    """Reads a container's log, as its service writes it; see `ContainerLog`."""

    def __init__(self, service: Service, endpoint: Any, log: Path) -> None:
        self._service = service
        self._endpoint = endpoint
        self._log = log

    def flush(self) -> None:
        if isinstance(self._service, ServerLogs):
            self._service.flush_logs(self._endpoint)

    def excerpts(self, offset: int, since: float, until: float) -> Mapping[str, Sequence[str]]:
        if isinstance(self._service, ServerLogs):
            return self._service.excerpts(self._log, offset, since, until)
        return {"": logs.excerpt(self._log, offset, since, until)}
