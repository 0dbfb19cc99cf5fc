"""Linux, macOS and the like."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any


class PosixMachine:
    """See `Machine`."""

    has_dns_cache = False
    ignores_variable_case = False
    routes_to_linux_containers = sys.platform == "linux"

    # Western Europe's, which has America's letters, too.
    code_page = "cp850"

    def state_folder(self, environ: Mapping[str, str]) -> Path:
        return Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")

    def is_executable(self, path: Path) -> bool:
        return bool(path.stat().st_mode & 0o100)

    def detached(self) -> Mapping[str, Any]:
        return {"start_new_session": True}

    def after_fork(self, call: Callable[[], None]) -> None:
        os.register_at_fork(after_in_child=call)

    def own_children(self) -> None:
        pass

    def kill_tree(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
