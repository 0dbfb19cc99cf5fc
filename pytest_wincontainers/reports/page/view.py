"""What the page shows, as its template takes it: positions, words, and the pictures and texts that have room."""

from __future__ import annotations

import base64
import html
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers.evidence import PNG, Attachment, FailureEvidence
from pytest_wincontainers.reports.logs import files_of, shown
from pytest_wincontainers.reports.record.manifest import (
    ContainerRecord,
    Manifest,
    Phase,
    TestRecord,
    longest_chain,
)
from pytest_wincontainers.reports.text import sections

_PICTURE_BYTES = 2 << 20
_TEXT_BYTES = 1 << 20
_LONGEST_TEXT = 48 * 1024
_TICKS = 8
_STEPS = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
_WIDTH = 100.0
_OUTCOMES = ("failed", "error", "interrupted", "rerun", "skipped", "passed")


@dataclass(frozen=True)
class Bar:
    """A part of a row of the timeline; places in per cent of its width."""

    kind: str
    at: float
    width: float
    words: str
    target: str = ""


@dataclass(frozen=True)
class Row:
    """A row of the timeline: a container, or the tests of a process."""

    name: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Picture:
    """A picture in the page itself, or beside it, and the path of its file."""

    name: str
    source: str
    link: str


@dataclass(frozen=True)
class Failure:
    """A failing phase of a test."""

    when: str
    message: str
    place: str
    sections: Sequence[tuple[str, str]] = ()
    pictures: Sequence[Picture] = ()
    sources: Sequence[tuple[str, str]] = ()
    files: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Test:
    """One run of a test."""

    __test__ = False

    key: str
    id: str
    outcome: str
    worker: str
    seconds: float
    waited: str
    containers: Sequence[str]
    attempt: int
    failures: Sequence[Failure] = ()


@dataclass(frozen=True)
class ContainerFacts:
    """A container in the table."""

    name: str
    service: str
    needs: str
    seconds: str
    restarts: str
    retries: str
    end: str
    logs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class View:
    """Everything on the page."""

    run: str
    state: str
    began: str
    seconds: float
    engine: str
    command: str
    versions: Sequence[tuple[str, str]]
    counts: Sequence[tuple[str, int]]
    rows: Sequence[Row]
    test_rows: Sequence[Row]
    ticks: Sequence[tuple[float, str]]
    chain: Sequence[tuple[str, float]]
    waits: Sequence[tuple[str, str, float]]
    containers: Sequence[ContainerFacts]
    tests: Sequence[Test]
    notes: Sequence[str]

    @property
    def failures(self) -> Sequence[Test]:
        """The tests of which a failure is told."""
        return [test for test in self.tests if test.failures]


@dataclass
class _Room:
    """How much of pictures and texts the page still takes."""

    pictures: int
    texts: int


def view_of(folder: Path, manifest: Manifest, evidence: Mapping[str, FailureEvidence]) -> View:
    """The view of a run; `evidence` is by its path below the folder."""
    scale = _Scale(manifest.started, manifest.ended)
    room = _Room(_PICTURE_BYTES, _TEXT_BYTES)
    tests = [_test(f"t{number}", one, folder, evidence, room) for number, one in enumerate(manifest.tests)]
    keys = {id(one): test.key for one, test in zip(manifest.tests, tests, strict=True)}
    counts = Counter(test.outcome for test in tests)
    waits = sorted(
        ((test.id, name, seconds) for test in manifest.tests for name, seconds in test.waits.items()),
        key=lambda one: -one[2],
    )
    return View(
        run=manifest.run,
        state=manifest.state,
        began=time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(manifest.started)),
        seconds=manifest.ended - manifest.started,
        engine=manifest.engine,
        command=" ".join(manifest.command),
        versions=sorted(manifest.versions.items()),
        counts=[(word, counts[word]) for word in _OUTCOMES if counts[word]],
        rows=[Row(one.name, list(_bars(one, scale, manifest.removal))) for one in manifest.containers],
        test_rows=list(_test_rows(manifest.tests, scale, keys)),
        ticks=list(scale.ticks()),
        chain=longest_chain(manifest),
        waits=waits[:20],
        containers=[_facts(one, folder) for one in manifest.containers],
        tests=tests,
        notes=manifest.notes,
    )


class _Scale:
    """Places on the timeline."""

    def __init__(self, begin: float, end: float) -> None:
        self._begin = begin
        self.seconds = max(end - begin, 0.001)

    def at(self, when: float) -> float:
        return round(max(0.0, when - self._begin) / self.seconds * _WIDTH, 3)

    def bar(self, kind: str, since: float, until: float, words: str, target: str = "") -> Bar:
        at = self.at(since)
        # One that is too narrow cannot be seen.
        return Bar(kind, at, round(max(self.at(until) - at, 0.04), 3), words, target)

    @property
    def end(self) -> float:
        return self._begin + self.seconds

    def ticks(self) -> Iterator[tuple[float, str]]:
        step = next((one for one in _STEPS if self.seconds / one <= _TICKS), _STEPS[-1])
        second = 0.0
        while second < self.seconds:
            yield round(second / self.seconds * _WIDTH, 3), f"{second:g} s"
            second += step


def _bars(one: ContainerRecord, scale: _Scale, removal: Sequence[float]) -> Iterator[Bar]:
    ends = [step.at for step in one.steps[1:]] + [scale.end]
    for step, until in zip(one.steps, ends, strict=True):
        words = step.state.replace("_", " ")
        yield scale.bar(step.state, step.at, until, f"{one.name}: {words}, {until - step.at:.2f} s")
    for wait in one.blocked:
        until = wait.until if wait.until is not None else scale.end
        words = f"{one.name} waits for {', '.join(wait.by)}, {until - wait.since:.2f} s"
        yield scale.bar("blocked", wait.since, until, words)
    for retry in one.retries:
        yield scale.bar("retry", retry.at, retry.at, f"{one.name}: {retry.what} was retried after {retry.failure}")
    if removal and any(step.state == "starting" for step in one.steps):
        since, until = removal[0], removal[-1] if len(removal) > 1 else scale.end
        yield scale.bar("removing", since, until, f"{one.name}: removing, {until - since:.2f} s")


def _test_rows(tests: Sequence[TestRecord], scale: _Scale, keys: Mapping[int, str]) -> Iterator[Row]:
    for worker in sorted({test.worker for test in tests}):
        bars = [bar for test in tests if test.worker == worker for bar in _test_bars(test, scale, keys[id(test)])]
        yield Row(worker or "tests", bars)


def _test_bars(test: TestRecord, scale: _Scale, key: str) -> Iterator[Bar]:
    since = test.started - sum(test.waits.values())
    for name, seconds in test.waits.items():
        yield scale.bar("blocked", since, since + seconds, f"{test.id} waits for {name}, {seconds:.2f} s")
        since += seconds
    ended = test.ended if test.ended is not None else scale.end
    yield scale.bar(f"test {test.outcome}", test.started, ended, f"{test.id}: {test.outcome}", key)


def _facts(one: ContainerRecord, folder: Path) -> ContainerFacts:
    during = f" during {', '.join(one.tests)}" if one.tests else ""
    return ContainerFacts(
        name=one.name,
        service=one.service,
        needs=", ".join(one.needs),
        seconds=f"{one.seconds:.2f} s{', reused' if one.reused else ''}" if one.seconds is not None else "never",
        restarts=", ".join(f"{seconds:.2f} s" for seconds in one.restarts),
        retries=", ".join(f"{retry.what}: {retry.failure}" for retry in one.retries),
        end=f"{one.end}{during}",
        logs=[(path.name, path.name) for _, path in files_of(folder / f"{one.name}.log")],
    )


def _test(key: str, one: TestRecord, folder: Path, evidence: Mapping[str, FailureEvidence], room: _Room) -> Test:
    return Test(
        key=key,
        id=one.id,
        outcome=one.outcome,
        worker=one.worker,
        seconds=sum(phase.seconds for phase in one.phases),
        waited=", ".join(f"{seconds:.1f} s for {name}" for name, seconds in one.waits.items() if seconds >= 0.05),
        containers=one.containers,
        attempt=one.attempt,
        failures=[
            _failure(phase, folder, evidence.get(phase.evidence), room)
            for phase in one.phases
            if phase.outcome == "failed"
        ],
    )


def _failure(phase: Phase, folder: Path, evidence: FailureEvidence | None, room: _Room) -> Failure:
    place = f"{phase.file}:{phase.line}" if phase.file else ""
    message = _within(phase.message, room)
    if evidence is None:
        return Failure(phase.when, message, place)
    pictures, sources, files = [], [], []
    for one in evidence.attachments:
        link = _link(one, folder)
        files.append((one.name, link))
        if one.media_type == PNG:
            pictures.append(Picture(one.name, _inline(one, room) or link, link))
        else:
            text = _text_of(one, room)
            if text:
                sources.append((one.name, text))
    told = [(title, _within(text, room)) for title, text in sections(evidence)]
    return Failure(phase.when, message, place, [one for one in told if one[1]], pictures, sources, files)


def shown_text(text: str) -> str:
    """Text that a page can have."""
    return "\n".join(shown(line) for line in text.split("\n"))


def _within(text: str, room: _Room) -> str:
    text = shown_text(text)[:_LONGEST_TEXT]
    size = len(html.escape(text).encode())
    if size > room.texts:
        return "(left out, as the page would be too large; see the log)"
    room.texts -= size
    return text


def _text_of(one: Attachment, room: _Room) -> str:
    with suppress(OSError), Path(one.path).open("rb") as file:
        return _within(file.read(_LONGEST_TEXT).decode("utf-8", "replace"), room)
    return ""


def _inline(one: Attachment, room: _Room) -> str:
    with suppress(OSError):
        content = Path(one.path).read_bytes()
        if len(content) <= room.pictures:
            room.pictures -= len(content)
            return f"data:{one.media_type};base64,{base64.b64encode(content).decode()}"
    return ""


def _link(one: Attachment, folder: Path) -> str:
    path = Path(one.path)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
