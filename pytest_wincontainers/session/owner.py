"""The owner: the process that starts the containers, collects their logs and removes them."""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import string
import tempfile
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from pytest_wincontainers.endpoints import ContainerInfo, StartFailure
from pytest_wincontainers.engines.base import Engine
from pytest_wincontainers.errors import DeclarationError, EngineUnavailable, StartError, WincontainersError
from pytest_wincontainers.plan import Plan, make_plan
from pytest_wincontainers.reports.artifacts import RunFolder
from pytest_wincontainers.reports.masking import mask_command
from pytest_wincontainers.reports.record.finishing import claim, page_of, save
from pytest_wincontainers.reports.record.journal import Journal
from pytest_wincontainers.reports.record.manifest import Manifest, State
from pytest_wincontainers.reports.sinks.ci import ci_server
from pytest_wincontainers.reports.sinks.ci.server import CiServer
from pytest_wincontainers.reports.status import ControllerStatus, Status
from pytest_wincontainers.reports.summary import summary
from pytest_wincontainers.run.coordinator import Coordinator, RunRequest
from pytest_wincontainers.run.errors import as_error
from pytest_wincontainers.run.locks import PRIVATE_PREFIX
from pytest_wincontainers.run.stack import TakenStack
from pytest_wincontainers.session.engine import engine_of
from pytest_wincontainers.session.finishing import CiOutput, complete_junit, tell_ci
from pytest_wincontainers.session.handover import Handover
from pytest_wincontainers.session.places import WorkerPlaces
from pytest_wincontainers.session.role import Role
from pytest_wincontainers.session.stacks import SessionStacks, describe

_POLL_SECONDS = 0.02
_ENDS: dict[int, State] = {
    pytest.ExitCode.OK: "finished",
    pytest.ExitCode.TESTS_FAILED: "finished",
    pytest.ExitCode.NO_TESTS_COLLECTED: "finished",
    pytest.ExitCode.INTERRUPTED: "interrupted",
}
"""What a run comes to that pytest ends with that status."""
_REFRESH_SECONDS = 0.1
_ALPHABET = string.ascii_letters + string.digits
_PASSWORD_LENGTH = 24


class Owner(Role):
    """The process that starts, gathers and removes."""

    _plan: Plan | None = None

    def __init__(self, config: pytest.Config, plugins: Iterable[object]) -> None:
        super().__init__(config, plugins)
        self.run: Coordinator | None = None
        self._status = ControllerStatus(config) if _is_controller(config) else Status(config)
        self._run_id = secrets.token_hex(3)
        self._run_folder = RunFolder(
            self.settings.artifacts,
            self._run_id,
            runs=self.settings.artifact_runs,
            days=self.settings.artifact_days,
        )
        self.artifacts = self._run_folder.path
        self._teller: threading.Thread | None = None
        self._manifest: Manifest | None = None
        self._end: State = "interrupted"
        self._ci: CiServer | None = None
        self._places = WorkerPlaces()
        self._journal: Journal | None = None
        self._stacks: SessionStacks | None = None
        self._failed = False
        self.up = False
        """Whether the containers are for a person, and not for tests: they stay."""
        self.restores = True
        """Whether the prepared state of an earlier run's containers is restored."""

    @property
    def journal(self) -> Journal | None:
        return self._journal

    @property
    def secrets(self) -> Iterable[str]:
        return self._plan.secrets if self._plan is not None else ()

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
            if isinstance(self._status, ControllerStatus):
                self._status.tell_of(self.run.board)
                self.config.pluginmanager.register(self._status, "wincontainers-status")
            # The main thread is in xdist's loop from now on.
            self._teller = threading.Thread(target=self._tell, args=(self.run,), daemon=True)
            self._teller.start()
            threading.Thread(target=self._serve, args=(self.run,), daemon=True).start()

    def _tell(self, run: Coordinator) -> None:
        while not run.cancellation.cancelled:
            with run.board.changed:
                run.board.changed.wait(timeout=1)
            self._status.tell(run.board)

    def _serve(self, run: Coordinator) -> None:
        """Do for the workers what only the owner may do."""
        while not run.cancellation.cancelled:
            for request, name in self.handover.asked_restarts():
                try:
                    run.restart(name)
                    problem = ""
                except Exception as failed:  # noqa: BLE001 - the worker waits for an answer, whatever it is
                    problem = self.mask(str(as_error(failed, f"{name} could not be restarted")))
                with suppress(OSError):  # the folder goes with the run
                    self.handover.answer_restart(request, problem)
            time.sleep(_POLL_SECONDS)

    def _restart(self, own_name: str) -> None:
        if self.run is None:
            return
        try:
            self.run.restart(own_name)
        except WincontainersError as failed:
            raise StartError(self.mask(str(failed))) from None

    def start(self, needed: list[str]) -> None:
        """Start what is needed, in the background; with --setup-plan only say what that would be.

        Raises pytest.UsageError for what cannot be.
        """
        if self.problem is not None:
            raise pytest.UsageError(str(self.problem))
        if not needed or self._plan is not None:
            return
        taken = self._take()
        try:
            plan = self._plan = make_plan(
                self.declarations,
                needed,
                taken.stack.run if taken is not None else self._run_id,
                _password,
                self._places.names,
                stays=self.settings.stays,
                outside=self.settings.publish,
                known=taken.stack.secrets() if taken is not None else None,
            )
        except DeclarationError as problem:
            if taken is not None:
                taken.lock.let_go()
            raise pytest.UsageError(str(problem)) from None
        if self._plan_only:
            self._status.say(["wincontainers would start:", *plan.describe()])
            return
        try:
            # A person still looks at the page of the tests' last run.
            self._run_folder.make(latest=not self.up)
        except OSError as problem:
            raise pytest.UsageError(
                f"the directory for logs and screenshots cannot be created: {problem}\n"
                "hint: choose another one with --wincontainers-artifacts"
            ) from None
        self._journal = Journal(self.artifacts, "", self.mask)
        self._ci = ci_server(os.environ, self.artifacts)
        if self._ci is not None:
            self.config.pluginmanager.register(CiOutput(self._ci), "wincontainers-ci")
        _write_beginning(self._journal, self.config, plan)
        self.run = Coordinator(
            RunRequest(
                plan=plan,
                settings=self._stacks.settings if self._stacks is not None else self.settings,
                artifacts=self.artifacts,
                private=self._private_folder(),
                outcomes=self.handover,
                record=self._journal.write,
                make_engine=lambda: engine_of(self.config, self.settings),
                taken=taken,
                restores=self.restores,
            )
        )
        if not self.up:
            self._status.say([f"wincontainers: logs, screenshots and the run's page are in {self.artifacts}"])
        self.run.start()

    def _take(self) -> TakenStack | None:
        """The containers of an earlier run, for this one alone."""
        if self._plan_only or not self.settings.stays:
            return None
        try:
            self._stacks = SessionStacks(self.config, self.settings)
            return self._stacks.take(up=self.up)
        except (WincontainersError, OSError) as problem:
            raise pytest.UsageError(str(problem)) from None

    def wait_for_needs(self, item: pytest.Item) -> None:
        if self.run is not None:
            self._status.before(item, self.run.board)
        super().wait_for_needs(item)

    def wait(self, name: str) -> ContainerInfo | StartFailure:
        if self.run is None:
            return StartFailure(f"{name} was not started")
        run = self.run
        try:
            run.wait(name, lambda: self._status.update(run.board), _REFRESH_SECONDS)
        finally:
            self._status.finish(run.board)
        return self.handover.outcome(name) or StartFailure(f"{name} was not started")

    # -- ending -------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Remove everything; may be called again."""
        if self.run is not None:
            try:
                stacks = self._stacks
                declared = [one.name for one in self.declarations]
                stay = stacks.stay(declared, failed=self._failed, up=self.up) if stacks is not None else None
                self.run.close(stay)
            except KeyboardInterrupt:
                self.interrupted = True
                self._end = "interrupted"
                self.run.board.note("interrupted while containers were removed; the rest is removed in the background")
            self._finish_record(self.run)
        self._run_folder.release()
        if hasattr(self, "handover"):
            shutil.rmtree(self.handover.folder, ignore_errors=True)

    def finished_session(self, exit_status: int, *, failed: bool) -> None:
        self._failed = failed
        self._end = _ENDS.get(exit_status, "crashed")
        if self._journal is not None:
            # Before the removal, in which the watchdog may take over.
            self._journal.write("end", state=self._end)

    def _finish_record(self, run: Coordinator) -> None:
        """Make the manifest and the page, once."""
        if self._journal is None or self._manifest is not None:
            return
        self._journal.write("end", state=self._end)
        self._journal.close()
        problems = []
        self._manifest = Manifest(state=self._end)
        # Whatever goes wrong here, the rest of the end must come.
        try:
            made = claim(self.artifacts)
            if made is None:
                problems.append("the record of the run was removed, or is being finished by its watchdog")
            else:
                self._manifest = made
                save(self.artifacts, made)
            complete_junit(self.config)
        except Exception as problem:  # noqa: BLE001
            problems.append(f"the run's page, manifest or attachments are incomplete: {problem}")
        self._manifest.notes += [self.mask(problem) for problem in problems]

    def summary(self) -> list[str]:
        """The run in a few lines, after its end; with -q only where to look, if something has failed."""
        if self.run is None or self._manifest is None or self.up:
            return []
        lines = [] if self.config.option.verbose < 0 else summary(self._manifest)
        if self.config.option.verbose >= 0 or self._manifest.failed:
            lines += [f"logs and screenshots: {self.artifacts}", f"page: {page_of(self.artifacts)}"]
        if self.run.left is not None:
            lines += describe(self.run.left, self.run.trackers)
        if self._ci is not None:
            lines += tell_ci(self.config, self._ci, self._manifest, self.artifacts)
        return lines


def _is_controller(config: pytest.Config) -> bool:
    return bool(config.getoption("tx", None)) or bool(config.getoption("numprocesses", None))


def _write_beginning(journal: Journal, config: pytest.Config, plan: Plan) -> None:
    """The journal's first lines: what runs here, and what is to be started."""
    versions = {
        "pytest": pytest.__version__,
        "Python": platform.python_version(),
        "system": platform.platform(),
        "pytest-wincontainers": _version(),
    }
    # Passwords of the suite's own are none of the run's secrets.
    command = ["pytest", *mask_command(config.invocation_params.args)]
    journal.write("run", run=plan.run, command=command, versions=versions)
    for planned in plan.containers:
        journal.write("container", name=planned.name, service=planned.service.kind, needs=planned.needs)


def _version() -> str:
    try:
        return version("pytest-wincontainers")
    except PackageNotFoundError:
        return "unknown"


def _password() -> str:
    # Letters and digits only: it stands in URLs, connection strings, XML and command lines without quoting.
    return "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))
