"""The role of a process in a pytest session: it collects declarations and needs, and gives containers to tests.

Which part a process plays is chosen once, when the session starts. The owner is the only process, or pytest-xdist's
controller, which collects and runs no tests itself: there it learns from each worker what its tests need.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pytest_wincontainers.dependencies import closure, in_order
from pytest_wincontainers.endpoints import ContainerInfo, EvidenceKeeper, StartFailure, TestStart
from pytest_wincontainers.engines.base import Engine
from pytest_wincontainers.errors import DeclarationError, WincontainersError
from pytest_wincontainers.plan import part_of
from pytest_wincontainers.reports.evidence import OpenEvidence
from pytest_wincontainers.reports.masking import mask_report
from pytest_wincontainers.reports.tests import LogSource, TestReports
from pytest_wincontainers.services.declaration import ENDPOINTS, Declaration, declarations_in
from pytest_wincontainers.services.roles import TestHooks
from pytest_wincontainers.services.service import Service
from pytest_wincontainers.session.fixtures import WideFixtures
from pytest_wincontainers.session.handover import Handover
from pytest_wincontainers.session.link import ServiceLog, SessionLink
from pytest_wincontainers.session.needs import MARK, Need, files_without_needs_first, is_skipped, need_of
from pytest_wincontainers.settings import Settings, resolve

_NEED = pytest.StashKey[Need]()


@dataclass
class _Given:
    """What this process has given to tests."""

    infos: dict[str, ContainerInfo] = field(default_factory=dict)
    endpoints: dict[str, Any] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    """The failures that a test has reported in full."""


class Role:
    """What owner and workers have in common."""

    artifacts: Path
    handover: Handover
    interrupted = False
    """Whether somebody pressed Ctrl+C while everything was removed."""
    worker = ""
    """The pytest-xdist worker whose place this process has, or nothing."""
    replacing = False
    """Whether a worker that crashed had this place before."""

    def __init__(self, config: pytest.Config, plugins: Iterable[object]) -> None:
        self.config = config
        self.settings: Settings = resolve(config)
        # Under xdist the controller knows these only. Later ones, from conftest files in deeper folders, are
        # refused without xdist too, so that a suite does not fail only once it is run in parallel.
        self._plugins = list(plugins)
        self.declarations: list[Declaration] = []
        self.problem: DeclarationError | None = None
        self.needed: set[str] = set()
        self._reports: TestReports | None = None
        self._evidence = OpenEvidence()
        self._given = _Given()
        self._plan_only = bool(config.getoption("setupplan", False))
        config.stash[ENDPOINTS] = self.endpoint
        try:
            self.declarations = declarations_in(self._plugins)
        except DeclarationError as problem:
            self.problem = problem

    def close(self) -> None:
        """Let go of everything; may be called again."""
        raise NotImplementedError

    # -- collection ---------------------------------------------------------------------------------------

    def collected(self, items: list[pytest.Item]) -> None:
        """Let the tests that need nothing go first."""
        if self.settings.order == "needs":
            files_without_needs_first(items, self._read_needs(items))

    def finished_collecting(self, session: pytest.Session) -> None:
        """The selection is final, and so are the marks: read what each test needs."""
        needy = self._read_needs(session.items)
        if not session.testsfailed or self.config.option.continue_on_collection_errors:
            if needy:
                self.config.pluginmanager.register(WideFixtures(self._changes), "wincontainers-fixtures")
            self.needed = closure(self.declarations, {name for item in needy for name in item.stash[_NEED].names})

    def _read_needs(self, items: list[pytest.Item]) -> list[pytest.Item]:
        declared = [declaration.name for declaration in self.declarations]
        needy: list[pytest.Item] = []
        try:
            self._refuse_late_declarations(items)
            for item in items:
                need = need_of(item, declared)
                if need.names and not is_skipped(item):
                    item.stash[_NEED] = need
                    needy.append(item)
        except DeclarationError as problem:
            self.problem = self.problem or problem
        return needy

    def _refuse_late_declarations(self, items: list[pytest.Item]) -> None:
        early = set(map(id, self._plugins))
        late: list[object] = [one for one in self.config.pluginmanager.get_plugins() if id(one) not in early]
        modules = (item.getparent(pytest.Module) for item in items)
        late += dict.fromkeys(module.obj for module in modules if module is not None)
        # A test file may import what is declared elsewhere, for example for its type.
        for declaration in declarations_in(late):
            if declaration not in self.declarations:
                raise DeclarationError(
                    f"{declaration.where}: {declaration.name} is declared in a file that pytest does not load at "
                    "startup",
                    hint="move the declaration to the root conftest.py or to a plugin",
                )

    # -- tests --------------------------------------------------------------------------------------------

    def wait(self, name: str) -> ContainerInfo | StartFailure:
        """What became of a container, once that is known."""
        raise NotImplementedError

    def begin(self, item: pytest.Item) -> None:
        """A test begins: wait for what it needs; fail or skip it where that cannot be had."""
        if self._reports is not None:
            self._reports.start()
        if self.problem is not None and item.get_closest_marker(MARK):
            pytest.fail(str(self.problem), pytrace=False)
        if _NEED not in item.stash or self._plan_only:
            return
        # Where one fails because of another, the other's report comes first.
        names = in_order(self.declarations, item.stash[_NEED].names)
        if self._reports is None:
            self._reports = TestReports(self.artifacts, self.settings.log_lines, self._evidence)
        for name in names:
            self._given.infos[name] = self._ready(name)
            endpoint, service = self._endpoint(name), self._service(name)
            if isinstance(service, TestHooks):
                try:
                    service.start_test(endpoint)
                except WincontainersError as problem:
                    self._fail(name, str(problem))
        # Only now: what the containers wrote while they started is not of this test.
        self._reports.watch(item, [self._log_source(name) for name in names])

    def _ready(self, name: str) -> ContainerInfo:
        if name not in self.needed:
            # pytest-xdist runs some tests after a collection error before it stops.
            pytest.fail(f"{name} was not started because of errors during collection", pytrace=False)
        outcome = self.wait(name)
        if isinstance(outcome, StartFailure):
            if outcome.skip:
                pytest.skip(outcome.message.splitlines()[0])
            self._fail(name, outcome.message)
        loss = self.handover.loss(outcome.name)
        if loss is not None:
            self._fail(name, loss)
        return outcome

    def _fail(self, name: str, message: str) -> NoReturn:
        if message in self._given.told:
            message = f"{message.splitlines()[0]}\nhint: the first test that needed {name} has the full report"
        self._given.told.add(message)
        pytest.fail(message, pytrace=False)

    def endpoint(self, name: str) -> Any:
        """What the fixture of that name gives to tests."""
        if self._plan_only:
            return None
        if self.problem is not None:
            pytest.fail(str(self.problem), pytrace=False)
        if name in self.needed:
            self._given.infos[name] = self._ready(name)
        if name not in self._given.infos:
            pytest.fail(
                f"{name} was not started because no selected test is known to need it\n"
                f"hint: fixtures requested with request.getfixturevalue() are not known before tests run; "
                f'mark the test with @pytest.mark.wincontainers("{name}")',
                pytrace=False,
            )
        return self._endpoint(name)

    def _endpoint(self, name: str) -> Any:
        """The endpoint, one for the whole process."""
        if name not in self._given.endpoints:
            try:
                service = self._service(name)
                endpoint = service.endpoint(SessionLink(self, name))
                if self.replacing and isinstance(service, TestHooks):
                    service.take_over(endpoint)
            except WincontainersError as problem:
                self._fail(name, str(problem))
            self._given.endpoints[name] = endpoint
        return self._given.endpoints[name]

    def _service(self, name: str) -> Service:
        """The service as this process sees it. Raises DeclarationError."""
        declared = next(one.service for one in self.declarations if one.name == name)
        return part_of(declared, self._given.infos[name].workers, self.worker)

    def _changes(self) -> dict[str, int]:
        """The changes so far to what is restored before each test, by container."""
        found: dict[str, int] = {}
        for name, endpoint in self._given.endpoints.items():
            service = self._service(name)
            # It may have ended; the test is told that elsewhere.
            with suppress(WincontainersError):
                found[name] = service.changes(endpoint) if isinstance(service, TestHooks) else 0
        return found

    def _log_source(self, name: str) -> LogSource:
        info = self._given.infos[name]
        reader = ServiceLog(self._service(name), self._endpoint(name), Path(info.log))
        link = SessionLink(self, name)
        return LogSource(info, reader, link.arriving, link.trouble)

    def failed(self, item: pytest.Item, when: str) -> None:
        """A phase of a test has failed."""
        if self._reports is not None:
            self._reports.failed(item, when, list(self._given.infos.values()))

    def mask(self, report: pytest.TestReport) -> None:
        """Mask the passwords that this process knows in what is reported of a test."""
        mask_report(report, (secret for one in self._given.infos.values() for secret in one.secrets.values()))

    def end(self, item: pytest.Item) -> None:
        """A test is over."""
        if self._reports is not None and _NEED in item.stash:
            self._reports.end()

    # -- what endpoints ask for -----------------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        """The engine, for commands that a test runs in a container."""
        raise NotImplementedError

    @property
    def evidence(self) -> EvidenceKeeper:
        """What keeps browsers open until it is known whether the test has failed."""
        return self._evidence

    def info(self, name: str) -> ContainerInfo:
        """What is known of a container that tests have."""
        return self._given.infos[name]

    def test_start(self, name: str) -> TestStart:
        """When the current test began, by the clock of the engine."""
        return self._reports.test_start(self.info(name)) if self._reports is not None else TestStart()

    def restart(self, name: str) -> None:
        """Restart a container that tests have. Raises WincontainersError."""
        own_name = self.info(name).name
        self._restart(own_name)
        outcome = self.handover.outcome(own_name)
        if isinstance(outcome, ContainerInfo):
            self._given.infos[name] = outcome

    def _restart(self, own_name: str) -> None:
        raise NotImplementedError
