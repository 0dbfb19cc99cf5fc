"""What only some services have: each a role that the core looks for, to be subclassed beside `Service`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.guests import Guest
from pytest_wincontainers.packing import Folder
from pytest_wincontainers.services.service import Returned


@dataclass(frozen=True)
class Staged:
    """What is copied into a container before its start, and what is worth noting of it."""

    folders: tuple[Folder, ...] = ()
    notes: tuple[str, ...] = ()


class StagedFiles(ABC):
    """A service whose container gets files before it starts."""

    @abstractmethod
    def staged(self, base: Path, guest: Guest, secrets: Mapping[str, str], returned: Returned) -> Staged:
        """What to copy in. Relative paths are resolved against `base`. Raises DeclarationError."""


class SnapshotSupport(ABC):
    """A service whose prepared container can be kept as an image for later runs."""

    @property
    @abstractmethod
    def snapshots(self) -> str:
        """Whether snapshots are used and made: "auto", "never" or "refresh"."""

    @abstractmethod
    def snapshot_parts(self, base: Path, environment: Mapping[str, str]) -> str | None:
        """All that its preparation depends on besides the image; None where no snapshot is to be kept.

        `environment` is without what is different in every run. Raises OSError for what cannot be read.
        """

    @abstractmethod
    def seal(self, endpoint: Any, container: Container, key: str) -> None:
        """End the prepared container in its own way, for a snapshot of that key without this run's passwords."""

    @abstractmethod
    def is_sealed(self, endpoint: Any, key: str) -> bool:
        """Whether a container that was started from a snapshot has all that was prepared."""


class ServerLogs(ABC):
    """A service whose container writes several logs into its output."""

    @abstractmethod
    def flush_logs(self, endpoint: Any) -> None:
        """Wait until all that was logged by now is in the container's output. Raises WincontainersError."""

    @abstractmethod
    def excerpts(self, log: Path, offset: int, since: float, until: float) -> Mapping[str, Sequence[str]]:
        """The lines from `since` to `until`, by which log they are of; "" for the output itself.

        `offset` is the file's size at `since`: what was written before came before. Raises OSError.
        """


class TestHooks:
    """A service that does something for each process or each test."""

    __test__ = False

    def parallel_problem(self, workers: int) -> DeclarationError | None:
        """What so many pytest-xdist workers cannot share, or None."""
        return None

    def enter(self, endpoint: Any) -> None:
        """A test process has got the container for the first time. Raises PreparationError."""

    def start_test(self, endpoint: Any) -> None:
        """A test that needs the container begins. Raises PreparationError."""
