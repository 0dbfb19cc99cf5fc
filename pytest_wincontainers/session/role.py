"""The role of a process in a pytest session: it collects declarations and needs, and gives containers to tests.

Which part a process plays is chosen once, when the session starts. The owner is the only process, or pytest-xdist's
controller, which collects and runs no tests itself: there it learns from each worker what its tests need.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pytest_wincontainers.dependencies import closure, in_order
from pytest_wincontainers.endpoints import ContainerInfo, StartFailure, TestStart
from pytest_wincontainers.engines.base import Engine
from pytest_wincontainers.errors import DeclarationError, WincontainersError
from pytest_wincontainers.evidence import Evidence, EvidenceKeeper
from pytest_wincontainers.plan import as_made, part_of
from pytest_wincontainers.reports.gathering import LogSource
from pytest_wincontainers.reports.masking import mask_report, mask_text
from pytest_wincontainers.reports.opened import OpenEvidence
from pytest_wincontainers.reports.record.journal import Journal
from pytest_wincontainers.reports.sinks.html import HtmlAttempts
from pytest_wincontainers.services.declaration import ENDPOINTS, Declaration, declarations_in
from pytest_wincontainers.services.roles import TestHooks, TestValues
from pytest_wincontainers.services.service import Service
from pytest_wincontainers.session.fixtures import WideFixtures
from pytest_wincontainers.session.handover import Handover
from pytest_wincontainers.session.link import ServiceLog, SessionLink
from pytest_wincontainers.session.masking import ReportMasking
from pytest_wincontainers.session.needs import MARK, Need, files_without_needs_first, is_skipped, need_of
from pytest_wincontainers.session.reporting import TestReporting
from pytest_wincontainers.settings import Settings, resolve

_NEED = pytest.StashKey[Need]()
_WAITS = pytest.StashKey[dict[str, float]]()
_LEAST_WAIT_SECONDS = 0.01


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
        self._reporting: TestReporting | None = None
        self._opened = OpenEvidence()
        self._given = _Given()
        self._plan_only = bool(config.getoption("setupplan", False))
        config.stash[ENDPOINTS] = self.endpoint
        config.pluginmanager.register(ReportMasking(lambda: self.secrets), "wincontainers-masking")
        if config.getoption("htmlpath", None):
            config.pluginmanager.register(HtmlAttempts(), "wincontainers-html")
        try:
            self.declarations = declarations_in(self._plugins)
        except DeclarationError as problem:
            self.problem = problem

    def finished_session(self, exit_status: int, *, failed: bool) -> None:
        """All tests have run, or no more will; with what status pytest ends, and whether a test has failed."""

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

    @property
    def journal(self) -> Journal | None:
        """The journal of this process; None as long as nothing was started."""
        raise NotImplementedError

    def wait_for_needs(self, item: pytest.Item) -> None:
        """Wait for what a test needs before it begins, so that the time is not the test's."""
        if self._reporting is None and self.journal is not None:
            self._reporting = TestReporting(
                self.config,
                self.settings,
                self.journal,
                folder=self.artifacts,
                worker=self.worker,
                opened=self._opened,
                mask=self.mask,
            )
        if _NEED in item.stash and not self._plan_only and self.problem is None:
            for name in in_order(self.declarations, item.stash[_NEED].names):
                if name in self.needed:
                    begun = time.monotonic()
                    self.wait(name)
                    item.stash.setdefault(_WAITS, {})[name] = time.monotonic() - begun

    def begin(self, item: pytest.Item) -> None:
        """A test begins: fail or skip it where what it needs cannot be had."""
        if self._reporting is not None:
            self._reporting.start(item, item.stash[_NEED].names if _NEED in item.stash else ())
            for name, seconds in item.stash.get(_WAITS, {}).items():
                if seconds >= _LEAST_WAIT_SECONDS:
                    self._reporting.waited(item, name, seconds)
            item.stash[_WAITS] = {}
        if self.problem is not None and item.get_closest_marker(MARK):
            pytest.fail(str(self.problem), pytrace=False)
        if _NEED not in item.stash or self._plan_only:
            return
        # Where one fails because of another, the other's report comes first.
        names = in_order(self.declarations, item.stash[_NEED].names)
        had: list[str] = []
        try:
            for name in names:
                self._given.infos[name] = self._ready(name)
                endpoint, service = self._endpoint(name), self._service(name)
                had.append(name)
                if isinstance(service, TestHooks):
                    try:
                        service.start_test(endpoint)
                    except WincontainersError as problem:
                        self._fail(name, str(problem))
        finally:
            # Only now: what the containers wrote while they started is not of this test.
            if self._reporting is not None:
                self._reporting.watch(item, [self._log_source(name) for name in had])

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
        declared = next(one for one in self.declarations if one.name == name)
        made = as_made(declared, stays=self.settings.stays, outside=self.settings.publish)
        return part_of(made, self._given.infos[name].workers, self.worker)

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

    @property
    def secrets(self) -> Iterable[str]:
        """The passwords that this process knows."""
        return [secret for one in self._given.infos.values() for secret in one.secrets.values()]

    def mask(self, text: str) -> str:
        """The text without the passwords that this process knows."""
        return mask_text(text, self.secrets)

    def reported(self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
        """The report of a test's phase is made."""
        # Once more (see `ReportMasking`), as other plugins have added to it since.
        mask_report(report, self.secrets)
        if self._reporting is not None:
            self._reporting.reported(item, call, report, self._held_by(item))

    def _held_by(self, item: pytest.Item) -> Iterator[Evidence]:
        """What the values show that fixtures gave to a test, and that are of one of its containers."""
        names = item.stash[_NEED].names if _NEED in item.stash else ()
        for name in names:
            if name in self._given.endpoints and isinstance(self._service(name), TestValues):
                service, endpoint = self._service(name), self._given.endpoints[name]
                for value in {id(one): one for one in (getattr(item, "funcargs", None) or {}).values()}.values():
                    found = service.evidence_of(endpoint, value) if isinstance(service, TestValues) else None
                    if found is not None:
                        yield found

    # -- what endpoints ask for -----------------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        """The engine, for commands that a test runs in a container."""
        raise NotImplementedError

    @property
    def evidence(self) -> EvidenceKeeper:
        """What keeps browsers open until it is known whether the test has failed."""
        return self._opened

    def info(self, name: str) -> ContainerInfo:
        """What is known of a container that tests have."""
        return self._given.infos[name]

    def test_start(self, name: str) -> TestStart:
        """When the current test began, by the clock of the engine."""
        return self._reporting.test_start(self.info(name)) if self._reporting is not None else TestStart()

    def restart(self, name: str) -> None:
        """Restart a container that tests have. Raises WincontainersError."""
        own_name = self.info(name).name
        self._restart(own_name)
        outcome = self.handover.outcome(own_name)
        if isinstance(outcome, ContainerInfo):
            self._given.infos[name] = outcome

    def _restart(self, own_name: str) -> None:
        raise NotImplementedError
