"""Following one container: its log, also where the stream broke off, or never ends."""

import threading
import time

import pytest

from pytest_wincontainers.engines.base import ContainerSpec
from pytest_wincontainers.errors import EngineError
from pytest_wincontainers.reports import logs
from pytest_wincontainers.reports.logs import LogWriter
from pytest_wincontainers.reports.masks import Mask
from pytest_wincontainers.run.container import follower
from pytest_wincontainers.run.container.follower import Follower
from pytest_wincontainers.testing import FakeEngine
from tests.kit.waiting import wait_for


class Breaking(FakeEngine):
    """Its streams of logs break off after the first line; `again` says whether the log can be read once more."""

    def __init__(self, again):
        super().__init__()
        self.again = again

    def logs(self, container, *, follow, tail=None):
        if follow:
            yield next(super().logs(container, follow=True))
        if follow or not self.again:
            raise EngineError("the stream broke off")
        yield from super().logs(container, follow=False)


class Subject:
    """A follower of one container."""

    def __init__(self, folder, engine, size=1 << 20, files=8):
        self.folder = folder
        self.log = folder / "box.log"
        self.notes = []
        self.ended = []
        self.engine = engine
        self.writer = LogWriter(self.log, Mask(()), size=size, files=files)
        self.follower = Follower(
            "box", self.writer, over=lambda: True, note=self.notes.append, ended=lambda *given: self.ended.append(given)
        )
        self.container = engine.create(ContainerSpec("box", "box:1", {}))
        engine.start(self.container)

    def finish(self, seconds=20):
        self.engine.kill(self.container)
        self.follower.finish(time.monotonic() + seconds)

    def lines(self):
        return [line.partition(" ")[2] for line in self.log.read_text().splitlines()]


@pytest.fixture
def subject(tmp_path):
    made = []

    def make(engine, **options):
        made.append(Subject(tmp_path, engine, **options))
        return made[-1]

    yield make
    for one in made:
        one.follower.stop()


def followed(subject):
    subject.engine.say(subject.container, "second")
    subject.follower.follow(subject.engine, subject.container)
    subject.finish()
    return subject.lines(), subject.notes


def test_a_log_that_broke_off_is_read_again(subject):
    assert followed(subject(Breaking(again=True))) == (["started", "second"], [])


def test_what_there_is_of_a_log_is_kept(subject, tmp_path):
    lines, notes = followed(subject(Breaking(again=False)))
    assert lines == ["started"]
    assert notes == ["the log of box is incomplete: the stream broke off"]
    assert [path.name for path in tmp_path.iterdir()] == ["box.log"]


def test_after_a_restart_only_new_lines_are_added(subject):
    one = subject(FakeEngine())
    one.follower.follow(one.engine, one.container)
    one.follower.expect_end()
    one.engine.kill(one.container)
    one.follower.wait(20)
    one.engine.start(one.container)
    one.follower.follow(one.engine, one.container)
    one.engine.say(one.container, "again")
    one.finish()
    assert one.lines() == ["started", "started", "again"]


class Flood(FakeEngine):
    """Its containers write without an end, until `enough` is set; also what they wrote takes its time to arrive."""

    def __init__(self):
        super().__init__()
        self.enough = threading.Event()
        self.closed = threading.Event()
        self.streams = 0

    def logs(self, container, *, follow, tail=None):
        self.streams += 1
        try:
            for number in range(10**9):
                if self.enough.is_set():
                    return
                time.sleep(0.0005)
                yield b"2026-11-24T10:00:00.000000000Z line %d\n" % number
        finally:
            self.closed.set()


def test_a_log_that_does_not_end_has_one_writer(subject, monkeypatch):
    """Two would overwrite each other's lines, and leave a hole of zeros."""
    monkeypatch.setattr(follower, "GATHER_SECONDS", 0.3)
    one = subject(Flood())
    one.follower.follow(one.engine, one.container)
    wait_for(lambda: one.log.exists() and len(one.lines()) > 50)
    one.finish(0.3)
    written = one.log.read_bytes()
    assert one.notes == ["the log of box is incomplete: it could not be read within 0.3 s"]
    *lines, last = one.lines()
    assert lines == [f"line {number}" for number in range(len(lines))]
    assert last == "(the rest of this log was left out: it could not be read within 0.3 s)"
    # The stream still goes on; nothing of it is written any more.
    time.sleep(0.05)
    assert one.log.read_bytes() == written
    assert one.engine.streams == 1
    assert one.engine.closed.wait(20)


def test_a_log_that_does_not_end_goes_on_in_other_files(subject, tmp_path):
    one = subject(Flood(), size=2000, files=3)
    one.follower.follow(one.engine, one.container)
    wait_for((tmp_path / "box.6.log").exists)
    one.engine.enough.set()
    one.finish()
    kept = [path.name for _, path in logs.files_of(one.log)]
    assert len(kept) == 3
    assert "box.log" not in kept
    assert all(2000 <= (tmp_path / name).stat().st_size < 2100 for name in kept[:-1])
    lines = [line.split()[-1] for line in logs.read(one.log).decode().splitlines()]
    assert lines == [str(number) for number in range(int(lines[0]), int(lines[-1]) + 1)]
    assert one.notes == []


class Slow(FakeEngine):
    """The first of its streams stops before its last line until `go` is set."""

    def __init__(self):
        super().__init__()
        self.go = threading.Event()
        self.first = True

    def logs(self, container, *, follow, tail=None):
        lines = super().logs(container, follow=follow)
        if not self.first:
            yield from lines
            return
        self.first = False
        *some, last = lines
        yield from some
        self.go.wait(20)
        yield last


def test_lines_from_before_a_restart_may_come_later(subject):
    one = subject(Slow())
    one.engine.say(one.container, "late")
    one.follower.follow(one.engine, one.container)
    one.follower.expect_end()
    one.engine.kill(one.container)
    one.follower.wait(0.1)
    one.engine.start(one.container)
    one.follower.follow(one.engine, one.container)
    time.sleep(0.3)
    one.engine.go.set()
    one.finish()
    assert one.lines() == ["started", "late", "started"]
