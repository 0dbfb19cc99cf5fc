"""The owner: the process that starts the containers, collects their logs and removes them."""

from __future__ import annotations

import secrets
import shutil
import string
import tempfile
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_wincontainers.endpoints import ContainerInfo, StartFailure
from pytest_wincontainers.engines.base import Engine
from pytest_wincontainers.errors import DeclarationError, EngineUnavailable, StartError, WincontainersError
from pytest_wincontainers.plan import Plan, make_plan
from pytest_wincontainers.reports.artifacts import RunFolder
from pytest_wincontainers.reports.logs import masked
from pytest_wincontainers.reports.status import Status, news, summary
from pytest_wincontainers.run.coordinator import Coordinator, RunRequest
from pytest_wincontainers.run.errors import as_error
from pytest_wincontainers.run.locks import PRIVATE_PREFIX
from pytest_wincontainers.session.engine import engine_of
from pytest_wincontainers.session.handover import Handover
from pytest_wincontainers.session.places import WorkerPlaces
from pytest_wincontainers.session.role import Role

_POLL_SECONDS = 0.02
_REFRESH_SECONDS = 0.1
_ALPHABET = string.ascii_letters + string.digits
_PASSWORD_LENGTH = 24


class Owner(Role):
    """The process that starts, gathers and removes."""

    def __init__(self, config: pytest.Config, plugins: Iterable[object]) -> None:
        super().__init__(config, plugins)
        self.run: Coordinator | None = None
        self._status = Status(config)
        self._run_id = secrets.token_hex(3)
        self._run_folder = RunFolder(self.settings.artifacts, self._run_id)
        self.artifacts = self._run_folder.path
        self._teller: threading.Thread | None = None
        self._plan: Plan | None = None
        self._places = WorkerPlaces()

    @property
    def engine(self) -> Engine:
        if self.run is None:
            raise EngineUnavailable("the engine is not connected yet", hint="wait until a container is ready")
        return self.run.engine

    # -- starting -----------------------------------------------------------------------------------------

    def worker_joins(self, worker: str) -> dict[str, Any]:
        """A worker is about to start; what it is told of the run."""
        return {
            "place": self._places.take(worker),
            "folder": str(self._private_folder()),
            "artifacts": str(self.artifacts),
            "declared": sorted(declaration.name for declaration in self.declarations),
        }

    def worker_leaves(self, worker: str) -> None:
        """A worker has ended, or crashed."""
        self._places.leave(worker)

    def _private_folder(self) -> Path:
        if not hasattr(self, "handover"):
            self.handover = Handover(Path(tempfile.mkdtemp(prefix=PRIVATE_PREFIX)))
        return self.handover.folder

    def worker_finished_collecting(self, worker: str) -> None:
        """Start what a worker's tests need; a later worker, or one in the place of a crashed one, needs the same.

        Where it does not, as with conditions on the worker, its tests are told so.
        """
        needs = self.handover.needs(worker) if hasattr(self, "handover") else None
        if needs is None:
            return
        if needs["problem"]:
            message, hint, details = needs["problem"]
            self.problem = DeclarationError(message, hint=hint, details=details)
        self.start(needs["needed"])
        started = {one.declaration.name for one in self._plan.containers} if self._plan is not None else set()
        for name in needs["needed"]:
            if name not in started:
                words = f"{name} was not started because the tests of the first worker did not need it"
                self.handover.publish(
                    name, StartFailure(f"{words}\nhint: make every pytest-xdist worker select the same tests")
                )
        if self.run is not None and self._teller is None:
            # The main thread is in xdist's loop from now on.
            self._teller = threading.Thread(target=self._tell, args=(self.run,), daemon=True)
            self._teller.start()
            threading.Thread(target=self._serve, args=(self.run,), daemon=True).start()

    def _tell(self, run: Coordinator) -> None:
        told: dict[str, str] = {}
        while not run.cancellation.cancelled:
            with run.board.changed:
                run.board.changed.wait(timeout=1)
            self._status.say_uncaptured(news(run.board, told))

    def _serve(self, run: Coordinator) -> None:
        """Do for the workers what only the owner may do."""
        while not run.cancellation.cancelled:
            for request, name in self.handover.asked_restarts():
                try:
                    run.restart(name)
                    problem = ""
                except Exception as failed:  # noqa: BLE001 - the worker waits for an answer, whatever it is
                    problem = self._masked(as_error(failed, f"{name} could not be restarted"))
                with suppress(OSError):  # the folder goes with the run
                    self.handover.answer_restart(request, problem)
            time.sleep(_POLL_SECONDS)

    def _restart(self, own_name: str) -> None:
        if self.run is None:
            return
        try:
            self.run.restart(own_name)
        except WincontainersError as failed:
            raise StartError(self._masked(failed)) from None

    def _masked(self, problem: WincontainersError) -> str:
        return masked(str(problem), self._plan.secrets if self._plan is not None else ())

    def start(self, needed: list[str]) -> None:
        """Start what is needed, in the background; with --setup-plan only say what that would be.

        Raises pytest.UsageError for what cannot be.
        """
        if self.problem is not None:
            raise pytest.UsageError(str(self.problem))
        if not needed or self._plan is not None:
            return
        try:
            plan = self._plan = make_plan(self.declarations, needed, self._run_id, _password, self._places.names)
        except DeclarationError as problem:
            raise pytest.UsageError(str(problem)) from None
        if self._plan_only:
            self._status.say(["wincontainers would start:", *plan.describe()])
            return
        try:
            self._run_folder.make()
        except OSError as problem:
            raise pytest.UsageError(
                f"the directory for logs and screenshots cannot be created: {problem}\n"
                "hint: choose another one with --wincontainers-artifacts"
            ) from None
        self.run = Coordinator(
            RunRequest(
                plan=plan,
                settings=self.settings,
                artifacts=self.artifacts,
                private=self._private_folder(),
                outcomes=self.handover,
                make_engine=lambda: engine_of(self.config, self.settings),
            )
        )
        self.run.start()

    def wait(self, name: str) -> ContainerInfo | StartFailure:
        if self.run is None:
            return StartFailure(f"{name} was not started")
        run = self.run
        try:
            run.wait(name, lambda: self._status.update(run.board), _REFRESH_SECONDS)
        finally:
            self._status.finish()
        return self.handover.outcome(name) or StartFailure(f"{name} was not started")

    # -- ending -------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Remove everything; may be called again."""
        if self.run is not None:
            try:
                self.run.close()
            except KeyboardInterrupt:
                self.interrupted = True
                self.run.board.note("interrupted again; what is left is removed in the background")
        self._run_folder.release()
        if hasattr(self, "handover"):
            shutil.rmtree(self.handover.folder, ignore_errors=True)

    def summary(self) -> list[str]:
        """The run in a few lines, after its end."""
        if self.run is None:
            return []
        return [*summary(self.run.board), f"logs and screenshots: {self.artifacts}"]


def _password() -> str:
    # Letters and digits only: it stands in URLs, connection strings, XML and command lines without quoting.
    return "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))
