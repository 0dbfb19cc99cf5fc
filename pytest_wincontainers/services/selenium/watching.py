"""The display that people watch: noVNC's page, and the VNC server behind it."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_wincontainers.services import Guest

DISPLAY: Mapping[Guest, bool] = {"linux": True, "windows": False}
"""Whether a container can have one; Windows containers never could (microsoft/Windows-Containers#306)."""
WATCH_PORT = 7900
PAGE = "/vnc.html"
PASSWORD = "watch_password"  # noqa: S105 - its name
PASSWORD_LENGTH = 8
"""VNC uses no more of a password than its first eight characters (RFC 6143, 7.2.2)."""


def page_url(host: str, port: int, password: str) -> str:
    """The address at which a person sees the display at once.

    What is behind the "#" stays in the person's browser; the server does not see the password.
    """
    return f"http://{host}:{port}{PAGE}#autoconnect=1&resize=scale&password={password}"
