"""Checks and what they find."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from pytest_wincontainers.doctor.facts import Facts, NotKnown

State = Literal["ok", "warning", "failed", "not applicable", "not checked"]


class Section(Enum):
    """The sections of docs/hosts.md."""

    ENGINE = "Docker's engine"
    ISOLATION = "Isolation and build numbers"
    NAT = "The nat network"
    PORTS = "Ports"
    DNS = "DNS"
    RESOURCES = "Disk, memory and antivirus"
    ACCESS = "Access to the engine"
    TLS = "TLS"
    WINRM = "WinRM"
    CLOCKS = "Clocks"
    LINUX = "Linux engines"

    @property
    def link(self) -> str:
        """Its address, with the anchor that GitHub makes of a heading."""
        return "docs/hosts.md#" + re.sub(r"[^\w -]", "", self.value.lower()).replace(" ", "-")


@dataclass(frozen=True)
class Verdict:
    """What a check says. `subject` is what it is about, where it is about several things."""

    state: State
    detail: str
    remedy: str = ""
    source: str = ""
    """Where it is known from, if not from the check's own source."""
    subject: str = ""


@dataclass(frozen=True)
class Finding:
    """A verdict with the check that gave it."""

    check: str
    subject: str
    state: State
    detail: str
    remedy: str
    source: str
    section: Section


Examine = Callable[[Facts], Verdict | Sequence[Verdict]]


@dataclass(frozen=True)
class Check:
    """One check: what it looks at, in a sentence, and where it is known from that this matters."""

    name: str
    says: str
    section: Section
    source: str
    """As owner/repo#number, a file of a repository, or the address of a page."""
    examine: Examine

    def run(self, facts: Facts) -> list[Finding]:
        """What it finds. A fact that is not known makes it "not checked"."""
        try:
            found = self.examine(facts)
        except NotKnown as missing:
            found = Verdict("not checked", str(missing))
        return [
            Finding(self.name, one.subject, one.state, one.detail, one.remedy, one.source or self.source, self.section)
            for one in ([found] if isinstance(found, Verdict) else found)
        ]


def check(section: Section, source: str) -> Callable[[Examine], Check]:
    """Makes a function a check, with its name and its docstring."""

    def decorate(examine: Examine) -> Check:
        says = " ".join((examine.__doc__ or "").split())
        return Check(examine.__name__, says, section, source, examine)

    return decorate


def ok(detail: str) -> Verdict:
    """Nothing to do."""
    return Verdict("ok", detail)


def warning(detail: str, remedy: str, source: str = "") -> Verdict:
    """It works, but less well or not for ever."""
    return Verdict("warning", detail, remedy, source)


def failed(detail: str, remedy: str, source: str = "") -> Verdict:
    """Containers will not start or not be reached."""
    return Verdict("failed", detail, remedy, source)


def not_applicable(reason: str) -> Verdict:
    """There is nothing to look at."""
    return Verdict("not applicable", reason)
