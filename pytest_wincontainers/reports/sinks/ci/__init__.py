"""CI servers that read commands from the output of a job: GitHub Actions and Azure Pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_wincontainers.reports.sinks.ci.azure import AzurePipelines
from pytest_wincontainers.reports.sinks.ci.github import GitHubActions
from pytest_wincontainers.reports.sinks.ci.server import CiServer


def ci_server(environ: Mapping[str, str], run_folder: Path) -> CiServer | None:
    """The server that this process runs on, if it is one of those."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return GitHubActions(environ)
    if environ.get("TF_BUILD", "").lower() == "true":
        return AzurePipelines(run_folder)
    return None
