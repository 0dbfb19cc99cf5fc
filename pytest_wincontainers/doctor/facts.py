"""What is known of an engine and its machine at one moment: plain data, which the checks decide on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, Union

from pytest_wincontainers.engines.addresses import host_of, is_local
from pytest_wincontainers.engines.base import EngineInfo, Image
from pytest_wincontainers.engines.diagnostics import Diagnostics
from pytest_wincontainers.failures.failure import Failure
from pytest_wincontainers.guests.builds import WindowsVersion

ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class Missing:
    """A fact that is not known."""

    reason: str


Fact = Union[ValueT, Missing]  # noqa: UP007 - mypy takes the other form for no alias


class NotKnown(Exception):
    """A check needs a fact that is not known: the reason."""


def known(fact: Fact[ValueT]) -> ValueT:
    """The fact. Raises NotKnown where it is not."""
    if isinstance(fact, Missing):
        raise NotKnown(fact.reason)
    return fact


@dataclass(frozen=True)
class NoAnswer:
    """That an engine did not answer, and in which words."""

    words: str
    failure: Failure | None = None
    """The catalogue's entry for them."""
    remedy: str = ""
    """What to do, where this project itself refuses the engine."""


@dataclass(frozen=True)
class DnsClient:
    """The settings of a machine's DNS client. Limits are in seconds; None is Windows' default."""

    longest: int | None
    """How long an answer is cached at the most."""
    longest_negative: int | None
    """How long it is cached that a name does not exist."""
    servers: tuple[str, ...]


@dataclass(frozen=True)
class Defender:
    """Microsoft Defender Antivirus on a machine."""

    scans: bool
    """Whether it looks at files while they are used."""
    exclusions: tuple[str, ...] = ()
    """Paths that it does not look at."""


@dataclass(frozen=True)
class HostFacts:
    """The Windows machine that the engine runs on, each fact by itself."""

    name: str
    services: Fact[Mapping[str, str]]
    """The states of those of the services docker, hns and vmms that exist, as in "Running"."""
    excluded_ports: Fact[tuple[range, ...]]
    build: Fact[WindowsVersion]
    dns: Fact[DnsClient]
    free_disk: Fact[Mapping[str, int]]
    """The free bytes of each drive, as in "C:"."""
    free_memory: Fact[int]
    """The bytes that programs can still be given, page file included."""
    defender: Fact[Defender]

    @property
    def has_hyperv(self) -> bool | None:
        """Whether Hyper-V is installed; None where that is not known."""
        return None if isinstance(self.services, Missing) else "vmms" in self.services


@dataclass(frozen=True)
class WinRm:
    """The connection to the engine's machine by WinRM, which was tried; `problem` is empty if it works."""

    host: str
    problem: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Suite:
    """What a suite declares that an engine and its machine must have."""

    images: Sequence[str] = ()
    ports: Sequence[int] = ()
    """The ports of the engine's machine that it publishes."""


@dataclass(frozen=True)
class Facts:
    """All that the checks decide on."""

    address: str
    """The engine's address in the form of DOCKER_HOST; empty for the current docker context's."""
    engine: EngineInfo | NoAnswer
    diagnostics: Fact[Diagnostics]
    host: Fact[HostFacts]
    free_disk: Fact[int]
    """The free bytes where the engine keeps images, as this process sees them."""
    images: Mapping[str, Fact[Image | None]] = field(default_factory=dict)
    """The declared images by reference; None for one that the engine does not have."""
    ports: tuple[int, ...] = ()
    """The ports of the engine's machine that are wanted."""
    unread: str = ""
    """Why the suite's own images and ports are not among these; empty where they are."""
    winrm: Fact[WinRm] | None = None
    """None where no WinRM host is set."""

    @property
    def info(self) -> EngineInfo:
        """The engine that answered. Raises NotKnown where none did."""
        if isinstance(self.engine, NoAnswer):
            raise NotKnown("the engine does not answer")
        return self.engine

    @property
    def elsewhere(self) -> bool:
        """Whether the engine is on another machine: by its answer, else by its address."""
        return not is_local(host_of(self.address) if isinstance(self.engine, NoAnswer) else self.engine.host)

    @property
    def free_on_data_root(self) -> int:
        """The free bytes of the drive that has the engine's data root. Raises NotKnown."""
        if not isinstance(self.free_disk, Missing):
            return self.free_disk
        drive = known(self.diagnostics).data_root[:2].upper()
        if isinstance(self.host, Missing) or not drive.endswith(":"):
            raise NotKnown(self.free_disk.reason)
        free = known(self.host.free_disk).get(drive)
        if free is None:
            raise NotKnown(f"{self.host.name} tells nothing of the drive {drive}")
        return free
