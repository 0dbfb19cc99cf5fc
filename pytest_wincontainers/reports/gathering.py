"""Gathers the evidence of a failing test: the logs of the containers it needs, and what it has open."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pytest_wincontainers.endpoints import ContainerInfo, TestStart
from pytest_wincontainers.evidence import (
    ContainerEvidence,
    Evidence,
    FailureEvidence,
    LogSlice,
    OpenedEvidence,
    Overlap,
)
from pytest_wincontainers.reports import logs
from pytest_wincontainers.reports.artifacts import folder_of_test
from pytest_wincontainers.reports.opened import OpenEvidence, said
from pytest_wincontainers.reports.stacks import StackFolder, has_stack

_LONGEST_LINE = 10_000


class ContainerLog(Protocol):
    """Reads a container's log, which may be several in one; see `services.ServerLogs`."""

    def flush(self) -> None:
        """Wait until all that was logged by now is in the file. Raises WincontainersError."""

    def excerpts(self, offset: int, since: float, until: float) -> Mapping[str, Sequence[str]]:
        """The lines of that time, by which log they are of. Raises OSError."""


class Surroundings(Protocol):
    """What else went on in the run while a test used a container."""

    def events(self, container: str, since: float, until: float) -> Sequence[str]:
        """What happened to the container in that time."""

    def overlaps(self, container: str, since: float, until: float) -> Sequence[Overlap]:
        """The other tests that used it in that time."""


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

    nodeid: str
    attempt: int
    since: float
    needy: bool = False
    """Whether it needs containers, if they were to be had or not."""
    sources: Sequence[LogSource] = ()
    offsets: Mapping[str, int] = field(default_factory=dict)

    def mark(self, sources: Sequence[LogSource]) -> None:
        """What comes from now on is the test's."""
        self.sources = sources
        self.since = time.time()
        self.offsets = {source.info.name: logs.position(source.log) for source in sources}


class Gatherer:
    """Makes the evidence of this process's tests. `folder` is the run's artifacts folder."""

    def __init__(
        self, folder: Path, *, log_lines: int, worker: str, opened: OpenEvidence, surroundings: Surroundings
    ) -> None:
        self._folder = folder
        self._log_lines = log_lines
        self._worker = worker
        self._opened = opened
        self._surroundings = surroundings
        self._attempts: dict[str, int] = {}
        self._current: Watch | None = None

    @property
    def attempt(self) -> int:
        """Which time the current test runs."""
        return self._current.attempt if self._current is not None else 1

    def knows(self, nodeid: str) -> bool:
        """Whether that is the current test."""
        return self._current is not None and self._current.nodeid == nodeid

    def start(self, nodeid: str, *, needy: bool) -> None:
        """A test starts, whatever it needs; of the one before nothing counts any more."""
        attempt = self._attempts[nodeid] = self._attempts.get(nodeid, 0) + 1
        self._current = Watch(nodeid, attempt, time.time(), needy)
        self._opened.start_test()

    def watch(self, sources: Sequence[LogSource]) -> None:
        """The current test needs these containers, and has them now."""
        if self._current is not None:
            self._current.mark(sources)

    def test_start(self, info: ContainerInfo) -> TestStart:
        """When the current test began, by the clock of that container's engine."""
        since = self._current.since if self._current is not None else 0.0
        offsets = self._current.offsets if self._current is not None else {}
        # One that the test did not say it needs has no mark of its own.
        return TestStart(since + info.clock_offset, offsets.get(info.name, 0))

    def gather(
        self, when: str, mask: Callable[[str], str], *, logs_too: bool, held: Iterable[Evidence] | None
    ) -> FailureEvidence | None:
        """What belongs to the phase of the current test that is over; None for a test that needs no container.

        `held` is what values show that the test holds; None leaves out that and all that it has open.
        """
        watch = self._current
        if watch is None or not (watch.needy or watch.sources or self._opened.any):
            return None
        folder = folder_of_test(self._folder, watch.nodeid, watch.attempt)
        opened: list[OpenedEvidence] = []
        containers: list[ContainerEvidence] = []
        notes: list[str] = []
        # Services and engines of others take part: whatever one raises must not cost the report, or the session.
        try:
            if held is not None:
                opened, notes = self._opened.gather(held, folder=folder, phase=when, mask=mask)
            until = time.time()
            containers += self._containers(watch, mask) if logs_too else ()
        except Exception as problem:  # noqa: BLE001
            until = time.time()
            notes.append(f"not everything could be gathered: {said(problem)}")
        containers.sort(key=lambda one: not _has_stack(one))
        evidence = FailureEvidence(
            nodeid=watch.nodeid,
            when=when,
            attempt=watch.attempt,
            worker=self._worker,
            since=watch.since,
            until=until,
            folder=str(folder),
            containers=tuple(containers),
            opened=tuple(opened),
            notes=tuple(map(mask, notes)),
        )
        # A later phase that fails too adds only what came after.
        watch.mark(watch.sources)
        return evidence

    def _containers(self, watch: Watch, mask: Callable[[str], str]) -> Iterator[ContainerEvidence]:
        notes = {source.info.name: self._flushed(source) for source in watch.sources}
        logs.settle([source.arriving() for source in watch.sources])
        until = time.time()
        stacks = StackFolder()
        for source in watch.sources:
            name = source.info.name
            yield ContainerEvidence(
                name=name,
                log=source.info.log,
                slices=tuple(self._slices(source, watch, until, stacks, mask)),
                notes=tuple(map(mask, filter(None, [notes[name]]))),
                events=tuple(self._surroundings.events(name, watch.since, until)),
                overlaps=tuple(self._surroundings.overlaps(name, watch.since, until)),
            )

    @staticmethod
    def _flushed(source: LogSource) -> str:
        """Have everything logged by now in the log; what is wrong with it, if anything."""
        try:
            trouble = source.trouble()
            if trouble:
                return trouble
            source.reader.flush()
        except Exception as problem:  # noqa: BLE001 - as above
            return f"the last lines may be missing: {said(problem)}"
        return ""

    def _slices(
        self, source: LogSource, watch: Watch, until: float, stacks: StackFolder, mask: Callable[[str], str]
    ) -> Iterator[LogSlice]:
        ahead = source.info.clock_offset
        try:
            found = source.reader.excerpts(watch.offsets[source.info.name], watch.since + ahead, until + ahead)
        except Exception as problem:  # noqa: BLE001 - as above
            found = {"": [mask(f"(the log cannot be read: {said(problem)})")]}
        # Exceptions first, and what a server logs elsewhere before what it writes to its output.
        for log, lines in sorted(found.items(), key=lambda one: (not has_stack(one[1]), one[0] == "")):
            if lines:
                yield self.slice(log, stacks.fold(map(logs.shown, lines)), source.log)

    def slice(self, log: str, lines: Sequence[str], path: Path) -> LogSlice:
        """As many of the lines as a report takes."""
        earlier = max(0, len(lines) - self._log_lines)
        kept = [
            line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}… (the whole line is in {path})"
            for line in lines[earlier:]
        ]
        return LogSlice(log, tuple(kept), earlier)

    def end(self) -> None:
        """The current test is over."""
        self._current = None
        self._opened.end_test()


def _has_stack(container: ContainerEvidence) -> bool:
    return any(has_stack(part.lines) for part in container.slices)
