"""The interface of the web server, which depends on the guest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from pytest_wincontainers.services import Folder
from pytest_wincontainers.services.iis.layout import HostedSite, PlacedApplication
from pytest_wincontainers.services.iis.site_files import SiteFiles

RunProgram = Callable[..., str]
"""Runs a program in the container, word by word; its output. Raises PreparationError where it fails."""


class WebServer(Protocol):
    """IIS, or its counterpart."""

    def place(self, sites: Sequence[HostedSite]) -> list[PlacedApplication]:
        """Every application in its folder, each site's own first."""

    def setup(
        self, placed: Sequence[PlacedApplication], environment: Mapping[str, str], *, features: Sequence[str]
    ) -> Folder:
        """The files that the image's entry point makes the sites from; `environment` is the container's."""

    def adapt(self, files: SiteFiles) -> None:
        """Change an application's configuration where this server reads it in another way than IIS."""

    def recycle(self, pool: str, run: RunProgram, deadline: float) -> None:
        """Give a pool a new worker process. Raises NotReady past the deadline, by the monotonic clock."""
