"""Secrets are masked in reports and warnings before any other plugin reads them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterable

import pytest

from pytest_wincontainers.reports.masking import mask_report, mask_text


class ReportMasking:
    """The innermost of all plugins that take part in making a report. `secrets` are those known by then."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        self._secrets = secrets

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        secrets = list(self._secrets())
        mask_report(report, secrets)
        if call.excinfo is not None and secrets:
            # Allure takes the message from the exception itself.
            say = call.excinfo.exconly
            call.excinfo.exconly = lambda tryshort=False: mask_text(say(tryshort), secrets)  # type: ignore[method-assign]
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        said = str(warning_message.message)
        masked = mask_text(said, self._secrets())
        if masked != said:
            warning_message.message = Warning(masked)
