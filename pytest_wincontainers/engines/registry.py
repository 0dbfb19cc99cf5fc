"""Creates the engine in every process of a run: in the owner, in pytest-xdist workers and in the watchdog."""

from __future__ import annotations

import os
from pkgutil import resolve_name

from pytest_wincontainers.engines.base import Engine, EngineAddress
from pytest_wincontainers.engines.contexts import selected
from pytest_wincontainers.errors import EngineError

DOCKER = "pytest_wincontainers.engines.docker:DockerEngine"


def docker_address(url: str | None, insecure: str | None = None, context: str = "") -> EngineAddress:
    """The address of the Docker engine at `url`, or that of a context, or of the one that the docker CLI uses now.

    It is that of the same engine when DOCKER_HOST or the selected context is another. `insecure` names the one machine
    that may be connected to without TLS.
    """
    url = url or ("" if context else os.environ.get("DOCKER_HOST", ""))
    given = {"insecure": insecure, "context": "" if url else context or selected(os.environ)}
    return EngineAddress(DOCKER, url, {name: value for name, value in given.items() if value})


def make_engine(address: EngineAddress) -> Engine:
    """The engine at this address, not connected yet. Imports the module that has it. Raises EngineError."""
    try:
        made = resolve_name(address.factory)
    except (ImportError, AttributeError) as problem:
        raise EngineError(
            f"there is no engine {address.factory} here: {problem}",
            hint="start the command where Python finds that module, or set PYTHONPATH",
        ) from None
    engine: Engine = made(address.url, **address.options)
    return engine
