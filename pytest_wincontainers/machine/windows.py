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
    routes_to_linux_containers = False

    def state_folder(self, environ: Mapping[str, str]) -> Path:
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")

    def detached(self) -> Mapping[str, Any]:
        return {"creationflags": _CREATE_NEW_PROCESS_GROUP | _CREATE_NO_WINDOW}

    def after_fork(self, call: Callable[[], None]) -> None:
        pass

    def kill_tree(self, process: subprocess.Popen[bytes]) -> None:
        command = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
        subprocess.run(command, capture_output=True, check=False)
        process.kill()
        process.wait()
