"""A handle for one container on its engine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pytest_wincontainers.engines.base import ContainerState, Engine, ExecResult
from pytest_wincontainers.errors import CommandFailed, EngineError
from pytest_wincontainers.guests import windows
from pytest_wincontainers.packing import Folder, packed, unpack

_POLL_SECONDS = 0.05
_SHOWN_LINES = 40


class Container:
    """One container: commands, files, state, and stopping it. Every method raises EngineError."""

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
        check: bool = False,
    ) -> ExecResult:
        """Run a program and wait for it, at most `timeout` seconds if that is given.

        `user` is the account to run it as; the default is the image's own. With `check`, raises CommandFailed if the
        exit code is not 0.
        """
        done = self._engine.exec(self.id, command, environment or {}, user=user, timeout=timeout)
        if check and done.exit_code != 0:
            # Only the program's name: the other words may be secrets.
            raise CommandFailed(
                f"{command[0]} exited with code {done.exit_code}",
                exit_code=done.exit_code,
                details="\n".join(done.output.strip().splitlines()[-_SHOWN_LINES:]) or "(no output)",
                hint="omit check=True to look at the result's exit_code and output instead",
            )
        return done

    def powershell(
        self,
        script: str,
        environment: Mapping[str, str] | None = None,
        *,
        user: str = "",
        timeout: float | None = None,
        check: bool = False,
    ) -> ExecResult:
        """Run a PowerShell script in a Windows container. Raises ValueError if it is too long."""
        return self.exec(windows.powershell(script), environment, user=user, timeout=timeout, check=check)

    def cmd(
        self,
        line: str,
        environment: Mapping[str, str] | None = None,
        *,
        user: str = "",
        timeout: float | None = None,
        check: bool = False,
    ) -> ExecResult:
        """Run a cmd command line in a Windows container. Raises ValueError if it is too long or has several lines."""
        command, variable = windows.cmd(line)
        return self.exec(command, {**(environment or {}), **variable}, user=user, timeout=timeout, check=check)

    def copy_in(self, folders: Sequence[Folder]) -> None:
        """Copy files and directories into the container, running or not. Raises OSError if one cannot be read."""
        with packed(folders) as archive:
            self._engine.copy_in(self.id, archive)

    def copy_out(self, source: str, target: Path) -> int:
        """Copy a file or directory of the container to this machine, without links; returns how many there were.

        Raises OSError if `target` cannot be written.
        """
        return unpack(self._engine.copy_out(self.id, source), target)

    def logs(self) -> Iterator[bytes]:
        """The output so far, each line starting with the engine's timestamp, in pieces of any length."""
        return self._engine.logs(self.id, follow=False)

    def state(self) -> ContainerState:
        """The current state of the container."""
        return self._engine.state(self.id)

    def stop(self, seconds: float) -> None:
        """Ask the container to stop, and kill it if it is still running after `seconds`."""
        self._engine.stop(self.id, seconds)

    def kill(self) -> None:
        """Kill the container."""
        self._engine.kill(self.id)

    def wait(self, seconds: float) -> bool:
        """Wait until the container ends by itself, and kill it after `seconds`; returns whether it exited with 0."""
        deadline = time.monotonic() + seconds
        with suppress(EngineError):
            while (state := self.state()).running and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
            if not state.running:
                return state.exit_code == 0
        self.kill()
        return False
