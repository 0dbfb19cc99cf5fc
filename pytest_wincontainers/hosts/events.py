"""The event logs of an engine's machine that say more of a failed start, and what they say as lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_wincontainers.hosts.powershell import json_object, script_command

MINUTES = 5
"""How far back they are read: a start that hangs is given up after four minutes (microsoft/hcsshim#801)."""
_LONGEST = 300
_LEVELS = {1: "critical", 2: "error", 3: "warning"}
_PREFIX = "Microsoft-Windows-"

# The names of the logs are those of MicrosoftDocs/Virtualization-Documentation: troubleshooting.md, and for HNS
# windows-server-container-tools/CleanupContainerHostNetworking. XPath, as a hash table's StartTime is read by the rules
# of the machine's language (KostromDan/Crash-Assistant#27). Get-WinEvent fails where nothing matches, or a log does not
# exist. A message may be missing (akunzai/windows-secure-auditor#16); its values are there.
EVENTS = script_command(
    r"""
$recent = '(Level=1 or Level=2 or Level=3) and TimeCreated[timediff(@SystemTime) <= 300000]'
$filters = @{
    'Microsoft-Windows-Host-Network-Service-Admin' = "*[System[$recent]]"
    'Microsoft-Windows-Host-Network-Service-Operational' = "*[System[$recent]]"
    'Microsoft-Windows-Hyper-V-Compute-Admin' = "*[System[$recent]]"
    'Microsoft-Windows-Hyper-V-Compute-Operational' = "*[System[$recent]]"
    'Application' = "*[System[Provider[@Name='docker'] and $recent]]"
}
$unread = @{}
$found = foreach ($log in $filters.Keys) {
    try {
        Get-WinEvent -LogName $log -FilterXPath $filters[$log] -MaxEvents 50 -ErrorAction Stop
    } catch {
        if ($_.FullyQualifiedErrorId -notlike 'NoMatching*') { $unread[$log] = "$_" }
    }
}
$entries = $found | Sort-Object TimeCreated | Select-Object -Last 50 | ForEach-Object {
    $message = $_.Message
    if (-not $message) { $message = ($_.Properties | ForEach-Object { $_.Value }) -join ' ' }
    @{
        time = $_.TimeCreated.ToUniversalTime().ToString('s')
        log = $_.LogName
        source = $_.ProviderName
        id = $_.Id
        level = $_.Level
        message = $message.Substring(0, [Math]::Min(1000, $message.Length))
    }
}
@{ entries = @($entries); unread = $unread } | ConvertTo-Json -Depth 4 -Compress
"""
)
"""Errors and warnings of the last `MINUTES`, the newest 50."""


@dataclass(frozen=True)
class Event:
    """An entry of an event log. `time` is UTC, `level` is 1 to 3 and `message` is in the machine's language."""

    time: str
    log: str
    source: str
    id: int
    level: int
    message: str


@dataclass(frozen=True)
class Events:
    """What a machine answers to `EVENTS`: the oldest entry first, and why which logs could not be read."""

    entries: tuple[Event, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)

    def lines(self, mask: Callable[[str], str] = str) -> list[str]:
        """A line for each entry, and for each reason why logs could not be read. `mask` masks secrets in a text."""
        logs: defaultdict[str, list[str]] = defaultdict(list)
        for log, reason in self.unread.items():
            logs[_line(mask(reason))].append(log.removeprefix(_PREFIX))
        return [
            *(_shown(one, mask) for one in self.entries),
            *(f"{', '.join(sorted(names))} could not be read: {reason}" for reason, names in logs.items()),
        ]


def read_events(output: str) -> Events:
    """The answer to `EVENTS`. Raises ValueError where it is none."""
    found = json_object(output)
    if found is None or "entries" not in found:
        raise ValueError("the machine's answer is not JSON")
    unread = found.get("unread")
    return Events(
        tuple(_event(one) for one in _listed(found["entries"]) if isinstance(one, dict)),
        {log: str(reason) for log, reason in unread.items()} if isinstance(unread, dict) else {},
    )


def _listed(value: Any) -> list[Any]:
    """A list as PowerShell 5.1 writes it: one entry may stand alone, a list be wrapped (PowerShell/PowerShell#3153)."""
    if isinstance(value, dict) and isinstance(value.get("value"), list):
        value = value["value"]
    return value if isinstance(value, list) else [value]


def _event(given: Mapping[str, Any]) -> Event:
    id_, level = given.get("id"), given.get("level")
    return Event(
        time=str(given.get("time") or ""),
        log=str(given.get("log") or ""),
        source=str(given.get("source") or ""),
        id=id_ if isinstance(id_, int) else 0,
        level=level if isinstance(level, int) else 0,
        message=str(given.get("message") or ""),
    )


def _shown(event: Event, mask: Callable[[str], str]) -> str:
    # The other logs have one source each.
    place = event.source if event.log == "Application" else event.log.removeprefix(_PREFIX)
    level = _LEVELS.get(event.level, f"level {event.level}")
    return f"{event.time.rpartition('T')[2]} {place} {level} {event.id}: {_line(mask(event.message))}"


def _line(text: str) -> str:
    """The text in one line. Only of what is masked: half a secret would not be found."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
