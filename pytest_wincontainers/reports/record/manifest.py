"""The manifest of a run: what its containers and tests did, made of its journals. Its schema is in docs/reports.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pytest_wincontainers.reports.record.journal import Entry

SCHEMA = 1
State = Literal["finished", "interrupted", "crashed"]
_BEFORE_IT_WAS_READY = {"finished": "cancelled", "interrupted": "interrupted", "crashed": "interrupted"}

_READY = "ready"
_ENDS = {_READY, "failed", "not_started", "ended"}


@dataclass
class Step:
    """A state of a container and when it began."""

    state: str
    at: float


@dataclass
class Blocked:
    """A time in which a container waited for others."""

    by: list[str]
    since: float
    until: float | None = None


@dataclass
class Retry:
    """Something that was tried again after a transient failure of the catalogue."""

    at: float
    what: str
    failure: str


@dataclass
class ContainerRecord:
    """What one container did; times in seconds since 1970, by this machine."""

    name: str
    service: str = ""
    needs: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)
    retries: list[Retry] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)
    """The seconds of each restart."""
    seconds: float | None = None
    """From its own start until it was ready; None if it never was."""
    reused: bool = False
    """Whether an earlier run has left it."""
    end: str = ""
    """Its state at the end: "ready" if it was in order until the run removed it."""
    tests: list[str] = field(default_factory=list)
    """The tests that were running when it ended by itself."""


@dataclass
class Phase:
    """The report of a test's phase."""

    when: str
    outcome: str
    seconds: float
    message: str = ""
    file: str = ""
    line: int = 0
    evidence: str = ""
    """The path of the evidence, below the run's directory."""


@dataclass
class TestRecord:
    """One run of a test."""

    __test__ = False

    id: str
    worker: str
    attempt: int
    started: float
    file: str = ""
    line: int = 0
    ended: float | None = None
    """None if its process ended before the test did."""
    phases: list[Phase] = field(default_factory=list)
    containers: list[str] = field(default_factory=list)
    waits: dict[str, float] = field(default_factory=dict)
    """For which containers it had to wait, in seconds."""
    rerun: bool = False
    """Whether it was run again after this."""

    @property
    def outcome(self) -> str:
        """ "passed", "failed", "error", "skipped", "rerun" or "interrupted"."""
        failed = [phase.when for phase in self.phases if phase.outcome == "failed"]
        if self.rerun and (failed or self.ended is None):
            return "rerun"
        if failed:
            return "failed" if "call" in failed else "error"
        if self.ended is None:
            return "interrupted"
        return "skipped" if any(phase.outcome == "skipped" for phase in self.phases) else "passed"


@dataclass
class Manifest:
    """A run."""

    run: str = ""
    state: State = "crashed"
    """ "finished", "interrupted", or "crashed" if the process ended without saying so."""
    started: float = 0.0
    ended: float = 0.0
    removal: list[float] = field(default_factory=list)
    """When the removal of the containers began, and when it was done."""
    engine: str = ""
    command: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    containers: list[ContainerRecord] = field(default_factory=list)
    tests: list[TestRecord] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether anything is wrong that somebody should look at."""
        return (
            self.state != "finished"
            or any(test.outcome in {"failed", "error", "interrupted"} for test in self.tests)
            or any(container.end not in {_READY, "not started"} for container in self.containers)
        )

    def as_json(self) -> dict[str, Any]:
        """The values in lists and dictionaries."""
        data = {"schema": SCHEMA, **asdict(self)}
        for test, record in zip(data["tests"], self.tests, strict=True):
            test["outcome"] = record.outcome
        return data


def manifest_of(entries: Iterable[Entry]) -> Manifest:
    """The manifest that the journals' entries make, in the order of their times."""
    maker = _Maker()
    for entry in entries:
        handle = getattr(maker, f"on_{entry['kind']}", None)
        if handle is not None:
            handle(entry)
    return maker.finished()


class _Maker:
    def __init__(self) -> None:
        self._made = Manifest()
        self._containers: dict[str, ContainerRecord] = {}
        self._running: dict[str, TestRecord] = {}
        # By worker and test: with pytest-xdist's --dist=each every worker runs it.
        self._last: dict[tuple[str, str], TestRecord] = {}

    def on_run(self, entry: Entry) -> None:
        self._made.run = entry["run"]
        self._made.started = entry["at"]
        self._made.command = list(entry["command"])
        self._made.versions = dict(entry["versions"])

    def on_container(self, entry: Entry) -> None:
        one = self._container(entry["name"])
        one.service, one.needs = entry["service"], list(entry["needs"])
        one.steps.append(Step("waiting", entry["at"]))

    def on_engine(self, entry: Entry) -> None:
        self._made.engine = entry["text"]

    def on_state(self, entry: Entry) -> None:
        one, state, at = self._container(entry["name"]), entry["state"], entry["at"]
        before = one.steps[-1] if one.steps else Step("", at)
        one.steps.append(Step(state, at))
        if state == _READY and before.state == "restarting":
            one.restarts.append(round(at - before.at, 3))
        elif state == _READY:
            one.seconds = round(at - _own_start(one.steps), 3)
        if state == "ended":
            one.tests = [test.id for test in self._running.values() if one.name in test.containers]

    def on_blocked(self, entry: Entry) -> None:
        one = self._container(entry["name"])
        if one.blocked and one.blocked[-1].until is None:
            one.blocked[-1].until = entry["at"]
        if entry["by"]:
            one.blocked.append(Blocked(list(entry["by"]), entry["at"]))

    def on_reused(self, entry: Entry) -> None:
        self._container(entry["name"]).reused = True

    def on_retry(self, entry: Entry) -> None:
        self._container(entry["name"]).retries.append(Retry(entry["at"], entry["what"], entry["failure"]))

    def on_note(self, entry: Entry) -> None:
        self._made.notes.append(entry["text"])

    def on_start(self, entry: Entry) -> None:
        worker, test = entry["worker"], entry["id"]
        # One before that has not finished ended with its process.
        self._running.pop(worker, None)
        record = TestRecord(test, worker, entry["attempt"], entry["at"], entry["file"], entry["line"])
        record.containers = list(entry["needs"])
        if (worker, test) in self._last:
            self._last[worker, test].rerun = True
        self._running[worker] = self._last[worker, test] = record
        self._made.tests.append(record)

    def on_wait(self, entry: Entry) -> None:
        self._test(entry).waits[entry["container"]] = entry["seconds"]

    def on_uses(self, entry: Entry) -> None:
        self._test(entry).containers = list(entry["containers"])

    def on_report(self, entry: Entry) -> None:
        keys = ("when", "outcome", "seconds", "message", "file", "line", "evidence")
        self._test(entry).phases.append(Phase(**{key: entry[key] for key in keys if key in entry}))

    def on_finish(self, entry: Entry) -> None:
        self._test(entry).ended = entry["at"]
        self._running.pop(entry["worker"], None)

    def on_removal(self, entry: Entry) -> None:
        self._made.removal.append(entry["at"])

    def on_end(self, entry: Entry) -> None:
        self._made.state = entry["state"]

    def finished(self) -> Manifest:
        made = self._made
        made.containers = list(self._containers.values())
        made.ended = max(_times(made), default=made.started)
        for one in made.containers:
            last = one.steps[-1].state if one.steps else "waiting"
            # The run's end came first.
            one.end = last.replace("_", " ") if last in _ENDS else _BEFORE_IT_WAS_READY[made.state]
        return made

    def _container(self, name: str) -> ContainerRecord:
        return self._containers.setdefault(name, ContainerRecord(name))

    def _test(self, entry: Entry) -> TestRecord:
        known = self._last.get((entry["worker"], entry["id"]))
        return known if known is not None else TestRecord(entry["id"], "", 1, entry["at"])


def _own_start(steps: Sequence[Step]) -> float:
    """When a container began to start, the last time before it was ready."""
    starting = [step.at for step in steps if step.state == "starting"]
    return starting[-1] if starting else steps[0].at


def _times(made: Manifest) -> Iterable[float]:
    yield from made.removal
    for container in made.containers:
        yield from (step.at for step in container.steps)
    for test in made.tests:
        yield test.ended if test.ended is not None else test.started


def longest_chain(manifest: Manifest) -> list[tuple[str, float]]:
    """The containers that the last ready one had to wait for, one after the other, with the seconds of each.

    The seconds are those from the moment the one before was ready until this one was.
    """
    ready = {
        one.name: next(step.at for step in one.steps if step.state == _READY)
        for one in manifest.containers
        if one.seconds is not None
    }
    if not ready:
        return []
    needs = {one.name: one.needs for one in manifest.containers}
    chain: list[str] = [max(ready, key=lambda name: ready[name])]
    while before := [name for name in needs[chain[-1]] if name in ready]:
        chain.append(max(before, key=lambda name: ready[name]))
    chain.reverse()
    begun, found = manifest.started, []
    for name in chain:
        found.append((name, round(max(0.0, ready[name] - begun), 3)))
        begun = max(begun, ready[name])
    return found
