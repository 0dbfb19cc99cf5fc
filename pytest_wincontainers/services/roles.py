"""Optional roles of services: base classes to inherit from in addition to `Service`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.evidence import Evidence
from pytest_wincontainers.guests import Guest
from pytest_wincontainers.packing import Folder
from pytest_wincontainers.services.service import Preparation, Returned, Service


@dataclass(frozen=True)
class Staged:
    """The files to copy into a container before it starts, and notes for the run's summary."""

    folders: tuple[Folder, ...] = ()
    notes: tuple[str, ...] = ()


class StagedFiles(ABC):
    """A service that copies files into its container before it starts."""

    @abstractmethod
    def staged(self, base: Path, guest: Guest, secrets: Mapping[str, str], returned: Returned) -> Staged:
        """The files to copy in. Relative paths are resolved against `base`. Raises DeclarationError."""


class SnapshotSupport(ABC):
    """A service whose prepared container can be kept as an image for later runs."""

    @property
    @abstractmethod
    def snapshots(self) -> str:
        """Whether snapshots are used and created: "auto", "never" or "refresh"."""

    @abstractmethod
    def snapshot_parts(self, base: Path, environment: Mapping[str, str]) -> str | None:
        """Everything besides the image that the preparation depends on; None if no snapshot is to be kept.

        `environment` does not contain values that differ in every run. Raises OSError if a file cannot be read.
        """

    @abstractmethod
    def seal(self, endpoint: Any, container: Container, key: str) -> None:
        """Shut down the prepared container for the snapshot with this key, and remove this run's passwords from it."""

    @abstractmethod
    def is_sealed(self, endpoint: Any, key: str) -> bool:
        """Whether a container that was started from a snapshot is completely prepared."""


class ReuseSupport(ABC):
    """A service whose container has a state that a later run must restore before it uses the container again."""

    @property
    @abstractmethod
    def reuse_title(self) -> str:
        """What `reuse_parts` is about, in the plural, for messages: "migrations"."""

    @abstractmethod
    def for_reuse(self) -> Service:
        """The service as it is made if a later run may use its container again."""

    @abstractmethod
    def reuse_parts(self, base: Path, environment: Mapping[str, str]) -> str | None:
        """Everything besides image, options, environment and files that its preparation depends on.

        None if that is not known: the container is then started anew. Raises OSError if a file cannot be read.
        """

    @abstractmethod
    def take_up(self, endpoint: Any, preparation: Preparation) -> None:
        """Restore the prepared state of an earlier run's container. Raises PreparationError."""


class ServerLogs(ABC):
    """A service whose container's output includes what the server logs elsewhere, for example to files."""

    @abstractmethod
    def flush_logs(self, endpoint: Any) -> None:
        """Wait until everything logged so far is in the container's output. Raises WincontainersError."""

    @abstractmethod
    def excerpts(self, log: Path, offset: int, since: float, until: float) -> Mapping[str, Sequence[str]]:
        """The lines from `since` to `until` of each log; the log "" is the output itself.

        `offset` is the position in the log at `since` (see `logs.position`); everything before it is older. Raises
        OSError.
        """


class TestValues(ABC):
    """A service of which a test may hold values that show something if it fails, such as drivers of its browser."""

    __test__ = False

    @abstractmethod
    def evidence_of(self, endpoint: Any, value: Any) -> Evidence | None:
        """What a value that a fixture gave to the test shows, if the value is this container's; otherwise None."""


class TestHooks:
    """A service that does something in each test process or before each test."""

    __test__ = False

    def parallel_problem(self, workers: int) -> DeclarationError | None:
        """The error if this number of pytest-xdist workers cannot share the container, otherwise None."""
        return None

    def take_over(self, endpoint: Any) -> None:
        """Called in a worker that replaces a crashed one, when it first uses the container. Raises PreparationError."""

    def start_test(self, endpoint: Any) -> None:
        """Called before each test that needs the container. Raises PreparationError."""

    def changes(self, endpoint: Any) -> int:
        """How many changes there were, up to now, to what `start_test` restores; 0 if it restores nothing.

        A fixture that outlives a test and makes changes gets a warning. Raises WincontainersError.
        """
        return 0


class PerWorker(ABC):
    """A service whose container can have a part for each pytest-xdist worker, such as a database or a site."""

    @property
    def always_per_worker(self) -> bool:
        """Whether there are parts even if what the declaring function returned is the same for all workers."""
        return False

    @abstractmethod
    def joined(self, returned: Mapping[str, Returned]) -> Service:
        """The service with a part for each of these workers; its container is made from it.

        `returned` is what the declaring function returned for each worker if that differs; what is the same for all is
        used as without workers. Raises DeclarationError if that cannot be.
        """

    @abstractmethod
    def part(self, workers: Sequence[str], worker: str) -> Service:
        """One worker's part of it, with the face and the endpoint that its tests get."""
