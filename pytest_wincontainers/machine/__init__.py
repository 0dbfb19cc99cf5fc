"""This machine: what depends on its operating system, chosen once."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from pytest_wincontainers.machine.windows import WindowsMachine as _ThisSystem
else:
    from pytest_wincontainers.machine.posix import PosixMachine as _ThisSystem

MACHINE = _ThisSystem()
"""The machine that this process runs on; see `Machine`."""
