"""Turning any exception into an error of this package, so that tests are not left waiting."""

from __future__ import annotations

from pytest_wincontainers.errors import StartError, WincontainersError


def as_error(problem: Exception, what: str) -> WincontainersError:
    """The problem itself where it is one of ours, else a StartError: `what` went wrong."""
    if isinstance(problem, WincontainersError):
        return problem
    hint = "this is a bug in pytest-wincontainers or in the service; please report it there"
    if isinstance(problem, OSError) and problem.filename:
        hint = "check whether that file or directory can be read and written"
    error = StartError(f"{what}: {type(problem).__name__}: {problem}", hint=hint)
    error.__cause__ = problem
    return error
