"""Making a container, and what of it is left when that goes wrong."""

import threading
from types import SimpleNamespace

import pytest

from pytest_wincontainers.engines.base import ContainerSpec
from pytest_wincontainers.errors import Cancelled
from pytest_wincontainers.run.cancellation import Cancellation
from pytest_wincontainers.run.container.starter import Starter
from pytest_wincontainers.run.removal import labels
from pytest_wincontainers.testing import FakeEngine

SPEC = ContainerSpec(name="wc-abc-box", image="box:1", labels=labels("abc", "box"), environment={}, command=None)


def test_what_was_made_as_the_run_ended_is_removed_and_never_started():
    cancellation, calls = Cancellation(threading.Condition()), []

    def fail(method, argument):
        calls.append(method)
        if method == "create":
            cancellation.cancel()

    engine = FakeEngine(fail=fail)
    context = SimpleNamespace(engine=engine, cancellation=cancellation)
    with pytest.raises(Cancelled):
        Starter(context, None, lambda _: None)._make(SPEC, ())
    assert calls == ["create", "remove"]
    assert engine.containers([]) == []
