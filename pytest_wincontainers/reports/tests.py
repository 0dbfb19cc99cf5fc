"""The report of a failing test: the logs of the containers it needs, and the evidence of its browsers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from pytest_wincontainers.endpoints import ContainerInfo, TestStart
from pytest_wincontainers.errors import WincontainersError
from pytest_wincontainers.reports import logs
from pytest_wincontainers.reports.artifacts import folder_of_test
from pytest_wincontainers.reports.evidence import OpenEvidence

# The title decides where a section shows: one with "log" in front reaches JUnit XML and --show-capture=log too.
_TITLE = "log wincontainers "
_LONGEST_LINE = 10_000


class ContainerLog(Protocol):
    """Reads a container's log, which may be several in one; see `services.ServerLogs`."""

    def flush(self) -> None:
        """Wait until all that was logged by now is in the file. Raises WincontainersError."""

    def excerpts(self, offset: int, since: float, until: float) -> Mapping[str, Sequence[str]]:
        """The lines of that time, by which log they are of. Raises OSError."""


@dataclass(frozen=True)
class LogSource:
    """A container whose logs belong to a test."""

    info: ContainerInfo
    reader: ContainerLog
    arriving: Callable[[], logs.Arriving]
    trouble: Callable[[], str]

    @property
    def log(self) -> Path:
        return Path(self.info.log)


@dataclass
class Watch:
    """What is remembered of a test from its beginning, or from its last failing phase."""

    sources: Sequence[LogSource]
    since: float
    offsets: Mapping[str, int]


WATCH = pytest.StashKey[Watch]()


class TestReports:
    """Adds sections to the reports of failing tests. `folder` is the run's artifacts folder."""

    __test__ = False

    def __init__(self, folder: Path, log_lines: int, evidence: OpenEvidence) -> None:
        self._folder = folder
        self._log_lines = log_lines
        self._current: Watch | None = None
        self._since = 0.0
        self._evidence = evidence

    def watch(self, item: pytest.Item, sources: Sequence[LogSource]) -> None:
        """The current test needs these containers, and has them now."""
        item.stash[WATCH] = self._current = self._watch(sources)
        self._evidence.start_test()

    @staticmethod
    def _watch(sources: Sequence[LogSource]) -> Watch:
        offsets = {source.info.name: logs.size(source.log) for source in sources}
        return Watch(sources, time.time(), offsets)

    def start(self) -> None:
        """A test starts, whatever it needs; of the one before nothing counts any more."""
        self._current = None
        self._since = time.time()

    def test_start(self, info: ContainerInfo) -> TestStart:
        """When the current test began, by the clock of that container's engine."""
        if self._current is None:
            return TestStart(self._since + info.clock_offset)
        # One that the test did not say it needs has no mark of its own.
        return TestStart(self._current.since + info.clock_offset, self._current.offsets.get(info.name, 0))

    def failed(self, item: pytest.Item, when: str, containers: Sequence[ContainerInfo]) -> None:
        """A phase of the test has failed: add what belongs to it, before the report is made.

        `containers` are those of the run, whose secrets are masked.
        """
        watch = item.stash.get(WATCH, None)
        if watch is None:
            return
        # Services of others take part: whatever one of them raises must not cost the report, or the session.
        try:
            self._add_evidence(item, when, containers)
        except Exception as problem:  # noqa: BLE001
            item.add_report_section(when, f"{_TITLE}evidence", f"(it could not be saved: {_said(problem)})")
        for source in watch.sources:
            trouble = source.trouble()
            if trouble:
                item.add_report_section(when, f"{_TITLE}{source.info.name} state", trouble)
                continue
            self._flush(source, item, when)
        logs.settle([source.arriving() for source in watch.sources])
        until = time.time()
        for source in watch.sources:
            for title, text in self._excerpts(source, watch, until):
                item.add_report_section(when, f"{_TITLE}{title}", text)
        # A later phase that fails too adds only what came after.
        item.stash[WATCH] = self._watch(watch.sources)

    @staticmethod
    def _flush(source: LogSource, item: pytest.Item, when: str) -> None:
        try:
            source.reader.flush()
        except Exception as problem:  # noqa: BLE001 - as above
            why = f"(the last lines may be missing: {_said(problem)})"
            item.add_report_section(when, f"{_TITLE}{source.info.name}", why)

    def _excerpts(self, source: LogSource, watch: Watch, until: float) -> Iterator[tuple[str, str]]:
        ahead = source.info.clock_offset
        try:
            found = source.reader.excerpts(watch.offsets[source.info.name], watch.since + ahead, until + ahead)
        except Exception as problem:  # noqa: BLE001 - as above
            found = {"": [f"(the log cannot be read: {_said(problem)})"]}
        for title, lines in found.items():
            if not lines:
                continue
            yield f"{source.info.name} {title}".rstrip(), logs.clean("\n".join(self.last(lines, source.log)))

    def last(self, lines: Sequence[str], log: Path) -> Sequence[str]:
        """As many of the lines as a report takes, and where the others are."""
        more = max(0, len(lines) - self._log_lines)
        kept = [
            line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}… (the whole line is in {log})"
            for line in lines[more:]
        ]
        return [f"({more} earlier lines are in {log})", *kept] if more else kept

    def _add_evidence(self, item: pytest.Item, when: str, containers: Sequence[ContainerInfo]) -> None:
        secrets = [secret for one in containers for secret in one.secrets.values()]
        for evidence, text in self._evidence.gather(
            folder=lambda: folder_of_test(self._folder, item.nodeid), mask=lambda text: logs.masked(text, secrets)
        ):
            item.add_report_section(when, f"{_TITLE}{evidence.name} {evidence.kind}", logs.clean(text))
            kept = (f"wincontainers_{evidence.name}", str(folder_of_test(self._folder, item.nodeid)))
            if kept not in item.user_properties:
                item.user_properties.append(kept)

    def end(self) -> None:
        """The current test is over."""
        self._current = None
        self._evidence.end_test()


def _said(problem: Exception) -> str:
    ours = isinstance(problem, (WincontainersError, OSError))
    return str(problem) if ours else f"{type(problem).__name__}: {problem}"
