"""The operating systems inside containers: paths, shells, DNS caches, and how they write text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pytest_wincontainers.guests.base import GuestRules
from pytest_wincontainers.guests.linux import Linux
from pytest_wincontainers.guests.windows import Windows

Guest = Literal["linux", "windows"]

RULES: Mapping[Guest, GuestRules] = {"linux": Linux(), "windows": Windows()}
"""What differs between the guests; everything else asks here instead of comparing names."""
