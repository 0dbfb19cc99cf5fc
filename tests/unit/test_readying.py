"""Whatever goes wrong while a container is made ready: its end, if it has ended, says more."""

from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

from pytest_wincontainers.engines.base import ContainerState
from pytest_wincontainers.errors import (
    Cancelled,
    ContainerExited,
    EngineError,
    EngineUnavailable,
    NotReady,
    PreparationError,
    StartError,
)
from pytest_wincontainers.failures import find_failure
from pytest_wincontainers.run.container import readying
from pytest_wincontainers.run.container.preparation import Preparer
from pytest_wincontainers.run.container.readying import explained, make_ready
from pytest_wincontainers.run.container.starter import Starter
from pytest_wincontainers.services import Service

LOG = Path("no.log")


def ended(_seconds):
    raise ContainerExited("it ended")


@pytest.mark.parametrize("problem", [PreparationError("no"), ValueError("no")])
def test_a_preparation_that_fails(problem):
    with pytest.raises(ContainerExited), explained("box", LOG, ended):
        raise problem
    with pytest.raises(PreparationError, match="no"), explained("box", LOG, lambda _: None):
        raise problem


def checked(check, pause, timeout=0.05):
    class Box(Service):
        kind = "box"

        def image(self, engine):
            return "box:1"

        def readiness(self):
            return (check,)

    state = ContainerState(running=True, exit_code=0)
    make_ready("box", Box({}), None, image=None, timeout=timeout, log=LOG, pause=pause, say=str, state=lambda: state)


def refuses(_endpoint):
    raise EngineError("no")


@pytest.mark.parametrize(("check", "problem"), [(lambda _: "not yet", NotReady), (refuses, StartError)])
def test_a_check_that_fails(check, problem, monkeypatch):
    monkeypatch.setattr(readying, "_LAST_WORDS_SECONDS", 7.0)
    with pytest.raises(ContainerExited):
        checked(check, lambda seconds: ended(seconds) if seconds == 7.0 else None)
    with pytest.raises(problem):
        checked(check, lambda _: None)


@pytest.mark.parametrize(
    ("answer", "sealed"), [(lambda: True, True), (lambda: False, False), (lambda: {}["no such key"], False)]
)
def test_a_snapshot_that_cannot_be_looked_at_is_not_complete(answer, sealed):
    snapshot = SimpleNamespace(service=SimpleNamespace(is_sealed=lambda _endpoint, _key: answer()), key="x")
    assert Preparer._is_sealed(None, snapshot) is sealed


def test_the_progress_of_a_preparation_ends_it_where_the_run_has_ended():
    tracker = mock.Mock()
    tracker.pause.side_effect = Cancelled("the run has ended")
    with pytest.raises(Cancelled):
        Preparer(mock.Mock(), mock.Mock(), tracker, mock.Mock(), mock.Mock())._progress("3 of 5")
    tracker.say.assert_not_called()


@pytest.mark.parametrize(("ranges", "told"), [("80-90", "\nports excluded on the engine's machine:\n80-90"), ("", "")])
def test_a_port_that_the_machine_keeps_is_told(ranges, told):
    context = mock.Mock()
    context.hosts.excluded_ports.return_value = ranges
    text = "An attempt was made to access a socket in a way forbidden by its access permissions."
    problem = EngineError("no", details=text, failure=find_failure(text))
    Starter(context, mock.Mock(), mock.Mock())._failed(problem)
    assert problem.details == text + told
    context.locks.crowded.assert_not_called()


@pytest.mark.parametrize(
    ("problem", "over", "told"),
    [
        (EngineError("no", details="why"), False, "why\nlogged"),
        (EngineUnavailable("no"), False, "logged"),
        (NotReady("no"), False, "logged"),
        (NotReady("no"), True, ""),
        # The machine has no part in these, or they are told by the container that it has a part in.
        (PreparationError("no"), False, ""),
        (StartError("app needs cache, which failed"), False, ""),
    ],
)
def test_what_the_machine_has_logged_is_told_where_it_may_be_why(problem, over, told):
    context = mock.Mock()
    context.hosts.events.return_value = "logged"
    context.cancellation.cancelled = over
    assert Starter(context, mock.Mock(), mock.Mock()).explained(problem) is problem
    assert problem.details == told
    assert context.hosts.events.called == bool(told)


def test_an_engine_that_is_gone_says_nothing_of_a_snapshot():
    def is_sealed(_endpoint, _key):
        raise EngineUnavailable("gone")

    with pytest.raises(EngineUnavailable):
        Preparer._is_sealed(None, SimpleNamespace(service=SimpleNamespace(is_sealed=is_sealed), key="x"))
