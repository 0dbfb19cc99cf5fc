"""The hooks that this plugin calls. Implement them in the root conftest.py or in a plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_wincontainers.engines.base import Engine
    from pytest_wincontainers.evidence import FailureEvidence


@pytest.hookspec(firstresult=True)
def pytest_wincontainers_engine(config: pytest.Config) -> Engine | None:
    """Return the engine to use instead of the Docker engine from the settings, or None to use that one.

    Called in the process that starts the containers, before the first one starts, and in pytest-xdist workers when a
    test first runs a command in a container. The hook must not connect; the engine connects in `info()`.
    """


def pytest_wincontainers_failure(item: pytest.Item, evidence: FailureEvidence, report: pytest.TestReport) -> None:
    """Show what a failing test has left behind, for example by sending it to another system.

    Called in the process that runs the test, after a phase of a test with containers has failed: "setup", "call" or
    "teardown", and for each attempt if the test is run again. What the hook changes in `report` is reported. An
    exception in it becomes a warning.
    """
