"""The phases of a container's life: which may follow which, who is told, and who waits."""

import threading

import pytest

from pytest_wincontainers.endpoints import ContainerInfo, StartFailure
from pytest_wincontainers.errors import Cancelled, NotReady, StartError
from pytest_wincontainers.reports.board import Board, State
from pytest_wincontainers.run.cancellation import Cancellation
from pytest_wincontainers.run.container.phases import (
    FOLLOWING,
    SETTLED,
    Booting,
    Creating,
    Ended,
    Failed,
    HandedOver,
    ImageNeeded,
    Preparing,
    Restarting,
    TrialFailed,
    Waiting,
)
from pytest_wincontainers.run.container.tracker import PhaseTracker

INFO = ContainerInfo("web", "1", "wc-x-web", "10.0.0.1", {80: 80}, {"password": "geheim"}, "web.log", "linux", 0.0, 1.0)
LOST = NotReady("it said geheim")
UP = [ImageNeeded(), Creating(), Booting("1"), Booting("1", info=INFO), Preparing(INFO), HandedOver(INFO)]


class Told:
    def __init__(self):
        self.outcomes, self.losses = [], []

    def publish(self, name, outcome):
        self.outcomes.append((name, outcome))

    def publish_loss(self, name, message):
        self.losses.append((name, message))


class Tracked:
    def __init__(self, *phases):
        self.board = Board(["web"])
        self.cancellation = Cancellation(self.board.changed)
        self.told = Told()
        self.tracker = PhaseTracker(
            "web", self.board, self.cancellation, self.told, lambda text: text.replace("geheim", "***")
        )
        for phase in phases:
            assert self.tracker.move(phase)

    @property
    def state(self):
        return self.board.entries[0].state


def test_up_and_handed_over():
    tracked = Tracked(*UP)
    assert tracked.told.outcomes == [("web", INFO)]
    assert tracked.state is State.READY
    assert tracked.tracker.settled
    assert tracked.tracker.info is INFO


@pytest.mark.parametrize("count", range(len(UP)))
def test_before_it_is_handed_over_an_end_fails_it_once(count):
    tracked = Tracked(*UP[:count])
    tracked.tracker.fail(LOST)
    tracked.tracker.fail(NotReady("later"))
    assert not tracked.tracker.move(HandedOver(INFO))
    assert tracked.tracker.phase == Failed(LOST)
    assert tracked.told.outcomes == [("web", StartFailure("it said ***"))]
    with pytest.raises(NotReady, match="geheim"):
        tracked.tracker.pause(10)


@pytest.mark.parametrize(
    ("before", "error", "state"),
    [
        ([], LOST, State.NOT_STARTED),
        (UP[:1], LOST, State.FAILED),
        ([*UP[:1], Waiting()], StartError("database failed"), State.NOT_STARTED),
        ([], Cancelled("over"), State.NOT_STARTED),
        (UP[:1], Cancelled("over"), State.NOT_STARTED),
        (UP[:4], Cancelled("over"), State.CANCELLED),
        (UP[:4], LOST, State.FAILED),
    ],
)
def test_what_was_not_started_or_not_to_its_end_has_not_failed(before, error, state):
    tracked = Tracked(*before, Failed(error))
    assert tracked.state is state


def test_what_an_engine_says_at_the_end_of_the_run_is_no_failure():
    tracked = Tracked(*UP[:4])
    tracked.cancellation.cancel()
    assert tracked.tracker.move(Failed(StartError("no such container")))
    assert tracked.state is State.CANCELLED


def test_afterwards_an_end_is_a_loss():
    tracked = Tracked(*UP)
    tracked.tracker.fail(LOST)
    tracked.tracker.fail(LOST)
    assert tracked.tracker.phase == Ended(INFO, LOST)
    assert tracked.told.losses == [("web", "it said ***")]
    assert tracked.board.notes == ["it said geheim"]
    with pytest.raises(NotReady):
        tracked.tracker.begin_restart()


@pytest.mark.parametrize("phase", [Creating(trial=True), Booting("1", trial=True)])
def test_on_trial_an_end_is_not_the_end(phase):
    tracked = Tracked(ImageNeeded(), Creating(trial=True), phase)
    assert tracked.tracker.phase.on_trial
    if isinstance(phase, Booting):
        tracked.tracker.fail(LOST)
        assert tracked.tracker.phase == TrialFailed("1", LOST)
        with pytest.raises(NotReady):
            tracked.tracker.pause(10)
    tracked.tracker.advance(Creating())
    tracked.tracker.pause(0)
    assert tracked.told.outcomes == []
    assert not tracked.tracker.settled


def test_on_trial_is_over_once_it_is_prepared():
    tracked = Tracked(ImageNeeded(), Creating(trial=True), Booting("1", trial=True, info=INFO), Preparing(INFO))
    tracked.tracker.fail(LOST)
    assert tracked.tracker.phase == Failed(LOST)


def test_a_restart_waits_for_another():
    tracked = Tracked(*UP)
    assert tracked.tracker.begin_restart() is INFO
    second = threading.Thread(target=tracked.tracker.begin_restart)
    second.start()
    second.join(0.1)
    assert second.is_alive()
    moved = ContainerInfo(**{**vars(INFO), "host": "10.0.0.2"})
    tracked.tracker.advance(HandedOver(moved))
    second.join(5)
    assert tracked.tracker.phase == Restarting(moved)
    assert tracked.told.outcomes == [("web", INFO), ("web", moved)]


def test_nothing_is_restarted_before_it_is_ready():
    with pytest.raises(StartError, match="web is not running"):
        Tracked(ImageNeeded()).tracker.begin_restart()


def test_after_the_end_of_the_run_nobody_is_told():
    tracked = Tracked(*UP[:-1])
    tracked.cancellation.cancel()
    tracked.tracker.fail(LOST)
    assert tracked.tracker.phase == Preparing(INFO)
    tracked.tracker.move(HandedOver(INFO))
    assert tracked.told.outcomes == []
    with pytest.raises(Cancelled):
        tracked.tracker.pause(10)


def test_who_needs_others_waits_for_all_of_them():
    tracked, first, second = Tracked(ImageNeeded(), Creating()), Tracked(*UP), Tracked(*UP[:-1])
    first.tracker._board = second.tracker._board = tracked.board
    waiting = threading.Thread(target=tracked.tracker.wait_for, args=([first.tracker, second.tracker],))
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    second.tracker.move(HandedOver(INFO))
    waiting.join(5)
    assert not waiting.is_alive()


def test_every_phase_is_in_the_table():
    assert {one for following in FOLLOWING.values() for one in following} | {Waiting} == set(FOLLOWING)
    assert {phase for phase, following in FOLLOWING.items() if not following} < set(SETTLED)


def test_a_phase_that_cannot_follow_is_a_defect():
    with pytest.raises(AssertionError, match="cannot follow"):
        Tracked().tracker.advance(HandedOver(INFO))


def test_without_an_address_nothing_is_known():
    with pytest.raises(StartError, match="no address"):
        Tracked(ImageNeeded(), Creating(), Booting("1")).tracker.info  # noqa: B018


def test_who_waits_is_told_also_where_workers_cannot_be():
    tracked, needing = Tracked(*UP[:-1]), Tracked(ImageNeeded(), Creating())
    needing.tracker._board = tracked.board

    def full(name, outcome):
        raise OSError("the disk is full")

    tracked.told.publish = full
    waiting = threading.Thread(target=needing.tracker.wait_for, args=([tracked.tracker],))
    waiting.start()
    assert tracked.tracker.move(HandedOver(INFO))
    waiting.join(5)
    assert not waiting.is_alive()
    assert tracked.state is State.READY
    assert tracked.board.notes == ["workers were not told that web is ready: the disk is full"]


def test_what_was_known_stays_known():
    tracked = Tracked(*UP[:4])
    tracked.tracker.fail(LOST)
    assert tracked.tracker.info is INFO


def test_the_end_of_an_earlier_container_is_not_this_ones():
    tracked = Tracked(ImageNeeded(), Creating(trial=True), Booting("1", trial=True), Creating(), Booting("2"))
    tracked.tracker.fail(LOST, "1")
    assert tracked.tracker.phase == Booting("2")
    tracked.tracker.fail(LOST, "2")
    assert tracked.tracker.phase == Failed(LOST)
