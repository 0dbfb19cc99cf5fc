"""Secrets masked in what pytest reports of tests: messages, values of variables, source lines and output."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any, Protocol

from pytest_wincontainers.reports.logs import masked

_CUT = "..."
_LEAST = 3
"""Of how many characters the beginning or end of a secret is masked, where pytest has shortened a value."""


class Report(Protocol):
    """What pytest reports of a test's phase."""

    sections: Any
    user_properties: Any
    longrepr: Any


def mask_report(report: Report, secrets: Iterable[str]) -> None:
    """Mask the secrets in all that a report shows."""
    hidden = frozenset(filter(None, secrets))
    if not hidden:
        return
    report.sections = _mask(report.sections, hidden)
    report.user_properties = _mask(report.user_properties, hidden)
    report.longrepr = _mask(report.longrepr, hidden)
    shown = str(report.longrepr) if report.longrepr is not None else ""
    if _text(shown, hidden) != shown:
        # Of a kind that only its own plugin knows.
        report.longrepr = _text(shown, hidden)


def _mask(value: Any, secrets: frozenset[str]) -> Any:
    """The value with all texts in it masked; pytest's own objects, which are dataclasses, are changed in place."""
    if isinstance(value, str):
        return _text(value, secrets)
    if type(value) in {list, tuple}:
        return type(value)(_mask(one, secrets) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            object.__setattr__(value, field.name, _mask(getattr(value, field.name), secrets))
    return value


def _text(text: str, secrets: frozenset[str]) -> str:
    text = masked(text, secrets)
    if _CUT in text:
        for secret in secrets:
            for length in range(len(secret) - 1, _LEAST - 1, -1):
                text = text.replace(secret[:length] + _CUT, f"***{_CUT}").replace(_CUT + secret[-length:], f"{_CUT}***")
    return text
