"""Scripts for the PowerShell of a host that answer in JSON, and their answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_wincontainers.guests.windows import powershell
from pytest_wincontainers.hosts.base import HostCommand


def script_command(script: str) -> HostCommand:
    """The command for a script. WinRM lets one have about 3,000 characters (diyan/pywinrm#184)."""
    # Where there is no Windows PowerShell, PowerShell 7 knows the same.
    return HostCommand(script, ("pwsh", *powershell(script)[1:]))


def json_object(output: str) -> Mapping[str, Any] | None:
    """The first JSON object in the output of a script; None where there is none."""
    # Warnings of modules may stand before it.
    begin = output.find("{")
    try:
        found = json.JSONDecoder().raw_decode(output, begin)[0] if begin >= 0 else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
