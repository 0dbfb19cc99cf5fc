"""What connects the owner's own calls with a container: the link of its endpoints, and errors of ours."""

from __future__ import annotations

from pytest_wincontainers.endpoints import Began, Handed
from pytest_wincontainers.engines.base import Engine
from pytest_wincontainers.errors import StartError, WincontainersError


class Ends:
    """The link of an endpoint that the owner itself uses, for checks and preparation."""

    def __init__(self, handed: Handed, engine: Engine) -> None:
        self._handed = handed
        self._engine = engine

    def handed(self) -> Handed:
        return self._handed

    def engine(self) -> Engine:
        return self._engine

    def began(self) -> Began:
        return Began()

    def worker(self) -> str:
        return ""

    def restart(self) -> None:
        raise StartError(
            f"{self._handed.name} cannot be restarted while it is prepared", hint="restart it in a test or a fixture"
        )


def as_error(problem: Exception, what: str) -> WincontainersError:
    """An error of ours from any other."""
    if isinstance(problem, WincontainersError):
        return problem
    hint = "this is a defect of pytest-wincontainers; please report it"
    if isinstance(problem, OSError):
        hint = "see whether that file or folder can be read and written"
    error = StartError(f"{what}: {type(problem).__name__}: {problem}", hint=hint)
    error.__cause__ = problem
    return error
