"""A failing test's report: what the containers it needs wrote meanwhile, and what its browsers showed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from pytest_wincontainers.endpoints import Began, Handed
from pytest_wincontainers.errors import WincontainersError
from pytest_wincontainers.reports import logs
from pytest_wincontainers.reports.artifacts import folder_of_test
from pytest_wincontainers.reports.browsers import BROWSERS

# The title decides where a section shows: one with "log" in front reaches JUnit XML and --show-capture=log too.
_TITLE = "log wincontainers "


class Logging(Protocol):
    """What is asked of a kind of container."""

    def flush_logs(self, endpoint: Any) -> None:
        """Have all that was logged by now written to the container's output. Raises WincontainersError."""

    def excerpts(self, log: Path, offset: int, since: float, until: float) -> Mapping[str, Sequence[str]]:
        """The lines of that time, by which log they are of. Raises OSError."""


@dataclass(frozen=True)
class Source:
    """A container whose logs belong to a test."""

    name: str
    handed: Handed
    service: Logging
    endpoint: Any

    @property
    def log(self) -> Path:
        return Path(self.handed.log)


@dataclass
class Watch:
    """What is remembered of a test from its beginning, or from its last failing phase."""

    sources: Sequence[Source]
    since: float
    offsets: Mapping[str, int]


WATCH = pytest.StashKey[Watch]()


class TestReports:
    """Adds sections to the reports of failing tests. `folder` is the run's artifacts folder."""

    __test__ = False

    def __init__(self, folder: Path, log_lines: int) -> None:
        self._folder = folder
        self._log_lines = log_lines
        self._current: Watch | None = None
        self._since = 0.0

    def begin(self, item: pytest.Item, sources: Sequence[Source]) -> None:
        """A test that needs these containers begins."""
        item.stash[WATCH] = self._current = self._watch(sources)
        BROWSERS.test_begins()

    @staticmethod
    def _watch(sources: Sequence[Source]) -> Watch:
        offsets = {source.name: logs.size(source.log) for source in sources}
        return Watch(sources, time.time(), offsets)

    def test_begins(self) -> None:
        """Any test begins; of the one before nothing counts any more."""
        self._current = None
        self._since = time.time()

    def began(self, name: str, ahead: float) -> Began:
        """When the current test began, by a clock that is ahead by so many seconds."""
        if self._current is None:
            return Began(self._since + ahead)
        # One that it did not say it needs has no mark of its own.
        return Began(self._current.since + ahead, self._current.offsets.get(name, 0))

    def failed(self, item: pytest.Item, when: str, handed: Sequence[Handed]) -> None:
        """A phase of the test has failed: add what belongs to it, before the report is made.

        `handed` is what is known of the containers: their secrets.
        """
        watch = item.stash.get(WATCH, None)
        if watch is None:
            return
        try:
            self._add_browsers(item, when, handed)
        except OSError as problem:
            item.add_report_section(when, f"{_TITLE}browser", f"(what browsers showed cannot be kept: {problem})")
        for source in watch.sources:
            self._flush(source, item, when)
        logs.settle(source.log for source in watch.sources)
        until = time.time()
        for source in watch.sources:
            for title, text in self._excerpts(source, watch, until):
                item.add_report_section(when, f"{_TITLE}{title}", text)
        # A later phase that fails too adds only what came after.
        item.stash[WATCH] = self._watch(watch.sources)

    @staticmethod
    def _flush(source: Source, item: pytest.Item, when: str) -> None:
        try:
            source.service.flush_logs(source.endpoint)
        except WincontainersError as problem:
            item.add_report_section(when, f"{_TITLE}{source.name}", f"(the last lines may be missing: {problem})")

    def _excerpts(self, source: Source, watch: Watch, until: float) -> Iterator[tuple[str, str]]:
        ahead = source.handed.clock_offset
        try:
            found = source.service.excerpts(source.log, watch.offsets[source.name], watch.since + ahead, until + ahead)
        except OSError as problem:
            found = {"": [f"(the log cannot be read: {problem})"]}
        for title, lines in found.items():
            if not lines:
                continue
            yield f"{source.name} {title}".rstrip(), logs.clean("\n".join(self.last(lines, source.log)))

    def last(self, lines: Sequence[str], log: Path) -> Sequence[str]:
        """As many of the lines as a report takes, and where the others are."""
        more = len(lines) - self._log_lines
        if more <= 0:
            return lines
        return [f"({more} earlier lines are in {log})", *lines[more:]]

    def _add_browsers(self, item: pytest.Item, when: str, handed: Sequence[Handed]) -> None:
        secrets = [secret for one in handed for secret in one.secrets.values()]
        for name, text in BROWSERS.gather(
            folder=lambda: folder_of_test(self._folder, item.nodeid), mask=lambda text: logs.masked(text, secrets)
        ):
            item.add_report_section(when, f"{_TITLE}{name} browser", logs.clean(text))
            kept = (f"wincontainers_{name}", str(folder_of_test(self._folder, item.nodeid)))
            if kept not in item.user_properties:
                item.user_properties.append(kept)

    def end(self) -> None:
        """The test is over."""
        self._current = None
        BROWSERS.test_ends()
