"""A command in a container beside another: made as every container of a run is."""

from types import SimpleNamespace

import pytest

from pytest_wincontainers.engines.base import ContainerSpec
from pytest_wincontainers.errors import Cancelled, EngineError
from pytest_wincontainers.failures import find_failure
from pytest_wincontainers.hosts.duties import HostDuties
from pytest_wincontainers.plan import Plan, PlannedContainer
from pytest_wincontainers.reports.board import Board
from pytest_wincontainers.run.cancellation import Cancellation
from pytest_wincontainers.run.container.starter import Starter
from pytest_wincontainers.run.container.tool import ToolContainer
from pytest_wincontainers.run.context import RunContext
from pytest_wincontainers.run.locks import Locks
from pytest_wincontainers.run.removal import labels
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.settings import Settings
from pytest_wincontainers.testing import FakeEngine

PASSES = "hcsshim::System::Start: operation timed out (0xc0370109)"


class Around:
    """A run with one of its containers, which is there already."""

    def __init__(self, tmp_path, fail=lambda method, argument: None):
        self.engine = FakeEngine(fail=fail)
        self.board = Board([])
        self.cancellation = Cancellation(self.board.changed)
        service = Generic(Options(image="x"))
        declaration = SimpleNamespace(name="database", base=tmp_path, service=service)
        planned = PlannedContainer("database", declaration, service, (), "wc-x-database", {}, {})
        context = RunContext(
            plan=Plan("x", (planned,)),
            settings=Settings(
                {"retries": 3, "isolation": "auto", "reach": "auto", "parallel_starts": 0, "snapshots": "auto"}, {}
            ),
            engine=self.engine,
            info=self.engine.info(),
            hosts=HostDuties([], self.board.note),
            locks=Locks(tmp_path, "engine", self.cancellation.check),
            board=self.board,
            cancellation=self.cancellation,
            outcomes=None,
            artifacts=tmp_path,
        )
        self.engine.start(self.engine.create(ContainerSpec("wc-x-database", "x", labels("x", "database"))))
        self.tool = ToolContainer(context, planned, Starter(context, planned, self.pause), self.pause)

    def pause(self, seconds):
        self.cancellation.check()
        for container in self.engine.ids("database-tool"):
            self.engine.say(container, "it says so")
            self.engine.end(container, 3)

    def ask(self):
        return self.tool("tool:1", ["tool"], {}, {}, 5.0, lambda text: None)


def test_its_exit_code_and_output(tmp_path):
    around = Around(tmp_path)
    code, output = around.ask()
    assert code == 3
    assert output.splitlines()[-1] == "it says so"
    assert around.engine.ids("database-tool") == []
    assert len(around.engine.ids("database")) == 1


def test_a_start_that_fails_in_passing_is_tried_again(tmp_path):
    failure = find_failure(PASSES)
    assert failure.kind == "transient"
    failed = []

    def fail(method, argument):
        if method == "start" and argument.endswith("-tool") and not failed:
            failed.append(argument)
            raise EngineError("refused", details=PASSES, failure=failure)

    around = Around(tmp_path, fail)
    assert around.ask()[0] == 3
    assert len(failed) == 1
    assert failure.id in around.board.notes[0]
    # The one that it is beside of has the same run, and stays.
    assert len(around.engine.ids("database")) == 1


def test_a_run_that_is_over_makes_none(tmp_path):
    around = Around(tmp_path)
    around.cancellation.cancel()
    with pytest.raises(Cancelled):
        around.ask()
    assert around.engine.ids("database-tool") == []
