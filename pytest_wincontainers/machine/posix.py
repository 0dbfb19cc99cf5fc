"""Linux, macOS and the like."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any


def _timeval(seconds: float) -> bytes:
    """The system's struct of that name."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))


class PosixMachine:
    """See `Machine`."""

    has_dns_cache = False
    ignores_variable_case = False
    routes_to_linux_containers = sys.platform == "linux"

    # Western Europe's, which has America's letters, too.
    code_page = "cp850"

    def collect(self, connection: socket.socket, seconds: float, size: int) -> bytes | None:
        # One call, in which the system puts together what comes: no other thread is interrupted meanwhile, and a sender
        # whose buffer is small does not wait.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(seconds))
        try:
            return connection.recv(size, socket.MSG_WAITALL)
        except BlockingIOError:
            return None
        finally:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(0.0))

    def state_folder(self, environ: Mapping[str, str]) -> Path:
        return Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")

    def is_executable(self, path: Path) -> bool:
        return bool(path.stat().st_mode & 0o100)

    def detached(self) -> Mapping[str, Any]:
        return {"start_new_session": True}

    def with_socket(self, command: Sequence[str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
        near, far = socket.socketpair()
        with far:
            try:
                both = far.fileno()
                process = subprocess.Popen(command, stdin=both, stdout=both, stderr=subprocess.PIPE, **self.detached())
            except BaseException:
                near.close()
                raise
        return process, near

    def after_fork(self, call: Callable[[], None]) -> None:
        os.register_at_fork(after_in_child=call)

    def own_children(self) -> None:
        pass

    def kill_tree(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
