"""The web server of each guest."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_wincontainers.services import Guest
from pytest_wincontainers.services.iis.linux import LinuxServer
from pytest_wincontainers.services.iis.server import WebServer
from pytest_wincontainers.services.iis.windows import WindowsServer

SERVERS: Mapping[Guest, WebServer] = {"linux": LinuxServer(), "windows": WindowsServer()}
