"""Creates the engine in every process of a run: in the owner, in pytest-xdist workers and in the watchdog."""

from __future__ import annotations

from pkgutil import resolve_name

from pytest_wincontainers.engines.base import Engine, EngineAddress

DOCKER = "pytest_wincontainers.engines.docker:DockerEngine"


def docker_address(url: str | None) -> EngineAddress:
    """The address of the Docker engine at `url`, or of the one that DOCKER_HOST or the current context names."""
    return EngineAddress(DOCKER, url or "")


def make_engine(address: EngineAddress) -> Engine:
    """The engine at this address, not connected yet. Imports the module that has it."""
    engine: Engine = resolve_name(address.factory)(address.url)
    return engine
