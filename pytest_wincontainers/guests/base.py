"""The interface of a guest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

Guest = Literal["linux", "windows"]


class Patience(NamedTuple):
    """How long nothing must appear before it is believed that nothing will: so many looks, so many seconds apart."""

    rounds: int
    seconds: float


class GuestRules(Protocol):
    """One operating system, as it is inside containers, and what engines that run it do differently."""

    @property
    def title(self) -> str:
        """Its name in messages."""

    @property
    def root(self) -> str:
        """Where an archive with paths from the top is unpacked."""

    @property
    def shell(self) -> Sequence[str]:
        """The shell of an image that names no other, up to the line that it is to run."""

    @property
    def flush_dns(self) -> Sequence[str]:
        """The command that flushes the container's DNS client cache; it succeeds where there is none."""

    @property
    def may_lack_shell(self) -> bool:
        """Whether an image may have no program for `flush_dns`, and then no cache either."""

    @property
    def administrator(self) -> str:
        """The account that may do everything; empty where it is the default one."""

    @property
    def parallel_starts(self) -> int:
        """How many containers an engine starts at once without failing."""

    @property
    def removal_rounds(self) -> int:
        """How often a removal is tried."""

    @property
    def patience(self) -> Patience:
        """How long a call under way when its process died may still make a container."""

    @property
    def makes_networks(self) -> bool:
        """Whether the shared network can be created where it is missing."""

    @property
    def binds_addresses(self) -> bool:
        """Whether a published port can be bound to one address of the engine's machine."""

    @property
    def routed(self) -> bool:
        """Whether the engine's machine always has a route to the containers' own addresses."""

    @property
    def images_match_host(self) -> bool:
        """Whether an image must be built on a base that fits the host's build."""

    @property
    def build_network(self) -> str | None:
        """The network of the RUN steps of this package's images; None leaves it to the engine."""

    @property
    def host_caches_dns(self) -> bool:
        """Whether the engine's machine itself caches the names that it looks up."""

    @property
    def host_logs_events(self) -> bool:
        """Whether the engine's machine has event logs that say more of a failed start."""

    @property
    def has_isolation(self) -> bool:
        """Whether containers have one isolation or another."""

    def archives_reach(self, isolation: str) -> bool:
        """Whether the engine's archive calls see the files of a running container with that isolation."""

    def decode(self, output: bytes) -> str:
        """The text that a program wrote, with line ends as Python has them."""

    def mount_problem(self, source: str | Path, target: str, *, near: bool) -> str | None:
        """Why the engine would refuse this mount, or None. `near`: the source can be looked at from here."""

    def unpack(self) -> Sequence[str]:
        """The command that unpacks a tar archive from its standard input, at the root."""

    def pack(self, path: str) -> Sequence[str]:
        """The command that writes a file or folder to its standard output, as a tar archive."""
