"""Secrets masked in what pytest reports of tests: messages, values of variables, source lines and output."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any, Protocol

from pytest_wincontainers.reports.masks import mask_of


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
    if hasattr(report, "extras"):
        # pytest-selenium's, and other plugins', for pytest-html.
        report.extras = _mask(report.extras, hidden)
    shown = str(report.longrepr) if report.longrepr is not None else ""
    if mask_text(shown, hidden) != shown:
        # Of a kind that only its own plugin knows.
        report.longrepr = mask_text(shown, hidden)


def _mask(value: Any, secrets: frozenset[str]) -> Any:
    """The value with all texts in it masked; pytest's own objects, which are dataclasses, are changed in place."""
    if isinstance(value, str):
        return mask_text(value, secrets)
    if type(value) in {list, tuple}:
        return type(value)(_mask(one, secrets) for one in value)
    if type(value) is dict:
        return {key: _mask(one, secrets) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            object.__setattr__(value, field.name, _mask(getattr(value, field.name), secrets))
    return value


_OPTION = r"[\w.-]*(?:password|passwd|secret|token)[\w-]*"
_WITH_VALUE = re.compile(rf"(?i)({_OPTION}=).*", re.DOTALL)
_ALONE = re.compile(rf"(?i)--?{_OPTION}")


def mask_command(words: Iterable[object]) -> list[str]:
    """A command's arguments without the values of options that are called a password, secret or token."""
    masked_words: list[str] = []
    before = ""
    for word in map(str, words):
        value = _ALONE.fullmatch(before) and not word.startswith("-")
        masked_words.append("***" if value else _WITH_VALUE.sub(r"\1***", word) if _WITH_VALUE.match(word) else word)
        before = word
    return masked_words


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret masked, also the ends of one that pytest has shortened."""
    return mask_of(frozenset(secrets)).shortened(text)
