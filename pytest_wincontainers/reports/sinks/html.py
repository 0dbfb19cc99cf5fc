"""pytest-html: pictures, and links to a failing test's files."""

from __future__ import annotations

import base64
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_wincontainers.evidence import HTML, PNG, TEXT, Attachment, FailureEvidence

_LONGEST_TEXT = 1 << 20


class HtmlExtras:
    """Adds extras; only where a report of pytest-html is made."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_wincontainers_failure(
        self, item: pytest.Item, evidence: FailureEvidence, report: pytest.TestReport
    ) -> None:
        attempt = f" (attempt {evidence.attempt})" if evidence.attempt > 1 else ""
        extras: list[dict[str, Any]] = []
        for one in evidence.attachments:
            with suppress(OSError):
                extras.append(_extra(one, f"{one.name}{attempt}"))
        # pytest-selenium sets the list anew, which this one, as the outermost, comes after.
        setattr(report, "extras", [*getattr(report, "extras", []), *extras])  # noqa: B010 - pytest's class has none


class HtmlAttempts:
    """Keeps the extras of earlier attempts; in the process that makes the report.

    After each attempt, pytest-html (4.2, basereport.py) saves those of all attempts so far, and of earlier ones it
    takes the path of what it has saved for the content.
    """

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[pytest.TestReport, list[dict[str, Any]]]]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, Any, Any]:
        if str(report.outcome) == "rerun":
            extras = [dict(one) for one in getattr(report, "extras", [])]
            self._kept.setdefault(report.nodeid, []).append((report, extras))
        result = yield
        for earlier, extras in self._kept.get(report.nodeid, ()):
            setattr(earlier, "extras", [dict(one) for one in extras])  # noqa: B010 - as above
        return result


def _extra(attachment: Attachment, name: str) -> dict[str, Any]:
    """What pytest_html.extras makes, in plain values, which pytest-xdist can send."""
    content = Path(attachment.path).read_bytes()
    if attachment.media_type == PNG:
        return {
            "name": name,
            "format_type": "image",
            "content": base64.b64encode(content).decode(),
            "mime_type": PNG,
            "extension": "png",
        }
    # As text: the source of a page would be shown as a part of the report.
    extension = "html.txt" if attachment.media_type == HTML else "txt"
    text = content[:_LONGEST_TEXT].decode("utf-8", "replace")
    return {"name": name, "format_type": "text", "content": text, "mime_type": TEXT, "extension": extension}
