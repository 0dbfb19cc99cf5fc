"""Guests, the operating systems inside containers: what differs between them."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_wincontainers.guests.base import Guest as Guest
from pytest_wincontainers.guests.base import GuestRules
from pytest_wincontainers.guests.linux import Linux
from pytest_wincontainers.guests.windows import Windows

RULES: Mapping[Guest, GuestRules] = {"linux": Linux(), "windows": Windows()}
"""What differs between the guests; everything else asks here instead of comparing names."""


def guest_of(system: str) -> Guest:
    """The guest that an engine calls `system`; whatever is not Windows is Linux."""
    return "windows" if system == "windows" else "linux"
