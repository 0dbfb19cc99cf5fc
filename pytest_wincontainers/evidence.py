"""What a failing test leaves behind: plain data, made once, and shown by every sink in its own way.

A sink implements the hook `pytest_wincontainers_failure`. All texts are masked: no value here holds a password of the
run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

PNG = "image/png"
HTML = "text/html"
JSON = "application/json"
TEXT = "text/plain"


@dataclass(frozen=True)
class Attachment:
    """A file that was saved for a failing test; `name` is for people, such as "browser screenshot"."""

    name: str
    path: str
    media_type: str


@dataclass(frozen=True)
class LogSlice:
    """The lines that a container's log got during the test.

    `log` is "" for the container's own output, otherwise for example "event log" or "W3C log of shop".
    """

    log: str
    lines: tuple[str, ...]
    earlier: int = 0
    """How many more lines there were before these; the log file has them."""


@dataclass(frozen=True)
class Overlap:
    """Another test that used the same container meanwhile, and for how many seconds."""

    nodeid: str
    worker: str
    seconds: float


@dataclass(frozen=True)
class ContainerEvidence:
    """What one container that the test needs did during the test."""

    name: str
    log: str
    """The path of the whole log."""
    slices: tuple[LogSlice, ...] = ()
    """The most telling first: exceptions before requests before other output."""
    notes: tuple[str, ...] = ()
    """What is wrong with the container or its log, a sentence each."""
    events: tuple[str, ...] = ()
    """What happened to the container meanwhile, such as a restart."""
    overlaps: tuple[Overlap, ...] = ()


@dataclass(frozen=True)
class OpenedEvidence:
    """What something showed that the test had open, such as a browser."""

    name: str
    kind: str
    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class FailureEvidence:
    """All that is known of the failure of one phase of a test; times are in seconds since 1970, by this machine."""

    nodeid: str
    when: str
    """The phase: "setup", "call" or "teardown"."""
    attempt: int
    """1, or more if the test was run again, for example by pytest-rerunfailures."""
    worker: str
    """The pytest-xdist worker; "" without pytest-xdist."""
    since: float
    until: float
    folder: str
    """The directory for the test's files; it exists if there are attachments."""
    containers: tuple[ContainerEvidence, ...] = ()
    opened: tuple[OpenedEvidence, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be gathered, a sentence each."""

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The files of everything that was open."""
        return tuple(attachment for one in self.opened for attachment in one.attachments)

    def as_json(self) -> dict[str, Any]:
        """The values in lists and dictionaries."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FailureEvidence:
        """Create it from its JSON form."""
        containers = tuple(
            ContainerEvidence(
                name=one["name"],
                log=one["log"],
                slices=tuple(LogSlice(**{**part, "lines": tuple(part["lines"])}) for part in one["slices"]),
                notes=tuple(one["notes"]),
                events=tuple(one["events"]),
                overlaps=tuple(Overlap(**overlap) for overlap in one["overlaps"]),
            )
            for one in data["containers"]
        )
        opened = tuple(
            OpenedEvidence(**{**one, "attachments": tuple(Attachment(**file) for file in one["attachments"])})
            for one in data["opened"]
        )
        return cls(**{**data, "containers": containers, "opened": opened, "notes": tuple(data["notes"])})


@dataclass(frozen=True)
class Shown:
    """What an `Evidence` shows: a text for reports, and the files that were saved."""

    text: str
    attachments: tuple[Attachment, ...] = ()


class Evidence(Protocol):
    """Something that a test has open and that its report shows if the test fails, such as a browser."""

    @property
    def kind(self) -> str:
        """What it is, for people, such as "browser"."""

    @property
    def name(self) -> str:
        """The name of the declaration that it belongs to."""

    def gather(self, folder: Path, stem: str, mask: Callable[[str], str]) -> Shown:
        """Save what it shows in `folder`, in files whose names start with `stem`.

        `mask` removes the secrets from a text. Raises OSError if nothing can be saved.
        """

    def close(self) -> None:
        """Close it. Any exception is ignored."""


class EvidenceKeeper(Protocol):
    """Keeps evidence open until the outcome of the test is known."""

    def opened(self, evidence: Evidence) -> None:
        """Called when evidence has been opened."""

    def done_with(self, evidence: Evidence) -> None:
        """Called when the test no longer needs the evidence; it is closed once the test is over."""
