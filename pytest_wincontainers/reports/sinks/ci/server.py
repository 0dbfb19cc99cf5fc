"""What CI servers have in common, and what is told them of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pytest_wincontainers.evidence import FailureEvidence
from pytest_wincontainers.reports.record.manifest import Manifest, TestRecord
from pytest_wincontainers.reports.text import sections

_EVIDENCE_LINES = 12
_LONGEST = 4000


@dataclass(frozen=True)
class Problem:
    """A failing test, for an annotation of its line."""

    file: Path
    line: int
    title: str
    text: str


class CiServer(Protocol):
    """The commands of one kind of server."""

    def group(self, title: str) -> str:
        """The line that begins a group of lines that can be folded."""

    def end_group(self) -> str:
        """The line that ends it."""

    def harmless(self, text: str) -> str:
        """A text that has no command of the server any more."""

    def annotation(self, problem: Problem) -> str:
        """The line that marks a problem at its line of code."""

    def summarize(self, markdown: str) -> Sequence[str]:
        """Show a text on the page of the job; the lines to write for that. Raises OSError."""


def problems_of(manifest: Manifest, evidence: Mapping[str, FailureEvidence], root: Path) -> Iterator[Problem]:
    """The failing tests that need containers; `evidence` is by its path, and paths of tests are below `root`."""
    folders = _folders(manifest, evidence)
    for test in _failed(manifest):
        phase = next(one for one in test.phases if one.outcome == "failed")
        found = evidence.get(phase.evidence)
        said = [f"{title}\n{_first(text)}" for title, text in sections(found)] if found is not None else []
        yield Problem(
            root / (phase.file or test.file),
            phase.line or test.line,
            test.id,
            "\n\n".join([phase.message, *_files(folders[test.id]), *said])[:_LONGEST],
        )


def _folders(manifest: Manifest, evidence: Mapping[str, FailureEvidence]) -> dict[str, dict[int, str]]:
    """By test, the folder with the files of each of its attempts that has failed."""
    found: dict[str, dict[int, str]] = {test.id: {} for test in manifest.tests}
    for test in manifest.tests:
        for phase in test.phases:
            if phase.evidence in evidence:
                found[test.id][test.attempt] = evidence[phase.evidence].folder
    return found


def _files(folders: Mapping[int, str]) -> list[str]:
    lines = [f"files of attempt {attempt}: {folder}" for attempt, folder in folders.items()]
    return ["\n".join(lines)] if len(lines) > 1 else []


def _failed(manifest: Manifest) -> list[TestRecord]:
    return [one for one in manifest.tests if one.outcome in {"failed", "error"} and one.containers]


def _first(text: str) -> str:
    lines = text.splitlines()
    more = [f"({len(lines) - _EVIDENCE_LINES} more lines)"] if len(lines) > _EVIDENCE_LINES else []
    return "\n".join([*lines[:_EVIDENCE_LINES], *more])


def markdown_of(manifest: Manifest, problems: Sequence[Problem], folder: Path) -> str:
    """The run for the page of a job."""
    counts: dict[str, int] = {}
    for test in manifest.tests:
        counts[test.outcome] = counts.get(test.outcome, 0) + 1
    lines = [
        "## Tests with containers",
        "",
        ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())),
    ]
    lines += ["", "| container | ready after | restarts | retries | at the end |", "|---|---|---|---|---|"]
    for one in manifest.containers:
        ready = f"{one.seconds:.1f} s" if one.seconds is not None else "never"
        lines.append(f"| {_cell(one.name)} | {ready} | {len(one.restarts)} | {len(one.retries)} | {one.end} |")
    for problem in problems:
        lines += ["", f"<details><summary>{_escaped(problem.title)}</summary>", "", "```text"]
        lines += [problem.text.replace("```", "'''"), "```", "", "</details>"]
    return "\n".join([*lines, "", f"Logs, screenshots and the run's page: `{folder}`", ""])


def _cell(text: str) -> str:
    return _escaped(text).replace("|", "\\|")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
