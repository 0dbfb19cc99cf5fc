"""This machine, if it runs Windows."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from pytest_wincontainers.guests.windows import Windows, powershell
from pytest_wincontainers.hosts.base import HostCommand, HostError


class LocalHost:
    """See `Host`."""

    name = "this machine"

    def run(self, command: HostCommand, seconds: float) -> str:
        try:
            return self._run(powershell(command.script), seconds)
        except FileNotFoundError:
            pass
        try:
            return self._run(command.program, seconds)
        except FileNotFoundError:
            raise HostError(
                f"this machine has neither powershell nor {command.program[0]}",
                hint="add C:\\Windows\\System32 to PATH",
            ) from None

    def _run(self, words: Sequence[str], seconds: float) -> str:
        try:
            done = subprocess.run(
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            )
        except FileNotFoundError:
            raise
        except OSError as problem:
            raise HostError(f"{words[0]} cannot be run on this machine", details=str(problem)) from problem
        except subprocess.TimeoutExpired:
            raise HostError(f"{words[0]} timed out after {seconds:g} s", hint="check what keeps it busy") from None
        output = Windows().decode(done.stdout)
        if done.returncode != 0:
            raise HostError(f"{words[0]} exited with code {done.returncode}", details=output.strip())
        return output

    def close(self) -> None:
        pass
