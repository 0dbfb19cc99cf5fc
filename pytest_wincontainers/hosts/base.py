"""The interface of a host, and the commands for it."""

from __future__ import annotations

import re
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


# Two numbers at the beginning of a line, in whatever language the rest is (docker/for-win#3171).
_RANGE = re.compile(r"^\s*(\d{1,5})\s+(\d{1,5})\b", re.MULTILINE)


def port_ranges(output: str) -> tuple[range, ...]:
    """The ranges that `EXCLUDED_PORTS` has printed, in whichever language."""
    return tuple(range(int(first), int(last) + 1) for first, last in _RANGE.findall(output))


class Host(Protocol):
    """A Windows machine that commands can be run on. May be used from any thread."""

    @property
    def name(self) -> str:
        """What to call it in messages."""

    def run(self, command: HostCommand, seconds: float) -> str:
        """Run a command and return what it wrote. Raises HostError when it fails or takes longer."""

    def close(self) -> None:
        """Let go of it. Never raises."""


def in_a_line(problem: WincontainersError) -> str:
    """The problem with the first line of its details."""
    details = (problem.details.splitlines() or [""])[0]
    return f"{problem.message}: {details}" if details else problem.message
