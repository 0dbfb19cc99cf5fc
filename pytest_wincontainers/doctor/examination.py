"""All checks, in the order in which they are shown, and their table for the documentation."""

from __future__ import annotations

from pytest_wincontainers.doctor.checks import engine, isolation, network, resources
from pytest_wincontainers.doctor.facts import Facts
from pytest_wincontainers.doctor.finding import Check, Finding, Section

CHECKS: tuple[Check, ...] = (
    engine.engine,
    engine.services,
    engine.rights,
    engine.tls,
    engine.api,
    isolation.containers,
    isolation.isolation,
    isolation.images,
    network.nat,
    network.ports,
    network.dns,
    resources.disk,
    resources.memory,
    resources.antivirus,
    engine.winrm,
    engine.clocks,
)


def examine(facts: Facts) -> list[Finding]:
    """What all checks find."""
    return [finding for check in CHECKS for finding in check.run(facts)]


def as_markdown() -> str:
    """The table for the documentation."""
    rows = [f"| `{one.name}` | {one.says} | {_about(one.section)} | {one.source} |" for one in CHECKS]
    return "\n".join(["| check | ok if | about it | source |", "|---|---|---|---|", *rows])


def _about(section: Section) -> str:
    return f"[{section.value}]({section.link.removeprefix('docs/')})"
