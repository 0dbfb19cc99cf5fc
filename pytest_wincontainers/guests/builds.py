"""Builds of Windows: which images fit a host, and with which isolation.

A host runs an image's processes beside its own only where the two builds fit together; otherwise the container
needs a small virtual machine of its own, Hyper-V isolation, and that runs what is older than the host but not what
is newer (MicrosoftDocs/Virtualization-Documentation, windowscontainers/deploy-containers/version-compatibility.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Isolation = Literal["process", "hyperv"]

TAGS: Mapping[int, str] = {14393: "ltsc2016", 17763: "ltsc2019", 20348: "ltsc2022", 26100: "ltsc2025"}
"""The builds that images are made for, by the tag that names them."""

_NEWEST_FIRST = sorted(TAGS.items(), reverse=True)
_SERVER_2016, _SERVER_2022, _SERVER_2025 = 14393, 20348, 26100
_SYSTEM = re.compile(r"\(OS Build (\d+)(?:\.(\d+))?\)")


@dataclass(frozen=True)
class WindowsVersion:
    """A build of Windows and its revision, as in 10.0.20348.5499; revision 0 where it is not known."""

    number: int
    revision: int = 0

    def __str__(self) -> str:
        return f"10.0.{self.number}" + (f".{self.revision}" if self.revision else "")

    @property
    def tag(self) -> str | None:
        """The tag of images for this build."""
        return TAGS.get(self.number)


@dataclass(frozen=True)
class WindowsHost:
    """A machine that runs Windows containers."""

    build: WindowsVersion
    server: bool
    default: Isolation
    """The isolation that the engine uses when none is asked for."""

    @property
    def hyperv(self) -> bool | None:
        """Whether it can run Hyper-V containers; None where an engine does not say, as on servers."""
        return True if self.default == "hyperv" else None

    @property
    def as_process(self) -> tuple[str, ...]:
        """The tags whose images run here as processes, the best first."""
        return tuple(tag for number, tag in _NEWEST_FIRST if self.runs_as_process(WindowsVersion(number)))

    @property
    def at_all(self) -> tuple[str, ...]:
        """The tags whose images run here with one isolation or the other, the best first."""
        others = (tag for number, tag in _NEWEST_FIRST if self.runs_in_hyperv(WindowsVersion(number)))
        return tuple(dict.fromkeys((*self.as_process, *others)))

    def runs_as_process(self, image: WindowsVersion) -> bool:
        """Whether the builds fit together for process isolation."""
        ours = self.build.number
        if ours == _SERVER_2016 and image.number == ours and self.build.revision and image.revision:
            return self.build.revision == image.revision
        if ours < _SERVER_2022:
            return image.number == ours
        return _SERVER_2022 <= image.number <= ours and not self._unreadable(image)

    def runs_in_hyperv(self, image: WindowsVersion) -> bool:
        """Whether the image is old enough for Hyper-V isolation."""
        return image.number <= self.build.number and not self._unreadable(image)

    def _unreadable(self, image: WindowsVersion) -> bool:
        # Windows 11 25H2 does not know the format of 2025's layers (microsoft/hcsshim#2566).
        return image.number == _SERVER_2025 < self.build.number


def parse_system(system: str) -> WindowsVersion | None:
    """The build in an engine's `OperatingSystem`, which alone has the revision."""
    found = _SYSTEM.search(system)
    return WindowsVersion(int(found[1]), int(found[2] or 0)) if found else None


def parse_version(version: str) -> WindowsVersion | None:
    """The build in an `OsVersion` such as 10.0.20348.5499."""
    parts = version.split(".")
    if len(parts) < 3 or not all(part.isdecimal() for part in parts):
        return None
    return WindowsVersion(int(parts[2]), int(parts[3]) if len(parts) > 3 else 0)


class Unfit(Exception):
    """An image that this host cannot run, or not so: `args` are a sentence and a hint."""


def choose_isolation(host: WindowsHost, image: WindowsVersion | None, asked: Isolation | None) -> Isolation | None:
    """The isolation for an image: process where the builds fit, else Hyper-V.

    None leaves it to the engine, as for an image of no known build. Raises Unfit, before anything is created: an
    engine creates such a container and then fails to start it.
    """
    if image is None:
        return asked
    named = f"the image is for Windows {image}" + (f" ({image.tag})" if image.tag else "")
    fits = host.runs_as_process(image)
    if asked == "process" and not fits:
        raise Unfit(
            f"{named}, which this host ({host.build}) cannot run with isolation=process",
            f"use the tag {_or(host.as_process)}" + (", or isolation=hyperv" if host.runs_in_hyperv(image) else ""),
        )
    if fits and asked != "hyperv" and not (host.hyperv and newer_revision(host, image)):
        return "process"
    if asked == "process":
        return asked
    if not host.runs_in_hyperv(image):
        raise Unfit(f"{named}, which this host ({host.build}) cannot run", f"use the tag {_or(host.at_all)}")
    return "hyperv"


def newer_revision(host: WindowsHost, image: WindowsVersion) -> bool:
    """Whether the image has later updates than its host.

    Some such pairs end at the start with 0xc0370106 when they share a kernel (microsoft/Windows-Containers#591,
    actions/runner-images#11582).
    """
    return image.number == host.build.number and 0 < host.build.revision < image.revision


def _or(tags: tuple[str, ...]) -> str:
    return " or ".join(tags) or "of the host's build"
