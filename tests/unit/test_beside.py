"""A command in a container beside another: made as every container of a run is."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from pytest_wincontainers.engines.base import ContainerSpec
from pytest_wincontainers.errors import Cancelled, EngineError
from pytest_wincontainers.failures import find_failure
from pytest_wincontainers.run.beside import Beside
from pytest_wincontainers.run.locks import Locks
from pytest_wincontainers.run.removal import labels
from pytest_wincontainers.run.starting import Starting
from pytest_wincontainers.services.base import Common
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.testing import FakeEngine

PASSES = "hcsshim::System::Start: operation timed out (0xc0370109)"


class Around:
    """What a run has around one of its containers, which is there already."""

    def __init__(self, tmp_path, fail=lambda method, argument: None):
        self.engine = FakeEngine(fail=fail)
        self.notes = []
        self.making = 0
        self.over = False
        self.run = SimpleNamespace(
            engine=self.engine,
            info=self.engine.info(),
            locks=Locks(tmp_path, "engine", self.check),
            settings=SimpleNamespace(retries=3),
            plan=SimpleNamespace(run="x"),
            board=SimpleNamespace(note=self.notes.append),
            isolation=None,
            parallel_starts=2,
            cancelled=False,
            direct=True,
            check=self.check,
        )
        planned = SimpleNamespace(
            name="database",
            container_name="wc-x-database",
            service=Generic(Common(image="x")),
            declaration=SimpleNamespace(base=tmp_path),
        )
        self.engine.start(self.engine.create(ContainerSpec("wc-x-database", "x", labels("x", "database"))))
        starting = Starting(self.run, planned, self.pause)
        self.beside = Beside(self.run, planned, starting, self.guarded, self.pause)

    def check(self):
        if self.over:
            raise Cancelled("over")

    def pause(self, seconds):
        self.check()
        for container in self.engine.ids("database-beside"):
            self.engine.say(container, "it says so")
            self.engine.end(container, 3)

    @contextmanager
    def guarded(self):
        self.check()
        self.making += 1
        yield

    def ask(self):
        return self.beside("tool:1", ["tool"], {}, {}, 5.0, lambda text: None)


def test_its_exit_code_and_output(tmp_path):
    around = Around(tmp_path)
    code, output = around.ask()
    assert code == 3
    assert output.splitlines()[-1] == "it says so"
    assert around.engine.ids("database-beside") == []
    assert len(around.engine.ids("database")) == 1
    # Else a run that ends at this moment might not see it.
    assert around.making == 1


def test_a_start_that_fails_in_passing_is_tried_again(tmp_path):
    failure = find_failure(PASSES)
    assert failure.kind == "transient"
    failed = []

    def fail(method, argument):
        if method == "start" and argument.endswith("-beside") and not failed:
            failed.append(argument)
            raise EngineError("refused", details=PASSES, failure=failure)

    around = Around(tmp_path, fail)
    assert around.ask()[0] == 3
    assert len(failed) == 1
    assert failure.id in around.notes[0]
    # The one that it is beside of has the same run, and stays.
    assert len(around.engine.ids("database")) == 1


def test_a_run_that_is_over_makes_none(tmp_path):
    around = Around(tmp_path)
    around.over = True
    with pytest.raises(Cancelled):
        around.ask()
    assert around.engine.ids("database-beside") == []
