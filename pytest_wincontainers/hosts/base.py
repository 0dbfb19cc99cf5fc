"""The interface of a host, and the commands for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pytest_wincontainers.errors import WincontainersError


class HostError(WincontainersError):
    """A host did not do what it was told."""


@dataclass(frozen=True)
class HostCommand:
    """A command for a Windows host: as a PowerShell script, and the program that does the same without PowerShell."""

    script: str
    program: tuple[str, ...]


FLUSH_DNS = HostCommand("Clear-DnsClientCache", ("ipconfig", "/flushdns"))
EXCLUDED_PORTS = HostCommand(
    "netsh int ipv4 show excludedportrange protocol=tcp",
    ("netsh", "int", "ipv4", "show", "excludedportrange", "protocol=tcp"),
)


class Host(Protocol):
    """A Windows machine that commands can be run on. May be used from any thread."""

    @property
    def name(self) -> str:
        """What to call it in messages."""

    def run(self, command: HostCommand, seconds: float) -> str:
        """Run a command and return what it wrote. Raises HostError when it fails or takes longer."""

    def close(self) -> None:
        """Let go of it. Never raises."""
