"""What was guessed, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from pytest_wincontainers.scaffold.project import Project


def explained(project: Project) -> Iterator[str]:
    """The guesses with their reasons, and what to check, in lines."""
    yield ""
    if project.empty:
        yield "No site, database or compose file was found, so the declarations are an example."
    for one in project.guesses:
        yield f"{one.subject}: {one.value}"
        yield f"  because {one.reason}"
    if project.checks:
        yield ""
        yield "check:"
        yield from (f"- {one}" for one in project.checks)


def as_json(project: Project) -> str:
    """All that was found, as JSON."""
    return json.dumps({**asdict(project), "empty": project.empty}, indent=2, ensure_ascii=False, default=str)
