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

_ISOLATIONS: tuple[Isolation, ...] = ("process", "hyperv")
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


VERSIONS: Mapping[str, WindowsVersion] = {tag: WindowsVersion(number) for number, tag in TAGS.items()}
"""The same by tag."""


@dataclass(frozen=True)
class WindowsHost:
    """A machine that runs Windows containers."""

    build: WindowsVersion
    server: bool
    default: Isolation
    """The isolation that the engine uses when none is asked for."""
    base: str | None = None
    """The tag to build on, where the user has chosen one."""

    @property
    def as_process(self) -> tuple[str, ...]:
        """The tags whose images run here as processes, the best first."""
        return self._tags("process")

    @property
    def at_all(self) -> tuple[str, ...]:
        """The tags whose images run here with one isolation or the other, the best first."""
        return tuple(dict.fromkeys((*self._tags(self.default), *self._tags("process"), *self._tags("hyperv"))))

    def _tags(self, isolation: Isolation) -> tuple[str, ...]:
        fitting = [number for number in TAGS if self.runs(WindowsVersion(number), isolation)]
        fitting.sort(key=lambda number: (self.doubts(WindowsVersion(number)), -number))
        return tuple(TAGS[number] for number in fitting)

    def runs(self, image: WindowsVersion, isolation: Isolation) -> bool:
        """Whether the builds fit together for that isolation."""
        ours = self.build.number
        if isolation == "hyperv":
            return image.number <= ours
        if ours == _SERVER_2016 and image.number == ours and self.build.revision and image.revision:
            return self.build.revision == image.revision
        if ours < _SERVER_2022:
            return image.number == ours
        return _SERVER_2022 <= image.number <= ours

    def doubts(self, image: WindowsVersion) -> bool:
        """Whether some such hosts cannot read such images, with whatever isolation, and others can.

        Windows 11 25H2 and images for 2025 (microsoft/hcsshim#2566, microsoft/navcontainerhelper#4036).
        """
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
    """The isolation for an image: the engine's default where the builds fit for it, else the other one.

    The default of Windows 10 and 11 is Hyper-V, and for a reason: some of them start a process container only once
    (microsoft/hcsshim#2553, microsoft/Windows-Containers#623), or not at all (microsoft/Windows-Containers#525).

    None leaves it to the engine, as for an image of no known build. Raises Unfit, before anything is created: an
    engine creates such a container and then fails to start it.
    """
    if image is None:
        return asked
    named = f"the image is for Windows {image}" + (f" ({image.tag})" if image.tag else "")
    fitting = [one for one in _ISOLATIONS if host.runs(image, one)]
    if asked == "process" and asked not in fitting:
        raise Unfit(
            f"{named}, which this host ({host.build}) cannot run with isolation=process",
            f"use the tag {_or(host.as_process)}" + (", or isolation=hyperv" if fitting else ""),
        )
    if not fitting:
        raise Unfit(f"{named}, which this host ({host.build}) cannot run", f"use the tag {_or(host.at_all)}")
    return asked or (host.default if host.default in fitting else fitting[0])


def doubt(host: WindowsHost, image: WindowsVersion, isolation: Isolation | None) -> str | None:
    """Why a container may not start although the builds fit, and what to do then; None where nothing is known."""
    if isolation == "process" and newer_revision(host, image):
        return f"has newer updates than the host ({host.build}); update the host if the container does not start"
    if host.doubts(image):
        return (
            f"may not be readable for the host ({host.build}); use the tag {host.at_all[0]} if the container does not "
            "start with error 0xc0370112"
        )
    return None


def newer_revision(host: WindowsHost, image: WindowsVersion) -> bool:
    """Whether the image has later updates than its host.

    Some such pairs end at the start with 0xc0370106 when they share a kernel (microsoft/Windows-Containers#591,
    actions/runner-images#11582).
    """
    return image.number == host.build.number and 0 < host.build.revision < image.revision


def _or(tags: tuple[str, ...]) -> str:
    return " or ".join(tags) or "of the host's build"
