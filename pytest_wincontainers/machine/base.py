"""The interface of this machine's operating system."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol


class Machine(Protocol):
    """An operating system, as the plugin's own processes see it."""

    @property
    def has_dns_cache(self) -> bool:
        """Whether names that this machine has looked up must be flushed before containers are asked for again."""

    @property
    def routes_to_linux_containers(self) -> bool:
        """Whether an engine on this machine runs Linux containers without a virtual machine between."""

    @property
    def code_page(self) -> str:
        """The encoding of consoles; the one to guess at for Windows programs whose output is not UTF-8."""

    @property
    def ignores_variable_case(self) -> bool:
        """Whether upper and lower case do not matter in the names of environment variables."""

    def collect(self, connection: socket.socket, seconds: float, size: int) -> bytes | None:
        """What a blocking socket receives in so many seconds, up to that size, taken at once; None if that is nothing.

        b"" means that the connection has ended. Raises OSError.
        """

    def state_folder(self, environ: Mapping[str, str]) -> Path:
        """Where this account keeps the state of programs."""

    def is_executable(self, path: Path) -> bool:
        """Whether a container may run a file that is copied from here. Raises OSError."""

    def detached(self) -> Mapping[str, Any]:
        """The arguments of `subprocess.Popen` for a process that Ctrl+C and the end of this one do not reach."""

    def with_socket(self, command: Sequence[str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
        """Start a detached process, and the socket that is its standard input and output; standard error is a pipe.

        Where the socket is shut down for writing, the process finds its input ended. Raises OSError.
        """

    def after_fork(self, call: Callable[[], None]) -> None:
        """Have `call` called in every child that this process forks; where there are no forks, never."""

    def own_children(self) -> None:
        """Have all that this process starts from now on end with it, where `kill_tree` needs that."""

    def kill_tree(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a process that was started with `detached`, and wait for it.

        What it has started ends, too: at once, or with the process that has called `own_children` above it.
        """
