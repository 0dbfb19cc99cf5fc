"""The suite that a command is about: that of the current directory, or of the one that -C names."""

from __future__ import annotations

import os
from pathlib import Path

import click


def _enter(_: click.Context, __: click.Parameter, directory: Path | None) -> None:
    if directory is not None:
        os.chdir(directory)


in_project = click.option(
    "-C",
    "--project",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIRECTORY",
    help="The directory of the suite (default: the current one).",
    callback=_enter,
    expose_value=False,
    is_eager=True,
)


def has_suite() -> bool:
    """Whether there is a conftest.py that a pytest of this directory reads at its start."""
    from pytest_wincontainers.session.project import project_of

    folder = project_of(Path.cwd())
    return (folder / "conftest.py").is_file() or any(folder.glob("test*/conftest.py"))
