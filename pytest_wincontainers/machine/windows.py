"""Windows."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# The subprocess module has these names on Windows only.
_CREATE_NEW_PROCESS_GROUP = 0x00000200
_CREATE_NO_WINDOW = 0x08000000


class WindowsMachine:
    """See `Machine`."""

    has_dns_cache = True
    ignores_variable_case = True
    routes_to_linux_containers = False

    @property
    def code_page(self) -> str:
        import ctypes

        # Not by the locale, which Python's UTF-8 mode hides.
        return f"cp{ctypes.windll.kernel32.GetOEMCP()}"  # type: ignore[attr-defined,unused-ignore]

    def state_folder(self, environ: Mapping[str, str]) -> Path:
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")

    def is_executable(self, path: Path) -> bool:
        # Windows has no such mark; so Docker's own client lets Linux containers run every file (moby/buildkit
        # cache/contenthash/filehash_windows.go).
        return True

    def detached(self) -> Mapping[str, Any]:
        return {"creationflags": _CREATE_NEW_PROCESS_GROUP | _CREATE_NO_WINDOW}

    def after_fork(self, call: Callable[[], None]) -> None:
        pass

    def own_children(self) -> None:
        # Of the Docker SDK.
        import win32api
        import win32job

        kind = win32job.JobObjectExtendedLimitInformation
        job = win32job.CreateJobObject(None, "")
        limits = win32job.QueryInformationJobObject(job, kind)
        limits["BasicLimitInformation"]["LimitFlags"] |= win32job.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
        win32job.SetInformationJobObject(job, kind, limits)
        win32job.AssignProcessToJobObject(job, win32api.GetCurrentProcess())
        # Held until this process ends, however it does; then the job ends, and all processes in it.
        self._job = job

    def kill_tree(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
