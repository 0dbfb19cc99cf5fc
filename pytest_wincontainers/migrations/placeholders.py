"""Flyway's placeholders: ${name} in a script becomes a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Literal

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.migrations.files import Style
from pytest_wincontainers.migrations.split import ScriptError

Placeholders = Mapping[str, str] | Literal[False] | None
"""As declared: values by name, False to leave scripts as they are, or None to do what the files' tool does."""

# Flyway's reader takes a dollar and the character behind it together, so that $${name} is none
# (flyway/flyway PlaceholderReplacingReader.java).
_PLACEHOLDER = re.compile(r"\$(?:\{(?P<name>[^}]*)(?P<end>\}?)|.)")
_OWN = "flyway:"


def check(given: Placeholders) -> None:
    """Raise DeclarationError if these cannot be placeholders."""
    for name, value in (given or {}).items():
        if not name or "}" in name or name.startswith(_OWN):
            raise DeclarationError(
                f"{name!r} cannot be the name of a placeholder",
                hint=f"a name is not empty, has no }} and does not start with {_OWN}",
            )
        if "\n" in name + value or "\r" in name + value:
            raise DeclarationError(f"the placeholder {name!r} has a line break", hint="use several placeholders")


def values_for(given: Placeholders, style: Style, own: Mapping[str, str]) -> Mapping[str, str] | None:
    """All values by name, with Flyway's `own`; None where scripts are left as they are."""
    if given is False or (given is None and style != "flyway"):
        return None
    return {**(given or {}), **own}


def replaced(lines: Iterable[str], values: Mapping[str, str]) -> Iterator[str]:
    """The lines with their placeholders replaced. Raises ScriptError for one that has no value."""
    for number, line in enumerate(lines, 1):
        yield _PLACEHOLDER.sub(partial(_value, values, number), line) if "${" in line else line


def _value(values: Mapping[str, str], number: int, found: re.Match[str]) -> str:
    name = found["name"]
    if name is None:
        return found[0]
    # One that ends in a later line has no value either, as no name has a line break.
    if found["end"] and name in values:
        return values[name]
    raise ScriptError(
        f"no value is given for the placeholder {found[0]}",
        number,
        hint=f'give one with placeholders={{"{name}": "…"}}, or turn placeholders off with placeholders=False',
    )
