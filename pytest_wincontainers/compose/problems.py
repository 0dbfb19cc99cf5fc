"""Everything that is wrong with compose files, collected so that users see all of it at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pytest_wincontainers.compose.tree import Place
from pytest_wincontainers.errors import DeclarationError


@dataclass(frozen=True)
class Remark:
    """One sentence about a line."""

    place: Place
    text: str
    hint: str = ""
    warning: bool = False
    """Whether it may well be a mistake."""

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" + (f"; {self.hint}" if self.hint else "")


@dataclass
class Problems:
    """What has been found so far: errors, and notes about what works in another way than it may look."""

    errors: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)

    def add(self, place: Place, text: str, hint: str = "") -> None:
        """Add an error; an equal one, such as that of a value with several aliases, is added once."""
        self._add(self.errors, Remark(place, text, hint))

    def note(self, place: Place, text: str, hint: str = "", *, warning: bool = False) -> None:
        """Add a note, once."""
        self._add(self.notes, Remark(place, text, hint, warning))

    @staticmethod
    def _add(found: list[Remark], remark: Remark) -> None:
        if remark not in found:
            found.append(remark)

    def check(self) -> None:
        """Raise DeclarationError with all errors, if there are any."""
        errors = sorted(self.errors, key=lambda one: (str(one.place.file), one.place.line))
        if len(errors) == 1:
            raise DeclarationError(f"{errors[0].place}: {errors[0].text}", hint=errors[0].hint)
        if errors:
            files = list(dict.fromkeys(one.place.file for one in errors))
            raise DeclarationError(
                f"{_listed(files)} cannot be used as written; there are {len(errors)} problems",
                details="\n".join(map(str, errors)),
                hint="correct them, or leave out services that tests do not need with services=",
            )


def _listed(files: list[Path]) -> str:
    names = [str(one) for one in files]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
