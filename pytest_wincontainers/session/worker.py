"""The role of a pytest-xdist worker: it reports what its tests need, and reads the outcomes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from pytest_wincontainers.endpoints import ContainerInfo, StartFailure
from pytest_wincontainers.engines.base import Engine
from pytest_wincontainers.errors import DeclarationError, StartError
from pytest_wincontainers.plan import at, own_name
from pytest_wincontainers.reports.record.journal import Journal
from pytest_wincontainers.services.roles import TestHooks
from pytest_wincontainers.session.engine import engine_of
from pytest_wincontainers.session.handover import Handover
from pytest_wincontainers.session.role import Role

INPUT = "wincontainers"
"""The key under which the controller tells its workers of the run."""

_POLL_SECONDS = 0.02


class Worker(Role):
    """The part of a worker."""

    def __init__(self, config: pytest.Config, plugins: Iterable[object], worker_input: dict[str, Any]) -> None:
        super().__init__(config, plugins)
        self._id = worker_input["workerid"]
        self._workers = int(worker_input.get("workercount", 1))
        self._restarts = 0
        given = worker_input.get(INPUT)
        if given is None:
            return
        self.worker = given["place"]
        self.replacing = self.worker != self._id
        self.handover = Handover(Path(given["folder"]))
        self.artifacts = Path(given["artifacts"])
        names = sorted(declaration.name for declaration in self.declarations)
        if self.problem is None and names != given["declared"]:
            self.problem = DeclarationError(
                "this pytest-xdist worker declares other containers than the controller",
                details=f"worker: {', '.join(names)}\ncontroller: {', '.join(given['declared'])}",
                hint="declare containers in the root conftest.py or in a plugin, without conditions",
            )

    @cached_property
    def engine(self) -> Engine:
        """The engine, for commands that a test runs in a container; of this process alone."""
        return engine_of(self.config, self.settings)

    @cached_property
    def _own_journal(self) -> Journal:
        return Journal(self.artifacts, self.worker, self.mask)

    @property
    def journal(self) -> Journal | None:
        return self._own_journal if self.needed and hasattr(self, "artifacts") else None

    def close(self) -> None:
        if self.journal is not None:
            self.journal.close()
        if "engine" in vars(self):
            self.engine.close()

    def finished_collecting(self, session: pytest.Session) -> None:
        super().finished_collecting(session)
        self.problem = self.problem or next(self._unshared(), None)
        if hasattr(self, "handover"):
            problem = [self.problem.message, self.problem.hint, self.problem.details] if self.problem else None
            self.handover.publish_needs(self._id, {"needed": sorted(self.needed), "problem": problem})

    def _unshared(self) -> Iterator[DeclarationError]:
        """What cannot be, as there are several workers."""
        for declaration in self.declarations:
            if declaration.name in self.needed and isinstance(declaration.service, TestHooks):
                problem = declaration.service.parallel_problem(self._workers)
                if problem is not None:
                    yield at(declaration, problem)

    def wait(self, name: str) -> ContainerInfo | StartFailure:
        # The owner is another process, so there is nothing to wait on but the file.
        while (outcome := self.handover.outcome(own_name(name, self.worker)) or self.handover.outcome(name)) is None:
            if not self.handover.folder.exists():
                return StartFailure(f"{name} is gone because the run that started it is over")
            time.sleep(_POLL_SECONDS)
        return outcome

    def _restart(self, own_name: str) -> None:
        self._restarts += 1
        self.handover.ask_for_restart(self._id, self._restarts, own_name)
        while (problem := self.handover.restart_answer(self._id, self._restarts)) is None:
            if not self.handover.folder.exists():
                problem = f"{own_name} is gone because the run that started it is over"
                break
            time.sleep(_POLL_SECONDS)
        if problem:
            raise StartError(problem)
