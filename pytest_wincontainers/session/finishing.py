"""The end of a run as CI servers and other tools are told of it, in the process that owns it."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from pytest_wincontainers.reports.record.finishing import evidence_of
from pytest_wincontainers.reports.record.manifest import Manifest
from pytest_wincontainers.reports.sinks.ci.server import CiServer, markdown_of, problems_of
from pytest_wincontainers.reports.sinks.junit import add_attachments

_FOLDED_LINES = 10
# It marks failing tests itself.
_ANNOTATIONS = "pytest_github_actions_annotate_failures"


def complete_junit(config: pytest.Config) -> None:
    """Add attachments to the file of JUnit XML, if one was written. Raises OSError."""
    # By pytest's own plugin, which knows where it has written it, wherever tests went since.
    for plugin in config.pluginmanager.get_plugins():
        if type(plugin).__name__ == "LogXML" and Path(plugin.logfile).is_file():
            add_attachments(Path(plugin.logfile), os.environ)


class CiOutput:
    """Has a CI server fold long parts of failures; a plugin, which comes before pytest writes them."""

    def __init__(self, server: CiServer) -> None:
        self._server = server

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
        for report in [*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")]:
            parts = getattr(report.longrepr, "sections", None)
            if isinstance(parts, list):
                parts[:] = [(name, self._folded(name, text), sep) for name, text, sep in parts]
        yield

    def _folded(self, name: str, text: str) -> str:
        # A container's words are no commands.
        text = self._server.harmless(text)
        if text.count("\n") < _FOLDED_LINES:
            return text
        return f"{self._server.group(name)}\n{text}\n{self._server.end_group()}"


def tell_ci(config: pytest.Config, server: CiServer, manifest: Manifest, folder: Path) -> Iterator[str]:
    """The lines that tell a CI server of the run's failures."""
    problems = list(problems_of(manifest, evidence_of(manifest, folder), config.rootpath))
    if not config.pluginmanager.hasplugin(_ANNOTATIONS):
        yield from map(server.annotation, problems)
    try:
        yield from server.summarize(markdown_of(manifest, problems, folder))
    except OSError as problem:
        yield f"the summary for the CI server could not be written: {problem}"
