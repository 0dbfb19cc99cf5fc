"""The variables that compose files can use: those of the process, then those of `.env`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_wincontainers.compose.dotenv import read_variables
from pytest_wincontainers.compose.problems import Problems


@dataclass(frozen=True)
class Variables:
    """Variables by name. With `any_case` upper and lower case do not matter, as in the environment of Windows."""

    first: Mapping[str, str]
    """Those of the process, and, in an included file, those of the file that includes it."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Those of files, which count where the first have none."""
    any_case: bool = False

    def get(self, name: str) -> str | None:
        """The value of a variable, or None if it is not set."""
        for variables in (self.first, self.files):
            if name in variables:
                return variables[name]
            if self.any_case:
                for key, value in variables.items():
                    if key.upper() == name.upper():
                        return value
        return None

    def with_value(self, name: str, value: str) -> Variables:
        """These variables and another one, which counts before them."""
        return Variables({**self.first, name: value}, self.files, self.any_case)

    def below(self, files: Iterable[Path], problems: Problems) -> Variables:
        """The variables of an included file: those that are here, and behind them those of files of its own."""
        return Variables({**self.files, **self.first}, {}, self.any_case).with_files(files, problems)

    def with_files(self, files: Iterable[Path], problems: Problems) -> Variables:
        """These variables with those of files, where a later file overrides an earlier one."""
        found = self
        for file in files:
            read = read_variables(file, found.get, problems)
            found = Variables(self.first, {**found.files, **read}, self.any_case)
        return found
