"""The images that come with this package, and what they are built on for each host."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_wincontainers.engines.base import Build, EngineInfo
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.guests.builds import Host

FOLDER = Path(__file__).parent.parent / "images"

_REGISTRY = "mcr.microsoft.com"

# Selenium needs fonts and graphics, which servercore lacks since 2019 (microsoft/Windows-Containers#219). Before
# windows/server there was the larger image called windows, and before that servercore had them itself.
BASES: Mapping[str, Mapping[str, str]] = {
    "mysql": {
        "ltsc2016": "windows/servercore:ltsc2016",
        "ltsc2019": "windows/servercore:ltsc2019",
        "ltsc2022": "windows/servercore:ltsc2022",
        "ltsc2025": "windows/servercore:ltsc2025",
    },
    # 4.8.1 is not made for what is older than 2022.
    "aspnet": {
        "ltsc2016": "dotnet/framework/aspnet:4.8-windowsservercore-ltsc2016",
        "ltsc2019": "dotnet/framework/aspnet:4.8-windowsservercore-ltsc2019",
        "ltsc2022": "dotnet/framework/aspnet:4.8.1-windowsservercore-ltsc2022",
        "ltsc2025": "dotnet/framework/aspnet:4.8.1-windowsservercore-ltsc2025",
    },
    "selenium": {
        "ltsc2016": "windows/servercore:ltsc2016",
        "ltsc2019": "windows:1809",
        "ltsc2022": "windows/server:ltsc2022",
        "ltsc2025": "windows/server:ltsc2025",
    },
}
"""Base images on Windows, by service and tag."""


def own_image(info: EngineInfo, name: str, **arguments: str) -> Build:
    """The build of one of our images for this engine; `arguments` are for Windows only.

    Raises DeclarationError where there is none.
    """
    if info.guest == "linux":
        # The packages come from the distribution's mirrors; an engine without a default bridge reaches them by
        # the host's network only.
        return Build(FOLDER / "linux" / name, network="host")
    return Build(FOLDER / "windows" / name, arguments={"BASE": f"{_REGISTRY}/{_base(info.windows, name)}", **arguments})


def _base(host: Host | None, name: str) -> str:
    tags = host.at_all if host is not None else ()
    for tag in tags:
        if tag in BASES[name]:
            return BASES[name][tag]
    where = f"Windows {host.build}" if host is not None else "an engine that does not tell its build of Windows"
    raise DeclarationError(
        f"this package has no {name} image for {where}", hint="name one of your own with image=… or build=…"
    )
