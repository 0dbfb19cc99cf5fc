"""Asking a Windows machine: scripts for its PowerShell, which answer in JSON, and the facts in the answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pytest_wincontainers.doctor.facts import Defender, DnsClient, Fact, HostFacts, Missing, ValueT
from pytest_wincontainers.guests.builds import parse_version
from pytest_wincontainers.hosts.base import port_ranges
from pytest_wincontainers.hosts.powershell import json_object, script_command

SERVICES = script_command(
    """\
$states = @{}
Get-Service -Name docker, hns, vmms -ErrorAction SilentlyContinue | ForEach-Object { $states[$_.Name] = "$($_.Status)" }
$states | ConvertTo-Json -Compress
"""
)
"""The states of services, whose names are the same in every language. By itself, as it answers soonest."""

CONDITIONS = script_command(
    r"""
$ErrorActionPreference = 'Stop'
function Get-Fact([scriptblock] $ask) { try { @{ value = & $ask } } catch { @{ error = "$_" } } }
@{
    build = Get-Fact {
        $windows = Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
        "10.0.$($windows.CurrentBuildNumber).$($windows.UBR)"
    }
    dns = Get-Fact {
        $cache = Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Services\Dnscache\Parameters'
        $addresses = Get-DnsClientServerAddress -AddressFamily IPv4 | ForEach-Object { $_.ServerAddresses }
        @{
            longest = $cache.MaxCacheTtl
            negative = $cache.MaxNegativeCacheTtl
            servers = @($addresses | Sort-Object -Unique | ForEach-Object { "$_" })
        }
    }
    disk = Get-Fact {
        $free = @{}
        Get-CimInstance Win32_LogicalDisk -Filter 'DriveType=3' | ForEach-Object { $free[$_.DeviceID] = $_.FreeSpace }
        $free
    }
    memory = Get-Fact { (Get-CimInstance Win32_OperatingSystem).FreeVirtualMemory * 1024 }
    defender = Get-Fact {
        if (Get-Command Get-MpComputerStatus -ErrorAction SilentlyContinue) {
            $scans = (Get-MpComputerStatus).RealTimeProtectionEnabled
            $paths = (Get-MpPreference).ExclusionPath
            @{ scans = [bool] $scans; exclusions = @($paths | ForEach-Object { "$_" }) }
        } else {
            @{ scans = $false; exclusions = @() }
        }
    }
} | ConvertTo-Json -Depth 5 -Compress
"""
)
"""Everything else. What a machine cannot tell, or not this account, is an error of its own."""


def facts_of(name: str, *, services: Fact[str], ports: Fact[str], conditions: Fact[str]) -> HostFacts:
    """The facts in the answers to `SERVICES`, `EXCLUDED_PORTS` and `CONDITIONS`."""
    states = _object(services)
    told = _Conditions(_object(conditions))
    return HostFacts(
        name=name,
        services=states if isinstance(states, Missing) else {one.lower(): str(state) for one, state in states.items()},
        excluded_ports=ports if isinstance(ports, Missing) else port_ranges(ports),
        build=told.fact("build", lambda value: parse_version(str(value))),
        dns=told.fact("dns", lambda value: DnsClient(value["longest"], value["negative"], tuple(value["servers"]))),
        free_disk=told.fact("disk", lambda value: {str(drive).upper(): int(free) for drive, free in value.items()}),
        free_memory=told.fact("memory", int),
        defender=told.fact("defender", lambda value: Defender(value["scans"], tuple(value["exclusions"]))),
    )


class _Conditions:
    """The answer to `CONDITIONS`."""

    def __init__(self, answer: Fact[Mapping[str, Any]]) -> None:
        self._answer = answer

    def fact(self, name: str, read: Callable[[Any], ValueT | None]) -> Fact[ValueT]:
        """One of its facts, which `read` makes of a value."""
        if isinstance(self._answer, Missing):
            return self._answer
        told = self._answer.get(name)
        if not isinstance(told, dict) or "value" not in told:
            problem = told.get("error") if isinstance(told, dict) else ""
            return Missing(" ".join(str(problem or "the machine does not tell it").split()))
        try:
            value = read(told["value"])
        except (KeyError, TypeError, ValueError, AttributeError):
            value = None
        return Missing(f"the machine answers {json.dumps(told['value'])}") if value is None else value


def _object(output: Fact[str]) -> Fact[Mapping[str, Any]]:
    if isinstance(output, Missing):
        return output
    found = json_object(output)
    return Missing("the machine's answer is not JSON") if found is None else found
