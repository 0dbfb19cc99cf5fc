"""What an engine may tell of itself beyond its identity; `wincontainers doctor` asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Network:
    """A network of the engine."""

    name: str
    driver: str
    subnets: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    """Empty for a network that got no gateway."""


@dataclass(frozen=True)
class Diagnostics:
    """The state of an engine and of its machine, as the engine tells it."""

    api: str
    """The newest version of its API, as in 1.52."""
    oldest_api: str
    """The oldest one that it still speaks; empty where it does not say."""
    kernel: str
    """The kernel that the containers run on."""
    data_root: str
    """The directory of images and containers, on the engine's machine."""
    memory: int
    """The bytes of memory that the machine has, or the virtual machine that the engine runs in."""
    clock_offset: float
    """Seconds by which the engine's clock is ahead of this machine's."""
    networks: tuple[Network, ...]


@runtime_checkable
class Diagnosable(Protocol):
    """An engine that can tell more of itself. Engines need not have this."""

    def diagnostics(self) -> Diagnostics:
        """Ask the engine. Raises EngineUnavailable when it does not answer and EngineError when it refuses."""
