"""The parts that a pytest process can play: what both have, and the worker, which only uses containers.

Chosen once, when the session starts. The owner, in a module of its own, is the only process, or pytest-xdist's
controller, which collects and runs no tests itself: there it learns from each worker what its tests need.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from pytest_wincontainers.declare import Declaration, declarations_in
from pytest_wincontainers.endpoints import Began, Handed
from pytest_wincontainers.errors import DeclarationError, StartError, WincontainersError
from pytest_wincontainers.plan import at, closure, in_order
from pytest_wincontainers.reports.tests import Source, TestReports
from pytest_wincontainers.run.handover import Failed, Handover
from pytest_wincontainers.run.needs import MARK, Need, files_without_needs_first, is_skipped, need_of
from pytest_wincontainers.settings import Settings, resolve

if TYPE_CHECKING:
    from pytest_wincontainers.engines.base import Engine

INPUT = "wincontainers"
"""The key under which the controller tells its workers of the run."""

_NEED = pytest.StashKey[Need]()
_POLL_SECONDS = 0.02


class Role:
    """What both parts have: the declarations, the needs of tests, and what tests get."""

    artifacts: Path
    handover: Handover
    worker = ""
    """The pytest-xdist worker that this is, or nothing."""

    def __init__(self, config: pytest.Config, plugins: Iterable[object]) -> None:
        self.config = config
        self.settings: Settings = resolve(config)
        # Under xdist the controller knows these only. Later ones, from conftest files in deeper folders, are
        # refused without xdist too, so that a suite does not fail only once it is run in parallel.
        self._plugins = list(plugins)
        self.declarations: list[Declaration] = []
        self.problem: DeclarationError | None = None
        self._reports: TestReports | None = None
        self._told: set[str] = set()
        self._engine: Engine | None = None
        self._handed: dict[str, Handed] = {}
        self._endpoints: dict[str, Any] = {}
        self.needed: set[str] = set()
        self._plan_only = bool(config.getoption("setupplan", False))
        try:
            self.declarations = declarations_in(self._plugins)
        except DeclarationError as problem:
            self.problem = problem

    # -- collection ---------------------------------------------------------------------------------------

    def collected(self, items: list[pytest.Item]) -> None:
        """Let the tests that need nothing go first."""
        if self.settings.order == "needs":
            files_without_needs_first(items, self._read_needs(items))

    def finished_collecting(self, session: pytest.Session) -> None:
        """The selection is final, and so are the marks: read what each test needs."""
        needy = self._read_needs(session.items)
        if not session.testsfailed or self.config.option.continue_on_collection_errors:
            self.needed = closure(self.declarations, {name for item in needy for name in item.stash[_NEED].names})

    def _read_needs(self, items: list[pytest.Item]) -> list[pytest.Item]:
        declared = [declaration.name for declaration in self.declarations]
        needy: list[pytest.Item] = []
        try:
            self._refuse_late_declarations()
            for item in items:
                need = need_of(item, declared)
                if need.names and not is_skipped(item):
                    item.stash[_NEED] = need
                    needy.append(item)
        except DeclarationError as problem:
            self.problem = self.problem or problem
        return needy

    def _refuse_late_declarations(self) -> None:
        early = set(map(id, self._plugins))
        late = declarations_in(one for one in self.config.pluginmanager.get_plugins() if id(one) not in early)
        if late:
            raise DeclarationError(
                f"{late[0].where}: {late[0].name} is declared in a conftest.py that is not read at the start",
                hint="move the declaration to the conftest.py of the root folder, or to a plugin",
            )

    # -- tests --------------------------------------------------------------------------------------------

    def wait(self, name: str) -> Handed | Failed:
        """What became of a container, once that is known."""
        raise NotImplementedError

    def begin(self, item: pytest.Item) -> None:
        """A test begins: wait for what it needs; fail or skip it where that is not to be had."""
        if self._reports is not None:
            self._reports.test_begins()
        if self.problem is not None and item.get_closest_marker(MARK):
            pytest.fail(str(self.problem), pytrace=False)
        if _NEED not in item.stash or self._plan_only:
            return
        # Where one fails of another, the other's report comes first.
        names = in_order(self.declarations, item.stash[_NEED].names)
        if self._reports is None:
            self._reports = TestReports(self.artifacts, self.settings.log_lines)
        for name in names:
            self._handed[name] = self._ready(name)
            try:
                self._declaration(name).service.test_begins(self._endpoint(name))
            except WincontainersError as problem:
                self._fail(name, str(problem))
        # Only now: what the containers wrote while they started is not of this test.
        self._reports.begin(item, [self._source(name) for name in names])

    def _ready(self, name: str) -> Handed:
        if name not in self.needed:
            # pytest-xdist runs some tests after a collection error before it stops.
            pytest.fail(f"{name} was not started, because of the errors during collection", pytrace=False)
        outcome = self.wait(name)
        if isinstance(outcome, Failed):
            if outcome.skip:
                pytest.skip(outcome.words.splitlines()[0])
            self._fail(name, outcome.words)
        loss = self.handover.loss(name)
        if loss is not None:
            self._fail(name, loss)
        return outcome

    def _fail(self, name: str, words: str) -> NoReturn:
        if words in self._told:
            words = f"{words.splitlines()[0]}\nhint: the first test that needed {name} has the whole report"
        self._told.add(words)
        pytest.fail(words, pytrace=False)

    def endpoint(self, name: str) -> Any:
        """What the fixture of that name gives to tests."""
        if self._plan_only:
            return None
        if self.problem is not None:
            pytest.fail(str(self.problem), pytrace=False)
        if name in self.needed:
            self._handed[name] = self._ready(name)
        if name not in self._handed:
            pytest.fail(
                f"no selected test said that it needs {name}, so it was not started\n"
                f"hint: a fixture asked for by request.getfixturevalue() is not seen before tests run; "
                f'mark the test with @pytest.mark.wincontainers("{name}")',
                pytrace=False,
            )
        return self._endpoint(name)

    def _endpoint(self, name: str) -> Any:
        """The endpoint, one for the whole process."""
        if name not in self._endpoints:
            service = self._declaration(name).service
            endpoint = service.endpoint(_Link(self, name))
            try:
                service.enter(endpoint)
            except WincontainersError as problem:
                self._fail(name, str(problem))
            self._endpoints[name] = endpoint
        return self._endpoints[name]

    def _declaration(self, name: str) -> Declaration:
        return next(one for one in self.declarations if one.name == name)

    def handed(self, name: str) -> Handed:
        """What is known of a container that tests have."""
        return self._handed[name]

    def began(self, name: str) -> Began:
        """When the current test began, by the clock of the engine."""
        return self._reports.began(name, self._handed[name].clock_offset) if self._reports is not None else Began()

    def restart(self, name: str) -> None:
        """Restart a container that tests have. Raises WincontainersError."""
        self._restart(name)
        outcome = self.handover.outcome(name)
        if isinstance(outcome, Handed):
            self._handed[name] = outcome

    def _restart(self, name: str) -> None:
        raise NotImplementedError

    def engine(self) -> Engine:
        """The engine, for commands that a test runs in a container."""
        if self._engine is None:
            self._engine = make_engine(self.config, self.settings)
        return self._engine

    def failed(self, item: pytest.Item, when: str) -> None:
        """A phase of a test has failed."""
        if self._reports is not None:
            self._reports.failed(item, when, list(self._handed.values()))

    def _source(self, name: str) -> Source:
        return Source(name, self._handed[name], self._declaration(name).service, self._endpoint(name))

    def end(self, item: pytest.Item) -> None:
        """A test is over."""
        if self._reports is not None and _NEED in item.stash:
            self._reports.end()


class _Link:
    """What connects the endpoints that tests get."""

    def __init__(self, role: Role, name: str) -> None:
        self._role = role
        self._name = name

    def handed(self) -> Handed:
        return self._role.handed(self._name)

    def engine(self) -> Engine:
        return self._role.engine()

    def began(self) -> Began:
        return self._role.began(self._name)

    def worker(self) -> str:
        return self._role.worker

    def restart(self) -> None:
        self._role.restart(self._name)


def make_engine(config: pytest.Config, settings: Settings) -> Engine:
    """The engine that a hook brings, or Docker."""
    brought: Engine | None = config.hook.pytest_wincontainers_engine(config=config)
    if brought is not None:
        return brought
    from pytest_wincontainers.engines.docker import DockerEngine

    return DockerEngine(settings.engine)


class Worker(Role):
    """A pytest-xdist worker: it says what its tests need and reads what became of it."""

    def __init__(self, config: pytest.Config, plugins: Iterable[object], worker_input: dict[str, Any]) -> None:
        super().__init__(config, plugins)
        self.worker = worker_input["workerid"]
        self._workers = int(worker_input.get("workercount", 1))
        self._restarts = 0
        given = worker_input.get(INPUT)
        if given is None:
            return
        self.handover = Handover(Path(given["folder"]))
        self.artifacts = Path(given["artifacts"])
        names = sorted(declaration.name for declaration in self.declarations)
        if self.problem is None and names != given["declared"]:
            self.problem = DeclarationError(
                "this pytest-xdist worker sees other containers than the controller",
                details=f"worker: {', '.join(names)}\ncontroller: {', '.join(given['declared'])}",
                hint="declare containers in the root conftest.py or in a plugin, without conditions",
            )

    def finished_collecting(self, session: pytest.Session) -> None:
        super().finished_collecting(session)
        self.problem = self.problem or next(self._unshared(), None)
        if hasattr(self, "handover"):
            problem = [self.problem.message, self.problem.hint, self.problem.details] if self.problem else None
            self.handover.publish_needs(self.worker, {"needed": sorted(self.needed), "problem": problem})

    def _unshared(self) -> Iterator[DeclarationError]:
        """What cannot be, as there are several workers."""
        for declaration in self.declarations:
            if declaration.name in self.needed:
                problem = declaration.service.parallel_problem(self._workers)
                if problem is not None:
                    yield at(declaration, problem)

    def wait(self, name: str) -> Handed | Failed:
        # The owner is another process, so there is nothing to wait on but the file.
        while (outcome := self.handover.outcome(name)) is None:
            if not self.handover.folder.exists():
                return Failed(f"{name} is gone, as the run that started it is over")
            time.sleep(_POLL_SECONDS)
        return outcome

    def _restart(self, name: str) -> None:
        self._restarts += 1
        self.handover.ask_for_restart(self.worker, self._restarts, name)
        while (problem := self.handover.restart_answer(self.worker, self._restarts)) is None:
            if not self.handover.folder.exists():
                problem = f"{name} is gone, as the run that started it is over"
                break
            time.sleep(_POLL_SECONDS)
        if problem:
            raise StartError(problem)
