"""GitHub Actions: its workflow commands, and the summary of a job."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_wincontainers.reports.sinks.ci.server import Problem

_LONGEST_SUMMARY = 1000 * 1024
"""Of one step; GitHub takes 1 MiB."""


class GitHubActions:
    """See `CiServer`. Escapes as actions/toolkit packages/core/src/command.ts does."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._summary = environ.get("GITHUB_STEP_SUMMARY")
        self._workspace = environ.get("GITHUB_WORKSPACE")

    def group(self, title: str) -> str:
        return f"::group::{_data(title)}"

    def end_group(self) -> str:
        return "::endgroup::"

    def harmless(self, text: str) -> str:
        return re.sub(r"(?m)^(\s*):(?=:)", r"\1: ", text.replace("##[", "## ["))

    def annotation(self, problem: Problem) -> str:
        inside = self._workspace is not None and problem.file.is_relative_to(self._workspace)
        file = problem.file.relative_to(self._workspace) if self._workspace is not None and inside else problem.file
        properties = {"file": file.as_posix(), "line": str(problem.line), "title": problem.title}
        given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        return f"::error {given}::{_data(problem.text)}"

    def summarize(self, markdown: str) -> Sequence[str]:
        if self._summary:
            content = markdown.encode("utf-8", "replace")[:_LONGEST_SUMMARY].decode("utf-8", "ignore")
            with Path(self._summary).open("a", encoding="utf-8") as file:
                file.write(content)
        return []


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
