"""IIS in a Windows container."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence

from pytest_wincontainers.errors import NotReady
from pytest_wincontainers.services import Container, ExecResult, Folder
from pytest_wincontainers.services.iis import appcmd
from pytest_wincontainers.services.iis.layout import HostedSite, PlacedApplication, place
from pytest_wincontainers.services.iis.server import RunProgram

SITES = "C:\\sites\\"
SETUP = "C:\\wincontainers"
"""Where the entry point finds what to make."""
MARKS = "C:\\wincontainers\\marks"
"""The folder of files whose names the entry point writes once the logs before are written."""

_POLL_SECONDS = 0.1


class WindowsServer:
    """See `WebServer`."""

    def place(self, sites: Sequence[HostedSite]) -> list[PlacedApplication]:
        return place(sites, SITES, nested=False)

    def setup(
        self, placed: Sequence[PlacedApplication], environment: Mapping[str, str], *, features: Sequence[str]
    ) -> Folder:
        # The features are in the image.
        users = {one.pool.user: one.pool.password for one in placed if one.pool.user}
        accounts = [{"name": name, "password": word} for name, word in users.items() if not {"\\", "@"} & set(name)]
        setup = {"accounts": accounts, "appcmd": appcmd.setup(placed, environment)}
        return Folder(None, SETUP, {"setup.json": json.dumps(setup, indent=1).encode()})

    def mark_logs(self, container: Container, token: str) -> ExecResult:
        return container.cmd(f"type nul> {MARKS}\\{token}")

    def recycle(self, pool: str, run: RunProgram, deadline: float) -> None:
        def processes() -> set[str]:
            return set(re.findall(r'WP "(\d+)"', run(*appcmd.processes(pool))))

        # The old process takes requests until the new one is up, and appcmd waits for neither.
        old = processes()
        run(*appcmd.recycle(pool))
        while old & processes():
            if time.monotonic() > deadline:
                raise NotReady(f"the old process of the pool {pool} does not exit", hint="check the container's log")
            time.sleep(_POLL_SECONDS)
