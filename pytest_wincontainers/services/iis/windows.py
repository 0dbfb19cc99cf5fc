"""IIS in a Windows container."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Mapping, Sequence

from pytest_wincontainers.errors import NotReady
from pytest_wincontainers.services import Folder
from pytest_wincontainers.services.agent import DIRECTORIES
from pytest_wincontainers.services.iis import appcmd
from pytest_wincontainers.services.iis.layout import HostedSite, PlacedApplication, place
from pytest_wincontainers.services.iis.server import RunProgram
from pytest_wincontainers.services.iis.site_files import SiteFiles

SITES = "C:\\sites\\"
AGENT = f"{DIRECTORIES['windows']}\\agent.exe"
"""The entry point, which can make accounts."""
ICACLS = "C:\\Windows\\System32\\icacls.exe"

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
        accounts = [(name, password) for name, password in users.items() if not {"\\", "@"} & set(name)]
        steps = [
            *(subprocess.list2cmdline([AGENT, "account", *account]) for account in accounts),
            *(f"{appcmd.PROGRAM} {call}" for call in appcmd.setup(placed, environment)),
            # Applications write where they lie, App_Data above all. By the number of IIS_IUSRS, as the pools' own names
            # are not known before IIS runs.
            f"{ICACLS} {SITES[:-1]} /grant *S-1-5-32-568:(OI)(CI)M /T /Q",
        ]
        return Folder(
            None, DIRECTORIES["windows"], {"setup": "".join(f"{_escaped(step)}\n" for step in steps).encode()}
        )

    def adapt(self, files: SiteFiles) -> None:
        pass

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


def _escaped(step: str) -> str:
    # The entry point reads lines.
    return step.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
