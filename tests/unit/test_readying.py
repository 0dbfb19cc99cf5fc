"""Whatever goes wrong while a container is made ready: its end, if it has ended, says more."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_wincontainers.engines.base import ContainerState
from pytest_wincontainers.errors import (
    ContainerExited,
    EngineError,
    EngineUnavailable,
    NotReady,
    PreparationError,
    StartError,
)
from pytest_wincontainers.run.container import readying
from pytest_wincontainers.run.container.preparation import Preparer
from pytest_wincontainers.run.container.readying import explained, make_ready
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
    make_ready("box", Box({}), None, image=None, timeout=timeout, log=LOG, pause=pause, state=lambda: state)


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


def test_an_engine_that_is_gone_says_nothing_of_a_snapshot():
    def is_sealed(_endpoint, _key):
        raise EngineUnavailable("gone")

    with pytest.raises(EngineUnavailable):
        Preparer._is_sealed(None, SimpleNamespace(service=SimpleNamespace(is_sealed=is_sealed), key="x"))
