"""A handle of one container on its engine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pytest_wincontainers.engines.base import ContainerState, Engine, ExecResult
from pytest_wincontainers.errors import EngineError
from pytest_wincontainers.guests import windows
from pytest_wincontainers.packing import Folder, packed, unpack

_POLL_SECONDS = 0.05


class Container:
    """One container: commands, files, its state and its end. Every method raises EngineError."""

    def __init__(self, engine: Engine, container_id: str) -> None:
        self._engine = engine
        self.id = container_id

    def exec(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        user: str = "",
        timeout: float | None = None,
    ) -> ExecResult:
        """Run a program and wait for it, at most `timeout` seconds where that is given.

        `user` is the account to run it as; the image's own where none is given.
        """
        return self._engine.exec(self.id, command, environment or {}, user=user, timeout=timeout)

    def powershell(
        self, script: str, environment: Mapping[str, str] | None = None, *, user: str = "", timeout: float | None = None
    ) -> ExecResult:
        """Run a PowerShell script in a Windows container. Raises ValueError for one that is too long."""
        return self.exec(windows.powershell(script), environment, user=user, timeout=timeout)

    def cmd(
        self, line: str, environment: Mapping[str, str] | None = None, *, user: str = "", timeout: float | None = None
    ) -> ExecResult:
        """Run a line of cmd's in a Windows container. Raises ValueError for more than one line, and for a long one."""
        command, variable = windows.cmd(line)
        return self.exec(command, {**(environment or {}), **variable}, user=user, timeout=timeout)

    def copy_in(self, folders: Sequence[Folder]) -> None:
        """Copy files and folders into the container, whether it runs or not. Raises OSError for an unreadable one."""
        with packed(folders) as archive:
            self._engine.copy_in(self.id, archive)

    def copy_out(self, source: str, target: Path) -> None:
        """Copy a file or folder of the container to this machine. Raises OSError where `target` cannot be written."""
        unpack(self._engine.copy_out(self.id, source), target)

    def logs(self) -> Iterator[bytes]:
        """The output so far, each line with the engine's time in front, in pieces of any length."""
        return self._engine.logs(self.id, follow=False)

    def state(self) -> ContainerState:
        """What the container is doing now."""
        return self._engine.state(self.id)

    def stop(self, seconds: float) -> None:
        """Ask the container to end, and kill it when it has not after so many seconds."""
        self._engine.stop(self.id, seconds)

    def kill(self) -> None:
        """End the container at once."""
        self._engine.kill(self.id)

    def wait(self, seconds: float) -> bool:
        """Wait until the container ends by itself, and kill it after so many seconds; whether it ended with 0."""
        deadline = time.monotonic() + seconds
        with suppress(EngineError):
            while (state := self.state()).running and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
            if not state.running:
                return state.exit_code == 0
        self.kill()
        return False
