"""The commands of CI servers, and texts that are none."""

from pathlib import Path

import pytest

from pytest_wincontainers.reports.sinks.ci import ci_server
from pytest_wincontainers.reports.sinks.ci.azure import AzurePipelines
from pytest_wincontainers.reports.sinks.ci.github import GitHubActions
from pytest_wincontainers.reports.sinks.ci.server import Problem

PROBLEM = Problem(Path("/src/app/tests/test_a.py"), 3, "test_a.py::t[a,b:c]", "50% of\r\nit ##[error]x")


def test_the_server_is_known_by_its_environment(tmp_path):
    assert isinstance(ci_server({"GITHUB_ACTIONS": "true"}, tmp_path), GitHubActions)
    assert isinstance(ci_server({"TF_BUILD": "True"}, tmp_path), AzurePipelines)
    assert ci_server({"CI": "true"}, tmp_path) is None


def test_an_annotation_of_github_has_its_file_below_the_workspace():
    server = GitHubActions({"GITHUB_WORKSPACE": "/src"})
    assert server.annotation(PROBLEM) == (
        "::error file=app/tests/test_a.py,line=3,title=test_a.py%3A%3At[a%2Cb%3Ac]::50%25 of%0D%0Ait ##[error]x"
    )
    elsewhere = GitHubActions({"GITHUB_WORKSPACE": "/other"}).annotation(PROBLEM)
    assert elsewhere.startswith("::error file=/src/app/tests/test_a.py,")


def test_an_issue_of_azure(tmp_path):
    assert AzurePipelines(tmp_path).annotation(PROBLEM) == (
        f"##vso[task.logissue type=error;sourcepath={PROBLEM.file};linenumber=3;]"
        "test_a.py::t[a,b:c]: 50%AZP25 of%0D%0Ait ## [error]x"
    )


@pytest.mark.parametrize("text", ["::error::x", "a\n  ::warning file=a::x", "##[group]x", "::", "a::b"])
def test_words_of_a_container_are_no_commands_of_github(text):
    made = GitHubActions({}).harmless(text)
    assert not any(line.lstrip().startswith("::") for line in made.splitlines())
    assert "##[" not in made
    assert made.replace(": :", "::").replace("## [", "##[") == text


def test_words_of_a_container_are_no_commands_of_azure(tmp_path):
    made = AzurePipelines(tmp_path).harmless("GET /?a=##vso[task.complete] ##[error]")
    assert made == "GET /?a=## vso[task.complete] ## [error]"


def test_a_summary_that_is_too_long_is_cut(tmp_path):
    path = tmp_path / "summary"
    assert GitHubActions({"GITHUB_STEP_SUMMARY": str(path)}).summarize("\u00e9" * 1_000_000) == []
    assert 1_000_000 < path.stat().st_size <= 1 << 20
