"""Creating containers: their mounts; and volumes."""

from __future__ import annotations

import re
from pathlib import Path, PureWindowsPath
from typing import Any

from tests.windows.proxy import Call, Refused

from .base import CREATE, Area, windows_path

MOUNTS = "moby/moby daemon/volume/mounts/windows_parser.go"

RULES = Area()


def _mounts(call: Call) -> list[dict[str, Any]]:
    return call.host_config.get("Mounts") or []


def _is_pipe(path: str) -> bool:
    return path.replace("/", "\\").lower().startswith("\\\\.\\pipe\\")


@RULES.asked("POST", CREATE, MOUNTS)
def mounts_are_folders_volumes_or_pipes(call: Call) -> None:
    """A mount of type tmpfs or image is refused."""
    for mount in _mounts(call):
        if mount["Type"] not in {"bind", "volume", "npipe"}:
            raise Refused(400, f'invalid mount config for type "{mount["Type"]}": mount type unknown')


@RULES.asked("POST", CREATE, MOUNTS)
def mount_targets_have_a_drive(call: Call) -> None:
    """A mount's target without a drive, as Linux paths and relative ones are, is refused."""
    for mount in _mounts(call):
        if not PureWindowsPath(mount["Target"]).is_absolute() and not _is_pipe(mount["Target"]):
            raise Refused(
                400,
                f"invalid mount config for type \"{mount['Type']}\": invalid mount path: '{mount['Target']}'",
            )
    for spec in call.host_config.get("Binds") or []:
        if not re.fullmatch(r"(.+):([A-Za-z]:[\\/].*?)(:r[ow])?", spec):
            raise Refused(500, f"invalid volume specification: '{spec}'")


@RULES.asked("POST", CREATE, MOUNTS)
def no_mount_to_a_drive(call: Call) -> None:
    """A mount to c: or c:\\ itself is refused."""
    for mount in _mounts(call):
        target = mount["Target"].replace("/", "\\").lower()
        if target in {"c:", "c:\\"}:
            raise Refused(
                400,
                f'invalid mount config for type "{mount["Type"]}": destination path ({target}) cannot be '
                "'c:' or 'c:\\'",
            )


@RULES.asked("POST", CREATE, MOUNTS)
def mount_sources_exist(call: Call) -> None:
    """A mount's source that is missing is refused, never made."""
    for mount in _mounts(call):
        if mount["Type"] == "bind" and not Path(mount["Source"]).exists():
            raise Refused(
                400, f'invalid mount config for type "bind": bind source path does not exist: {mount["Source"]}'
            )


@RULES.asked("POST", CREATE, MOUNTS)
def no_mount_of_a_file(call: Call) -> None:
    """A mount of a single file is refused."""
    for mount in _mounts(call):
        if mount["Type"] == "bind" and Path(mount["Source"]).is_file():
            raise Refused(400, 'invalid mount config for type "bind": source path must be a directory')


@RULES.asked("POST", CREATE, "moby/moby daemon/errors.go")
def mount_targets_differ_by_more_than_case(call: Call) -> None:
    """Two mounts whose targets differ in case only are refused."""
    seen = set()
    for mount in _mounts(call):
        target = mount["Target"].replace("/", "\\").lower()
        if target in seen:
            raise Refused(400, f"Duplicate mount point: {target}")
        seen.add(target)


@RULES.asked("POST", CREATE, MOUNTS)
def mount_targets_become_lower_case(call: Call) -> None:
    """Targets of mounts are turned to lower case."""
    for mount in _mounts(call):
        mount["Target"] = windows_path(mount["Target"].lower())


@RULES.asked("POST", "/volumes/create", "moby/moby daemon/volume/local/local_windows.go")
def volumes_take_no_options(call: Call) -> None:
    """Options of a volume's driver are refused."""
    if call.body.get("DriverOpts"):
        raise Refused(400, "options are not supported on this platform")


@RULES.asked("POST", "/volumes/create", MOUNTS)
def volume_names_are_not_devices(call: Call) -> None:
    """A volume called like a device, such as con, is refused."""
    name = call.body.get("Name") or ""
    if re.fullmatch(r"(?i)con|prn|nul|aux|com[1-9]|lpt[1-9]", name):
        raise Refused(500, f'volume name "{name}" cannot be a reserved word for Windows filenames')
