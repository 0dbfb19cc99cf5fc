"""The migrations of a server: what they depend on, and those that a command runs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pytest_wincontainers.migrations.command import PLACEHOLDERS, Command, judge, run_here
from pytest_wincontainers.migrations.files import find
from pytest_wincontainers.services import Preparation
from pytest_wincontainers.services.mysql.endpoint import MySqlEndpoint


def digest_of(migrations: str | Path | Command | None, pattern: str, base: Path) -> str | None:
    """A hash of the files of migrations; None where a command does not say which these are. Raises OSError."""
    digest = hashlib.sha256()
    paths: list[Path] = []
    if isinstance(migrations, Command):
        if not migrations.inputs:
            return None
        digest.update(repr(migrations).encode())
        paths = list(migrations.input_files(base))
    elif migrations is not None:
        paths = [one.path for one in find(base / migrations, pattern).files]
    for path in paths:
        name = os.path.relpath(path, base) if path.anchor == base.anchor else str(path)
        digest.update(f"\0{len(name)} {name} {path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()


def run_tool(given: Command, endpoint: MySqlEndpoint, preparation: Preparation) -> None:
    """Run migrations that are a command, here or in a container. Raises PreparationError."""
    face = endpoint.inside if given.image else endpoint
    values = {name: getattr(face, name) for name in PLACEHOLDERS - {"root_password"}}
    filled = given.filled({**values, "root_password": endpoint.inside.root_password})
    if filled.image is None:
        run_here(filled, preparation.base, preparation.progress)
        return
    folders = {target: preparation.base / source for target, source in filled.folders.items()}
    preparation.progress(f"running migrations with {filled.words[0]} in a container")
    words, seconds = filled.words, filled.timeout
    judge(
        filled,
        *preparation.run_tool(filled.image, words, filled.environment, folders, seconds, preparation.progress),
    )
