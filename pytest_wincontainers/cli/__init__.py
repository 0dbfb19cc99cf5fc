"""The command `wincontainers`: one file for each command, imported when it is used or its help is shown."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pkgutil import resolve_name

import click

from pytest_wincontainers.cli.completion import COMPLETE, register
from pytest_wincontainers.errors import WincontainersError, closest

COMMANDS: Mapping[str, str] = {
    "init": "init:init",
    "up": "up:up",
    "down": "stacks:down",
    "ps": "stacks:ps",
    "logs": "stacks:logs",
    "exec": "stacks:exec_",
    "restart": "up:restart",
    "reset": "up:reset",
    "images": "images:images",
    "prune": "stacks:prune",
    "doctor": "doctor:doctor",
    "plan": "plan:plan",
    "transform": "transform:transform",
    "completion": "completion:completion",
}
"""The place of each command in this package."""

_FAILED, _USAGE, _INTERRUPTED = 1, 2, 130


class _Commands(click.Group):
    """The commands, each imported when it is needed."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        place = COMMANDS.get(name)
        return resolve_name(f"pytest_wincontainers.cli.{place}") if place else None

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = arguments[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise click.UsageError(f"there is no command {name!r}{closest(name, COMMANDS)}", context)
        return super().resolve_command(context, arguments)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="pytest-wincontainers", prog_name="wincontainers")
def wincontainers() -> None:
    """Containers for tests on Windows hosts: tools of pytest-wincontainers."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, 1 for a failure, 2 for wrong usage, 130 after Ctrl+C."""
    register()
    for stream in (sys.stdout, sys.stderr):
        # What a container writes may have characters that a pipe's code page has not.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        result = wincontainers.main(arguments, "wincontainers", COMPLETE, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except (WincontainersError, OSError) as problem:
        if _is_broken_pipe(problem):
            # Whoever read it has had enough. Python would complain once more when it flushes at its end.
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            click.echo(f"wincontainers: {problem}", err=True)
        return _FAILED
    return result if isinstance(result, int) else 0


def program() -> int:
    """`main`, as a process of its own."""
    code = main()
    # A second Ctrl+C has nothing left to interrupt, and Python would write a traceback of it while it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


def _is_broken_pipe(problem: Exception) -> bool:
    # On Windows a write to a pipe without a reader is an "invalid argument" (python/cpython#79935).
    nameless = isinstance(problem, OSError) and problem.filename is None
    return nameless and getattr(problem, "errno", None) in {errno.EPIPE, errno.EINVAL}
