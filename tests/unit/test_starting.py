"""Making a container, and what of it is left when that goes wrong."""

from types import SimpleNamespace

import pytest

from pytest_wincontainers.engines.base import ContainerSpec
from pytest_wincontainers.errors import Cancelled
from pytest_wincontainers.run.removal import labels
from pytest_wincontainers.run.starting import Starting
from pytest_wincontainers.testing import FakeEngine

SPEC = ContainerSpec(name="wc-abc-box", image="box:1", labels=labels("abc", "box"), environment={}, command=None)


def test_what_was_made_as_the_run_ended_is_removed_and_never_started():
    engine, calls = FakeEngine(fail=lambda method, _: calls.append(method)), []

    def check():
        raise Cancelled("the run is over")

    run = SimpleNamespace(engine=engine, cancelled=True, check=check)
    with pytest.raises(Cancelled):
        Starting(run, None, lambda _: None)._make(SPEC, ())
    assert calls == ["create", "remove"]
    assert engine.containers([]) == []
