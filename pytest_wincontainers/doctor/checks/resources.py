"""Disk, memory and antivirus."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PureWindowsPath

from pytest_wincontainers.doctor.facts import Facts, Missing, NotKnown, known
from pytest_wincontainers.doctor.finding import Section, Verdict, check, failed, not_applicable, ok, warning
from pytest_wincontainers.engines.base import EngineInfo
from pytest_wincontainers.guests import RULES

_GB = 1 << 30
# Server Core takes 5.2 GB on disk (rgl/docker-windows-2022-vagrant), and the images of IIS and MySQL are built on it.
_WINDOWS_DISK, _LINUX_DISK = (6, 20), (1, 5)
# The plugin gives MySQL, IIS and Selenium 2 GB each where a container has a memory of its own.
_HYPERV_MEMORY, _PROCESS_MEMORY, _LINUX_MEMORY = (4, 8), (2, 4), (1, 2)
_FREE_MEMORY = 1
_NOT_SHOWN = "N/A"
"""The beginning of what stands in place of exclusions (HotCakeX/Harden-Windows-Security#151)."""


@check(Section.RESOURCES, "jhipster/generator-jhipster#10251, moby/moby#44440, docker/for-win#745")
def disk(facts: Facts) -> Verdict:
    """There is room for images on the drive of the engine's data root."""
    least, enough = _WINDOWS_DISK if facts.info.windows else _LINUX_DISK
    free = facts.free_on_data_root / _GB
    root = known(facts.diagnostics).data_root
    told = f"{free:.1f} GB are free for {root}"
    more = "docker system prune --all, or set data-root in daemon.json to a larger drive"
    if free < least:
        return failed(f"{told}, less than the {least} GB of one base image", more)
    if free < enough:
        return warning(f"{told}, and images need up to {enough} GB", more)
    return ok(told)


@check(Section.RESOURCES, "docker/for-win#321, microsoft/navcontainerhelper#870, docker/for-win#6691")
def memory(facts: Facts) -> Verdict:
    """There is memory for a database, a site and a browser."""
    least, enough = _memory_for(facts.info)
    total = known(facts.diagnostics).memory / _GB
    if not total:
        raise NotKnown("the engine does not tell its memory")
    told = f"{total:.1f} GB"
    more = "add memory, set memory= of the declarations lower, or start fewer containers at once"
    if total < least:
        return failed(f"{told}, less than the {least} GB that a database and a site need", more)
    if total < enough:
        return warning(f"{told}, less than the {enough} GB for a database, a site and a browser", more)
    free = Missing("") if isinstance(facts.host, Missing) else facts.host.free_memory
    if not isinstance(free, Missing) and free < _FREE_MEMORY * _GB:
        return warning(
            f"{told}, of which {free / _GB:.1f} GB are left, page file included",
            "end other programs, or enlarge the page file",
        )
    return ok(told)


def _memory_for(info: EngineInfo) -> tuple[int, int]:
    if info.windows is None:
        return _LINUX_MEMORY
    return _HYPERV_MEMORY if info.windows.default == "hyperv" else _PROCESS_MEMORY


@check(Section.RESOURCES, "https://docs.docker.com/engine/security/antivirus/, docker/for-win#3491, moby/moby#52611")
def antivirus(facts: Facts) -> Verdict:
    """Microsoft Defender leaves the engine's data root alone."""
    if not RULES[facts.info.guest].has_isolation:
        return not_applicable("the engine runs Linux containers")
    defender = known(known(facts.host).defender)
    if not defender.scans:
        return ok("Defender's real-time protection is off")
    if any(one.startswith(_NOT_SHOWN) for one in defender.exclusions):
        raise NotKnown("Defender shows its exclusions to administrators only")
    root = known(facts.diagnostics).data_root
    if _covered(root, defender.exclusions):
        return ok(f"Defender leaves out {root}")
    return warning(
        f"Defender scans {root}: layers are slow to unpack, and some are refused with Access is denied",
        f'Add-MpPreference -ExclusionPath "{root}"',
    )


def _covered(root: str, exclusions: Iterable[str]) -> bool:
    folder = PureWindowsPath(root)
    places = {PureWindowsPath(_expanded(one)) for one in exclusions}
    return bool(places & {folder, *folder.parents})


def _expanded(path: str) -> str:
    """The path without the variable in which many write it."""
    name = "%programdata%"
    return r"C:\ProgramData" + path[len(name) :] if path.lower().startswith(name) else path
