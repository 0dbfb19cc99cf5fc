"""The engine of a process: from a hook, otherwise Docker."""

from __future__ import annotations

import pytest

from pytest_wincontainers.engines.base import Engine
from pytest_wincontainers.engines.registry import docker_address, make_engine
from pytest_wincontainers.settings import Settings


def engine_of(config: pytest.Config, settings: Settings) -> Engine:
    """The engine that the hook returns, else the one that the settings name; not connected yet."""
    brought: Engine | None = config.hook.pytest_wincontainers_engine(config=config)
    if brought is not None:
        return brought
    return make_engine(docker_address(settings.engine, settings.insecure_engine))
