"""A job that has ended, as tests see it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_wincontainers.errors import CommandFailed, closest
from pytest_wincontainers.services import Endpoint, Face
from pytest_wincontainers.services.job.results import Case, read_cases

_SHOWN_LINES = 40


class JobEndpoint(Endpoint[Face]):
    """A container that has run its command to the end."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}, exit code {self.exit_code}>"

    @property
    def exit_code(self) -> int:
        """The exit code of the command."""
        return int(self._link.info().details["exit_code"])

    @property
    def output(self) -> str:
        """What the command wrote, without the engine's timestamps."""
        # Not splitlines(), which also breaks at characters that progress bars write.
        lines = self._link.log().split(b"\n")
        return "\n".join(line.partition(b" ")[2].decode("utf-8", errors="replace") for line in lines)

    @property
    def reused(self) -> bool:
        """Whether an earlier run's outputs were taken, as its inputs were the same."""
        return bool(self._link.info().details["reused"])

    def path(self, name: str) -> Path:
        """The file or directory on this machine that was collected under `name`. Raises LookupError."""
        paths = self._link.info().details["outputs"]
        if name not in paths:
            raise LookupError(f"{self.name} collects nothing called {name!r}{closest(name, paths)}; see collect=")
        return Path(paths[name])

    def check(self) -> None:
        """Raise CommandFailed, with the end of the output, if the exit code is not 0."""
        if self.exit_code != 0:
            raise CommandFailed(
                f"the command of {self.name} exited with code {self.exit_code}",
                exit_code=self.exit_code,
                details="\n".join(self.output.splitlines()[-_SHOWN_LINES:]) or "(no output)",
                hint=f"its full log is {self._link.info().log}",
            )

    @property
    def has_results(self) -> bool:
        """Whether it was declared with `results=`."""
        return bool(self._link.info().details["results"])

    @property
    def cases(self) -> Sequence[Case]:
        """The tests in the files of `results=`, in their order."""
        return read_cases(Path(path) for path in self._link.info().details["results"])
