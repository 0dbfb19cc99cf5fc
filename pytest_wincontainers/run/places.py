"""Where runs keep what they share."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_wincontainers.errors import StartError
from pytest_wincontainers.machine import MACHINE


def state_folder(given: Path | None) -> Path:
    """The folder of what runs on this machine share. Raises StartError."""
    try:
        return given or MACHINE.state_folder(os.environ) / "pytest-wincontainers"
    except RuntimeError:
        raise StartError(
            "this account has no home directory for the locks that all its runs share",
            hint="set WINCONTAINERS_STATE or --wincontainers-state to a directory that belongs to this account",
        ) from None
