"""The containers that stay of the project that the current directory is in, for commands and for completion."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_wincontainers.errors import DeclarationError, WincontainersError

if TYPE_CHECKING:
    import click

    from pytest_wincontainers.run.stack import Stack, Stacks


def all_stacks() -> Stacks:
    """Those of this account on this machine. Raises DeclarationError if a setting is invalid."""
    from pytest_wincontainers.run.places import state_folder
    from pytest_wincontainers.run.stack import Stacks
    from pytest_wincontainers.session.project import settings_of

    return Stacks(state_folder(settings_of(Path.cwd()).state))


def wanted(stacks: Stacks, *, every: bool = False, run: str | None = None) -> list[Stack]:
    """Those of the current project, or of every one, or that of a run.

    Raises DeclarationError if that run has left nothing.
    """
    if run is None:
        here = Path.cwd().resolve()
        return [one for one in stacks.all() if every or one.belongs_to(here)]
    found = [one for one in stacks.all() if one.run == run]
    if not found:
        raise DeclarationError(f"no containers of a run {run!r} stay", hint="`wincontainers ps --all` lists what stays")
    return found


def complete_names(context: click.Context, _: click.Parameter, word: str) -> list[str]:
    """The containers of this project whose names begin with a word, without those that are given already."""
    given = context.params.get("names") or ()
    names = {name for stack in _known() for name in stack.containers}
    return sorted(name for name in names if name.startswith(word) and name not in given)


def complete_runs(_: click.Context, __: click.Parameter, word: str) -> list[str]:
    """The runs that have left containers of this project, the newest first."""
    return [stack.run for stack in _known() if stack.run.startswith(word)]


def _known() -> list[Stack]:
    # A shell that asks for completions has no use for an error.
    with suppress(WincontainersError, OSError):
        return wanted(all_stacks())
    return []
