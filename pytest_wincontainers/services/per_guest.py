"""Values of which there may be one for Windows containers and another for Linux containers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.guests import RULES, Guest

GivenT = TypeVar("GivenT")


def for_guest(value: GivenT | Mapping[Guest, GivenT], guest: Guest, option: str) -> GivenT:
    """The value for containers of this kind; `option` is its name in messages. Raises DeclarationError."""
    if not isinstance(value, Mapping):
        return value
    if guest not in value:
        raise DeclarationError(
            f"{option} has nothing for {RULES[guest].title} containers, which the engine runs", hint=f'add "{guest}": …'
        )
    return value[guest]
