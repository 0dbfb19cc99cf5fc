"""What the rest of the package asks of a guest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class GuestRules(Protocol):
    """One operating system, as it is inside containers."""

    @property
    def root(self) -> str:
        """Where an archive with paths from the top is unpacked."""

    @property
    def flush_dns(self) -> Sequence[str]:
        """The command that empties the container's DNS client cache; it succeeds where there is none."""

    @property
    def administrator(self) -> str:
        """The account that may do everything; nothing where it is the usual one."""

    def decode(self, output: bytes) -> str:
        """The text that a program wrote, with line ends as Python has them."""

    def mount_problem(self, source: str | Path, target: str, *, near: bool) -> str | None:
        """Why the engine would refuse this mount, or None. `near`: the source can be looked at from here."""

    def unpack(self) -> Sequence[str]:
        """The command that unpacks a tar archive from its standard input, at the root."""

    def pack(self, path: str) -> Sequence[str]:
        """The command that writes a file or folder to its standard output, as a tar archive."""
