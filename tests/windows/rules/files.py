"""The files of containers: copied, committed, compared and exported."""

from __future__ import annotations

from pathlib import PureWindowsPath

from tests.windows.proxy import Call, Refused

from .base import ONE, Area, windows_path

RULES = Area()


@RULES.asked("GET PUT HEAD", f"{ONE}/archive", "moby/moby daemon/archive_windows.go")
def no_archives_of_running_hyperv_containers(call: Call) -> None:
    """Copying from or to a Hyper-V container is refused while it runs."""
    known = call.container
    if known is not None and known.isolation == "hyperv" and call.inspect()["State"]["Running"]:
        raise Refused(500, "filesystem operations against a running Hyper-V container are not supported")


@RULES.asked("GET PUT HEAD", f"{ONE}/archive", "moby/moby daemon/archive_windows.go")
def archives_do_not_see_mounts(call: Call) -> None:
    """Copying sees the container's own files, on the system drive, and none of a mount."""
    path = call.query["path"]
    drive = PureWindowsPath(path).drive.lower()
    if drive not in {"", "c:"}:
        raise Refused(500, f"the path {path} is not on the system drive")
    call.query["path"] = windows_path(path)
    for mount in call.inspect()["Mounts"]:
        if (call.query["path"] + "/").startswith(mount["Destination"] + "/"):
            raise Refused(404, f"Could not find the file {path} in container {call.words[1]}")


@RULES.asked("POST", "/commit", "moby/moby daemon/commit.go")
def no_commit_of_running_containers(call: Call) -> None:
    """Commit of a running container is refused."""
    if call.inspect(call.query["container"])["State"]["Running"]:
        raise Refused(500, "windows does not support commit of a running container")


@RULES.asked("GET", f"{ONE}/changes", "moby/moby daemon/changes.go")
def no_diff_of_running_containers(call: Call) -> None:
    """Diff of a running container is refused."""
    if call.inspect()["State"]["Running"]:
        raise Refused(500, "Windows does not support diff of a running container")


@RULES.asked("GET", f"{ONE}/export", "moby/moby daemon/export.go")
def no_export(call: Call) -> None:
    """Export is refused."""
    raise Refused(500, "the daemon on this operating system does not support exporting Windows containers")
