"""Allure: each log and each file as an attachment with its type."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from pytest_wincontainers.evidence import HTML, JSON, PNG, TEXT, FailureEvidence
from pytest_wincontainers.reports.text import sections

_EXTENSIONS = {PNG: "png", HTML: "html", JSON: "json", TEXT: "txt"}


class AllureAttachments:
    """Attaches to the current test; only where results of allure-pytest are written. `allure` is its module."""

    def __init__(self, allure: Any) -> None:
        self._allure = allure

    @pytest.hookimpl(tryfirst=True)
    def pytest_wincontainers_failure(self, evidence: FailureEvidence) -> None:
        attempt = f" (attempt {evidence.attempt})" if evidence.attempt > 1 else ""
        for title, text in sections(evidence):
            self._allure.attach(text, name=f"{title}{attempt}", attachment_type=TEXT, extension=_EXTENSIONS[TEXT])
        for one in evidence.attachments:
            with suppress(OSError):
                self._allure.attach.file(
                    one.path,
                    name=f"{one.name}{attempt}",
                    attachment_type=one.media_type,
                    extension=_EXTENSIONS.get(one.media_type),
                )
