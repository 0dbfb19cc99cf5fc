"""The hooks that this plugin calls; implement them in the root conftest.py or in a plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_wincontainers.engines.base import Engine


@pytest.hookspec(firstresult=True)
def pytest_wincontainers_engine(config: pytest.Config) -> Engine | None:
    """Return the engine to use instead of the Docker engine that the settings name.

    Called in the process that starts the containers when the first one is to start, and in a process that runs
    tests when a test runs a command in a container. Must not connect: the engine's `info()` does.
    """
