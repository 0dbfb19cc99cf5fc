"""The links of the endpoints that tests receive, and the readers of their containers' logs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from pytest_wincontainers.endpoints import ContainerInfo, EvidenceKeeper, TestStart
from pytest_wincontainers.engines.base import Engine
from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.reports import logs
from pytest_wincontainers.services.roles import ServerLogs
from pytest_wincontainers.services.service import Service


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
        info = self.info()
        log = Path(info.log)
        logs.settle({log: time.time() + info.clock_offset})
        return logs.read(log)

    def evidence(self) -> EvidenceKeeper:
        return self._process.evidence

    def test_start(self) -> TestStart:
        return self._process.test_start(self._name)

    def worker(self) -> str:
        return self._process.worker

    def restart(self) -> None:
        self._process.restart(self._name)


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
        lines = logs.whole_lines(logs.read(self._log, offset))
        return {"": [line.for_people for line in lines if since <= line.time <= until]}
