"""What a process reports of the tests that it runs: lines in the run's journal, and evidence of failures."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_wincontainers.endpoints import ContainerInfo, TestStart
from pytest_wincontainers.errors import WincontainersWarning
from pytest_wincontainers.evidence import Evidence, FailureEvidence
from pytest_wincontainers.reports.gathering import Gatherer, LogSource
from pytest_wincontainers.reports.opened import OpenEvidence
from pytest_wincontainers.reports.record.journal import Journal
from pytest_wincontainers.reports.record.surroundings import JournalSurroundings
from pytest_wincontainers.reports.sinks.allure import AllureAttachments
from pytest_wincontainers.reports.sinks.html import HtmlExtras
from pytest_wincontainers.reports.sinks.junit import JUnitProperties
from pytest_wincontainers.reports.sinks.text import FailureText, add_section
from pytest_wincontainers.reports.text import sections
from pytest_wincontainers.settings import Settings

_MESSAGE_LINES = 20
_LONGEST_MESSAGE = 4000


class TestReporting:
    """The reporting of one process. `mask` takes the secrets that the process knows out of a text."""

    __test__ = False

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        journal: Journal,
        *,
        folder: Path,
        worker: str,
        opened: OpenEvidence,
        mask: Callable[[str], str],
    ) -> None:
        self._config = config
        self._settings = settings
        self._journal = journal
        self._folder = folder
        self._mask = mask
        surroundings = JournalSurroundings(folder, worker)
        self._gatherer = Gatherer(
            folder, log_lines=settings.log_lines, worker=worker, opened=opened, surroundings=surroundings
        )
        for sink in _sinks(config):
            config.pluginmanager.register(sink, f"wincontainers-{type(sink).__name__}")

    def start(self, item: pytest.Item, needs: Iterable[str]) -> None:
        """A test starts that needs these containers."""
        needs = sorted(needs)
        self._gatherer.start(item.nodeid, needy=bool(needs))
        file, line, _ = item.location
        self._journal.write(
            "start",
            id=item.nodeid,
            attempt=self._gatherer.attempt,
            file=Path(file).as_posix(),
            line=(line or 0) + 1,
            needs=needs,
        )

    def waited(self, item: pytest.Item, container: str, seconds: float) -> None:
        """A test had to wait for a container."""
        self._journal.write("wait", id=item.nodeid, container=container, seconds=round(seconds, 3))

    def watch(self, item: pytest.Item, sources: Sequence[LogSource]) -> None:
        """The current test needs these containers, and has them now."""
        self._gatherer.watch(sources)
        self._journal.write("uses", id=item.nodeid, containers=[source.info.name for source in sources])

    def test_start(self, info: ContainerInfo) -> TestStart:
        """When the current test began, by the clock of that container's engine."""
        return self._gatherer.test_start(info)

    def reported(
        self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, held: Iterable[Evidence]
    ) -> None:
        """The report of a phase is made: add what explains a failure, and hand it to all sinks.

        `held` is what values show that the test holds.
        """
        if not self._gatherer.knows(item.nodeid):
            # It was skipped, or failed, before this plugin's turn came.
            self.start(item, ())
        failed = report.failed
        evidence = self._evidence(report, held, failed=failed)
        attempt = self._gatherer.attempt
        if report.when == "teardown":
            # What the test had open may be closed now.
            self._gatherer.end()
        saved = self._saved(evidence) if evidence is not None else ""
        file, line = _place(item, call) if failed else ("", 0)
        self._journal.write(
            "report",
            id=item.nodeid,
            when=report.when,
            outcome=report.outcome,
            seconds=round(report.duration, 3),
            attempt=attempt,
            **({"message": _message(call), "file": file, "line": line} if failed else {}),
            **({"evidence": saved} if saved else {}),
        )
        if report.when == "teardown":
            self._journal.write("finish", id=item.nodeid)
        if evidence is not None and failed:
            self._show(item, evidence, report)
        elif evidence is not None and self._settings.logs == "always":
            for title, text in sections(evidence):
                add_section(report, title, text)

    def _evidence(self, report: pytest.TestReport, held: Iterable[Evidence], *, failed: bool) -> FailureEvidence | None:
        settings = self._settings
        logs_too = settings.logs == "always" or (failed and settings.logs == "on-failure")
        screenshots = settings.screenshot == "on" or (failed and settings.screenshot == "only-on-failure")
        # Of a test that passes, its call alone tells something.
        if not failed and not (report.when == "call" and report.passed and (logs_too or screenshots)):
            return None
        when = report.when or "call"
        return self._gatherer.gather(when, self._mask, logs_too=logs_too, held=held if screenshots else None)

    def _saved(self, evidence: FailureEvidence) -> str:
        """Save the evidence beside its files; the path below the run's folder, "" where that fails."""
        # Evidence of others may have what JSON does not.
        with suppress(OSError, TypeError, ValueError):
            folder = Path(evidence.folder)
            folder.mkdir(parents=True, exist_ok=True)
            # A test with subtests fails several times in one phase.
            names = (f"{evidence.when}{f'-{number}' if number > 1 else ''}.json" for number in range(1, 10_000))
            path = folder / next(name for name in names if not (folder / name).exists())
            content = json.dumps(evidence.as_json(), indent=1, ensure_ascii=False)
            path.write_text(content, "utf-8", errors="replace")
            return path.relative_to(self._folder).as_posix()
        return ""

    def _show(self, item: pytest.Item, evidence: FailureEvidence, report: pytest.TestReport) -> None:
        try:
            item.ihook.pytest_wincontainers_failure(item=item, evidence=evidence, report=report)
        except Exception as problem:  # noqa: BLE001 - somebody else's sink must cost neither the report nor the session
            words = self._mask(f"a plugin that shows failures raised {type(problem).__name__}: {problem}")
            try:
                warnings.warn(words, WincontainersWarning, stacklevel=2)
            except WincontainersWarning:
                # Where warnings are errors, one here would end the session.
                add_section(report, "wincontainers", words)


def _sinks(config: pytest.Config) -> list[object]:
    """The sinks of all reports that are made in this session."""
    sinks: list[object] = [FailureText(), JUnitProperties()]
    if config.getoption("htmlpath", None):
        sinks.append(HtmlExtras())
    # Whoever writes results has imported it.
    allure: Any = sys.modules.get("allure")
    if allure is not None and config.getoption("allure_report_dir", None):
        sinks.append(AllureAttachments(allure))
    return sinks


def _place(item: pytest.Item, call: pytest.CallInfo[None]) -> tuple[str, int]:
    """The file, below the root directory, and the line of the project's own code where a failure comes from."""
    root = item.config.rootpath
    for entry in reversed(call.excinfo.traceback if call.excinfo is not None else []):
        path = Path(entry.path)
        if path.is_relative_to(root) and "site-packages" not in path.parts:
            return path.relative_to(root).as_posix(), entry.lineno + 1
    file, line, _ = item.location
    return Path(file).as_posix(), (line or 0) + 1


def _message(call: pytest.CallInfo[None]) -> str:
    lines = call.excinfo.exconly(tryshort=True).splitlines() if call.excinfo is not None else []
    return "\n".join(lines[:_MESSAGE_LINES])[:_LONGEST_MESSAGE]
