"""A session without tests: it starts the containers of a suite for a person, or takes up those that are there."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from pytest_wincontainers.dependencies import closure
from pytest_wincontainers.endpoints import StartFailure
from pytest_wincontainers.errors import DeclarationError, WincontainersError, closest
from pytest_wincontainers.run.locks import WAITING, ProjectLock
from pytest_wincontainers.run.places import state_folder
from pytest_wincontainers.run.stack import Stack
from pytest_wincontainers.run.stack import project_of as project_name
from pytest_wincontainers.services.declaration import Declaration
from pytest_wincontainers.session.images import get_images
from pytest_wincontainers.session.owner import Owner
from pytest_wincontainers.session.project import project_of
from pytest_wincontainers.session.stash import ROLE

_FAILED, _USAGE = 1, 2

Action = Literal["up", "restart", "reset", "images", "plan"]

_OTHERS: Mapping[str, object] = {
    "xmlpath": None,
    "htmlpath": None,
    "setupplan": False,
    "usepdb": False,
    # Of pytest-xdist and pytest-cov, where a suite has them.
    "numprocesses": None,
    "tx": [],
    "no_cov": True,
}
"""Options in a suite's addopts that would replace a test run's reports, or keep the session from its work."""


@dataclass(eq=False)
class UpSession:
    """A plugin that takes the place of collection and tests. Afterwards it has what became of the containers."""

    names: Sequence[str]
    action: Action
    verbose: bool
    say: Callable[[str], object] = str
    """Told what is being done, where no run does."""
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    declarations: Sequence[Declaration] = ()
    """What the suite declares, with the action "plan"."""
    unread: str = ""
    """Why it is not known what the suite declares; empty where it is."""
    owner: Owner | None = None
    misused = False
    """Whether the problem is one of what was asked for, before anything started."""
    interrupted = False
    """Whether Ctrl+C has ended it. What was ready by then stays."""
    _lock: ProjectLock | None = None

    @property
    def has_run(self) -> bool:
        """Whether it began with the work on containers."""
        return self.owner is not None and self.owner.run is not None

    @property
    def stack(self) -> Stack | None:
        """What stays, once the session has ended."""
        return self.owner.run.left if self.owner is not None and self.owner.run is not None else None

    @property
    def started(self) -> Sequence[str]:
        """The containers that it started or took up, each after all that it needs."""
        return list(self.owner.run.trackers) if self.owner is not None and self.owner.run is not None else []

    def run(self) -> int:
        """Run the session in the suite of the current directory; the exit code of a command.

        Raises KeyboardInterrupt where that comes before or after the work on containers.
        """
        os.chdir(project_of(Path.cwd()))
        # Also where a suite's own addopts leave the plugin out, or say how much pytest is to tell.
        arguments = ["-p", "wincontainers", "--wincontainers-reuse", "--verbosity=-2", "--no-header", "--no-summary"]
        # The command has imported this package already, and a suite's warnings may be errors.
        arguments += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
        self.unread = f"the suite in {Path.cwd()} cannot be loaded, as pytest's own message says"
        # What the command is asked for goes to standard output alone.
        try:
            # What test runs know of failed tests stays as it is.
            with tempfile.TemporaryDirectory() as cache, redirect_stdout(sys.stderr):
                status = pytest.main([*arguments, "-o", f"cache_dir={cache}"], plugins=[self])
        finally:
            if self._lock is not None:
                self._lock.release()
        if status == pytest.ExitCode.INTERRUPTED or (self.interrupted and not self.has_run):
            raise KeyboardInterrupt
        if self.misused or status == pytest.ExitCode.USAGE_ERROR:
            return _USAGE
        # pytest has told of an internal error, which a service of somebody else may have raised.
        broken = status not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
        nothing = self.stack is None and self.action in {"up", "restart", "reset"}
        return _FAILED if self.unread or self.problems or broken or nothing else 0

    @pytest.hookimpl(wrapper=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> Generator[None]:
        # pytest-cov begins here.
        _leave_out_others(early_config.known_args_namespace)
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        _leave_out_others(config.option)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        session.items = []
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        role = session.config.stash.get(ROLE, None)
        self.unread = role.problem.message if role is not None and role.problem else ""
        if not isinstance(role, Owner) or not role.declarations:
            return self._refuse(role.problem if role is not None and role.problem else _nothing(session.config))
        self.owner = role
        try:
            self._run(role, session.config)
        except (DeclarationError, pytest.UsageError) as problem:
            self._refuse(problem)
        except KeyboardInterrupt:
            # Not pytest's to tell of, as if tests had been interrupted.
            self.interrupted = True
        return True

    def _refuse(self, problem: Exception) -> bool:
        self.problems.append(str(problem))
        self.misused = True
        return True

    def _run(self, owner: Owner, config: pytest.Config) -> None:
        declared = [one.name for one in owner.declarations]
        for name in self.names:
            if name not in declared:
                raise DeclarationError(
                    f"no container is called {name!r}{closest(name, declared)}",
                    hint=f"declared containers: {', '.join(declared)}",
                )
        if self.action == "plan":
            self.declarations = owner.declarations
            return
        if self.action == "images":
            wanted = closure(owner.declarations, set(self.names or declared))
            chosen = [one for one in owner.declarations if one.name in wanted]
            try:
                self.notes += get_images(chosen, config, owner.settings, self.say)
            except WincontainersError as problem:
                self.problems.append(str(problem))
            return
        self._lock = ProjectLock(state_folder(owner.settings.state), project_name(config.rootpath))
        self._lock.hold(lambda: config.get_terminal_writer().line(f"wincontainers: {WAITING}"))
        owner.up = True
        owner.restores = self.action == "reset"
        # The status of containers is for this terminal, all else of pytest's is not.
        silent, config.option.verbose = config.option.verbose, int(self.verbose)
        try:
            owner.start(sorted(closure(owner.declarations, set(self.names or declared))))
            run = owner.run
            if run is None:
                return
            for name in run.trackers:
                outcome = owner.wait(name)
                if isinstance(outcome, StartFailure):
                    self.problems.append(owner.mask(f"{name}: {outcome.message}"))
            if self.action == "restart" and not self.problems:
                for name in self.names:
                    run.restart(name)
        except WincontainersError as problem:
            self.problems.append(owner.mask(str(problem)))
        finally:
            config.option.verbose = silent
            if owner.run is not None:
                self.notes = owner.run.board.notes


def _leave_out_others(options: argparse.Namespace) -> None:
    for name, value in _OTHERS.items():
        if hasattr(options, name):
            setattr(options, name, value)


def _nothing(config: pytest.Config) -> DeclarationError:
    return DeclarationError(
        f"no containers are declared in {config.rootpath}",
        hint="declare them in conftest.py, or let `wincontainers init` write the first one",
    )
