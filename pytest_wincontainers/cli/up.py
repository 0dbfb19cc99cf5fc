"""`wincontainers up`, `restart` and `reset`: the containers of a suite without its tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from pytest_wincontainers.cli.interruption import interruptible
from pytest_wincontainers.cli.kept import complete_names
from pytest_wincontainers.cli.output import lines_of_stack, out
from pytest_wincontainers.cli.suite import in_project

if TYPE_CHECKING:
    from pytest_wincontainers.session.up import Action

_names = click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_names)
_verbose = click.option("-v", "--verbose", is_flag=True, help="Say more.")


@click.command()
@_names
@in_project
@_verbose
def up(names: tuple[str, ...], *, verbose: bool) -> int:
    """Start the containers of a suite without running tests.

    Starts the containers NAMES, or all that the suite's conftest.py declares, and what they need, and prints how to
    connect to them. Those that run already are used as they are if nothing about them has changed. They stay until
    `wincontainers down`, or until nobody has used them for 12 hours (wincontainers_keep_hours). pytest uses them with
    --wincontainers-reuse. Settings come from pytest's configuration and the environment.
    """
    return _session(names, "up", verbose=verbose)


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_names)
@in_project
@_verbose
def restart(names: tuple[str, ...], *, verbose: bool) -> int:
    """Restart containers and wait until they are ready.

    They keep their data, as a test's `endpoint.restart()` does. Those that are not up are started first.
    """
    return _session(names, "restart", verbose=verbose)


@click.command()
@_names
@in_project
@_verbose
def reset(names: tuple[str, ...], *, verbose: bool) -> int:
    """Restore the prepared state of databases.

    Restores that of the containers NAMES and of what they need, or of all. Those that are not up are started.
    """
    return _session(names, "reset", verbose=verbose)


def _session(names: Sequence[str], action: Action, *, verbose: bool) -> int:
    from pytest_wincontainers.session.up import UpSession

    session = UpSession(names, action, verbose)
    with interruptible() as interruption:
        try:
            status = session.run()
        except KeyboardInterrupt:
            session.interrupted = True
    for line in session.notes:
        click.echo(f"note: {line}", err=True)
    if session.interrupted:
        stays = ", ".join(session.stack.containers) if session.stack is not None else "nothing"
        # Without a run of its own it has changed nothing that stays.
        click.echo(f"wincontainers: interrupted{f'; {stays} stays' if session.has_run else ''}", err=True)
        return interruption.exit_code
    for problem in session.problems:
        click.echo(f"wincontainers: {problem}", err=True)
    if session.stack is not None:
        for line in lines_of_stack(session.stack, session.started, passwords=True):
            out(line)
    return status
