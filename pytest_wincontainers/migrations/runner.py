"""Running a folder of migrations."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_wincontainers.errors import MigrationError
from pytest_wincontainers.migrations.split import ScriptError, Statement, split

if TYPE_CHECKING:
    import pymysql

_SHOWN_LINES = 10


def migrate(connection: pymysql.Connection[Any], folder: Path, progress: Callable[[str], None]) -> None:
    """Run every .sql file of the folder, in order, up to the first failure.

    `progress` is told of each file. Raises MigrationError with file, line, statement and the server's words.
    """
    files = in_order(folder)
    for number, file in enumerate(files, 1):
        progress(f"migration {number} of {len(files)}: {file.name}")
        _run(connection, file)


def in_order(folder: Path) -> list[Path]:
    """The .sql files of a folder by name, with numbers read as numbers: 2_b.sql comes before 10_a.sql."""
    return sorted(folder.glob("*.sql"), key=lambda file: natural(file.name))


def natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts numbers in names by their value, and letters without regard to case."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name.casefold())]


def _run(connection: pymysql.Connection[Any], file: Path) -> None:
    import pymysql

    try:
        script = file.read_text("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise MigrationError(
            f"the migration {file.name} is not UTF-8: {problem.reason} at byte {problem.start}",
            hint=f"save {file} as UTF-8",
        ) from None
    statements = split(script)
    while True:
        try:
            statement = next(statements, None)
        except ScriptError as problem:
            raise MigrationError(
                f"the migration {file.name} cannot be read: line {problem.line}: {problem}", hint=f"mend {file}"
            ) from None
        if statement is None:
            return
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement.text)
                # A procedure answers with several results; an unread error among them would be lost.
                while cursor.nextset():
                    pass
        except pymysql.Error as problem:
            raise _failed(file, statement, problem) from problem


def _failed(file: Path, statement: Statement, problem: pymysql.Error) -> MigrationError:
    code, words = (*problem.args, "", "")[:2]
    lines = statement.text.splitlines()
    shown = lines[:_SHOWN_LINES] + (["…"] if len(lines) > _SHOWN_LINES else [])
    return MigrationError(
        f"the migration {file.name} failed at line {statement.line}: {code}: {words}",
        details="\n".join(shown),
        hint=f"mend {file}; nothing after it was run, and the database is thrown away",
    )
