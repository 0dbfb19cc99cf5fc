"""What the checks have found, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pytest_wincontainers.doctor.finding import Finding, State

COLOURS: Mapping[State, str] = {
    "ok": "green",
    "warning": "yellow",
    "failed": "red",
    "not applicable": "bright_black",
    "not checked": "bright_black",
}
WIDTH = max(map(len, COLOURS))


@dataclass(frozen=True)
class Line:
    """One line, with the state that it begins with; empty where it goes on with the one above."""

    state: State | Literal[""]
    text: str


def lines(findings: Sequence[Finding], *, verbose: bool) -> Iterator[Line]:
    """All findings, each problem with its remedy.

    Checks that had nothing to look at for the same reason share a line, unless everything is asked for.
    """
    shared: dict[tuple[State, str], list[str]] = {}
    for one in findings:
        name = f"{one.check} {one.subject}" if one.subject else one.check
        if one.state in {"not applicable", "not checked"} and not verbose:
            shared.setdefault((one.state, one.detail), []).append(name)
            continue
        yield Line(one.state, f"{name}: {one.detail}")
        if one.remedy:
            yield Line("", f"remedy: {one.remedy}")
        if one.remedy or verbose:
            yield Line("", f"source: {one.source}")
            yield Line("", f"more: {one.section.link}")
    for (state, detail), names in shared.items():
        yield Line(state, f"{', '.join(names)}: {detail}")


def summary(findings: Sequence[Finding]) -> str:
    """How many there are of each state."""
    counted = {state: sum(one.state == state for one in findings) for state in COLOURS}
    return ", ".join(f"{count} {state}" for state, count in counted.items() if count)


def outcome(findings: Sequence[Finding]) -> State:
    """The worst state."""
    states = {one.state for one in findings}
    return "failed" if "failed" in states else "warning" if "warning" in states else "ok"


def as_json(address: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """The object that --json prints; docs/command.md has its keys."""
    return {
        "engine": address,
        "outcome": outcome(findings),
        "findings": [
            {
                "check": one.check,
                "subject": one.subject,
                "state": one.state,
                "detail": one.detail,
                "remedy": one.remedy,
                "source": one.source,
                "section": one.section.value,
                "link": one.section.link,
            }
            for one in findings
        ],
    }
