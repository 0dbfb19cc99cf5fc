"""Azure Pipelines: its logging commands, and the summary of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_wincontainers.reports.sinks.ci.server import Problem


class AzurePipelines:
    """See `CiServer`. Escapes as microsoft/azure-pipelines-task-lib node/taskcommand.ts does."""

    def __init__(self, run_folder: Path) -> None:
        self._folder = run_folder

    def group(self, title: str) -> str:
        return f"##[group]{_one_line(title)}"

    def end_group(self) -> str:
        return "##[endgroup]"

    def harmless(self, text: str) -> str:
        # Its agent takes them anywhere in a line.
        return text.replace("##vso[", "## vso[").replace("##[", "## [")

    def annotation(self, problem: Problem) -> str:
        properties = {"type": "error", "sourcepath": str(problem.file), "linenumber": str(problem.line)}
        given = "".join(f"{name}={_property(value)};" for name, value in properties.items())
        return f"##vso[task.logissue {given}]{_data(self.harmless(f'{problem.title}: {problem.text}'))}"

    def summarize(self, markdown: str) -> Sequence[str]:
        path = self._folder / "summary.md"
        path.write_text(markdown, "utf-8", errors="replace")
        return [f"##vso[task.uploadsummary]{_data(str(path.resolve()))}"]


def _data(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace("]", "%5D").replace(";", "%3B")


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())
