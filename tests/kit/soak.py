"""How many examples a test makes: a few in every run, many in `python3 dev.py soak`."""

from __future__ import annotations

import os

SOAK = "WINCONTAINERS_TEST_SOAK"
"""The variable that is set in a soak."""


def amount(usual: int, in_a_soak: int) -> int:
    """The number of examples for this run."""
    return in_a_soak if os.environ.get(SOAK) else usual
