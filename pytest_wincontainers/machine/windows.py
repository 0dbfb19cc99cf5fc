"""Windows."""

from __future__ import annotations

import select
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_wincontainers.machine.relay import socket_of

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

    def collect(self, connection: socket.socket, seconds: float, size: int) -> bytes | None:
        # Winsock's MSG_WAITALL keeps to no time. Its buffers have room for what comes meanwhile, of which all is taken.
        time.sleep(seconds)
        ready, _, _ = select.select([connection], [], [], 0)
        return connection.recv(max(size, 4 << 20)) if ready else None

    def state_folder(self, environ: Mapping[str, str]) -> Path:
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")

    def is_executable(self, path: Path) -> bool:
        # Windows has no such mark; so Docker's own client lets Linux containers run every file (moby/buildkit
        # cache/contenthash/filehash_windows.go).
        return True

    def detached(self) -> Mapping[str, Any]:
        return {"creationflags": _CREATE_NEW_PROCESS_GROUP | _CREATE_NO_WINDOW}

    def with_socket(self, command: Sequence[str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
        # Winsock's handles are no files to programs that read them as such, as OpenSSH's ssh does.
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe, **self.detached())
        return process, socket_of(process)

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
