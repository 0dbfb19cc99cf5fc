"""The entry point of this package's images, images/agent, as this side sees it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pytest_wincontainers.endpoints import Link
from pytest_wincontainers.engines.base import ExecResult
from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.errors import EngineError, NotReady
from pytest_wincontainers.guests import Guest
from pytest_wincontainers.reports import logs

DIRECTORIES: Mapping[Guest, str] = {"linux": "/srv/wincontainers", "windows": "C:\\wincontainers"}
"""Where it looks for what it is to set up, and for the marks that it is asked for."""

_MARKING: Mapping[Guest, Callable[[Container, str], ExecResult]] = {
    "linux": lambda container, token: container.exec(("touch", f"{DIRECTORIES['linux']}/marks/{token}")),
    "windows": lambda container, token: container.cmd(f"type nul> {DIRECTORIES['windows']}\\marks\\{token}"),
}
MARK = "[mark] "
"""What a line begins with that it writes for this side only."""
_MARK_SECONDS = 15.0
_POLL_SECONDS = 0.02


def flush_logs(link: Link) -> None:
    """Wait until everything that the server has logged so far is in the container's output.

    The entry point writes a mark behind it. Raises EngineError, and NotReady if this takes too long.
    """
    info = link.info()
    log = Path(info.log)
    token = secrets.token_hex(8)
    begun = logs.position(log)
    done = _MARKING[info.guest](link.container(), token)
    if done.exit_code != 0:
        raise EngineError(
            f"the logs of {info.name} could not be flushed",
            details=done.output,
            hint="a custom image needs the tools of this package's image; build it FROM that image",
        )
    deadline = time.monotonic() + _MARK_SECONDS
    while f"{MARK}{token}\n".encode() not in logs.read(log, begun):
        if time.monotonic() > deadline:
            raise NotReady(
                f"the last lines of {info.name}'s logs did not arrive within {_MARK_SECONDS:g} s", hint=f"check {log}"
            )
        time.sleep(_POLL_SECONDS)
