"""Evidence in the text of a failure, which every kind of report has."""

from __future__ import annotations

import pytest

from pytest_wincontainers.evidence import FailureEvidence
from pytest_wincontainers.reports.text import sections


class FailureText:
    """Adds the evidence to the text of the failure.

    Not to pytest's captured output: JUnit XML and Allure leave out the titles there, and a rerun's report has that of
    every attempt.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_wincontainers_failure(self, evidence: FailureEvidence, report: pytest.TestReport) -> None:
        for title, text in sections(evidence):
            add_section(report, title, text)


def add_section(report: pytest.TestReport, title: str, text: str) -> None:
    """Add a section with a title to what a report says of the failure, or else to its captured output."""
    add = getattr(report.longrepr, "addsection", None)
    if add is not None:
        add(title, text)
    elif isinstance(report.longrepr, str):
        report.longrepr += f"\n{f' {title} ':-^80}\n{text}"
    else:
        report.sections.append((f"Captured log {title}", text))
