"""What is sent of a migration file: as the tool would send it whose file it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from pytest_wincontainers.errors import MigrationError
from pytest_wincontainers.migrations import goose
from pytest_wincontainers.migrations.files import Migration, Style, checksum, javas_lines_of, lines_of
from pytest_wincontainers.migrations.placeholders import replaced
from pytest_wincontainers.migrations.routines import split_with_routines
from pytest_wincontainers.migrations.split import ScriptError, Splitter, Statement

_MARK = re.compile(r"\s*--\s*(?:(?P<dbmate>migrate:(?:up|down)\b)|\+migrate\b)")

_DBUP = re.compile(r"\$\w+\$")
# In a text, $name$ is as likely a part of a password's hash.
_TEXTS = r"""'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"|--(?=\s)[^\n]*|\#[^\n]*|/\*.*?\*/"""
# A routine's body in another language (MySQL's JavaScript).
_BODY = r"\bas\s+(?P<tag>\$\w+\$).*?(?P=tag)"
_OUTSIDE_OF_TEXTS = re.compile(rf"{_TEXTS}|{_BODY}|(?<![\w$])(?P<variable>\$\w+\$)", re.DOTALL | re.IGNORECASE)


def statements(one: Migration, style: Style, values: Mapping[str, str] | None) -> Iterator[Statement]:
    """The statements of a file, with the values of its placeholders. Raises ScriptError and UnicodeDecodeError."""

    def lines() -> Iterator[str]:
        return _with_values(one, lines_of(one.path), values)

    if style != "plain":
        return split_with_routines(lines())
    if goose.is_goose(lines_of(one.path)):
        return goose.split_up(lines())
    return _without_variables(Splitter().split(_without_marks(lines())))


def checksum_of(one: Migration, values: Mapping[str, str] | None) -> int:
    """Flyway's checksum: of the file, but of what comes of its placeholders if it is run again when that changes.

    Raises ScriptError and UnicodeDecodeError.
    """
    lines = javas_lines_of(one.path)
    return checksum(lines if one.version is not None else _with_values(one, lines, values))


def _with_values(one: Migration, lines: Iterator[str], values: Mapping[str, str] | None) -> Iterator[str]:
    return lines if values is None else replaced(lines, {**values, "flyway:filename": one.path.name})


def _without_marks(lines: Iterable[str]) -> Iterator[str]:
    """The lines; raises ScriptError for a mark of a tool that has both ways, up and down, in one file."""
    for number, line in enumerate(lines, 1):
        found = _MARK.match(line) if "migrate" in line else None
        if found:
            tool = "dbmate" if found["dbmate"] else "sql-migrate"
            raise ScriptError(
                f"{line.strip()} belongs to {tool}, whose files are not supported",
                number,
                hint="run that tool with migrations=command(…), or reduce each file to its Up part without marks",
            )
        yield line


def _without_variables(found: Iterable[Statement]) -> Iterator[Statement]:
    """The statements; raises ScriptError for a variable of DbUp's outside of texts and comments."""
    for statement in found:
        if _DBUP.search(statement.text):
            for part in _OUTSIDE_OF_TEXTS.finditer(statement.text):
                if part["variable"]:
                    raise ScriptError(
                        f"{part['variable']} is a variable of DbUp, which are not supported",
                        statement.line + statement.text.count("\n", 0, part.start()),
                        hint="run DbUp with migrations=command(…), or write ${name} and give placeholders=",
                    )
        yield statement


@contextmanager
def in_words(one: Migration) -> Iterator[None]:
    """Make MigrationError of what is wrong with a file's text."""
    try:
        yield
    except ScriptError as problem:
        raise MigrationError(
            f"the migration {one.name} cannot be parsed: line {problem.line}: {problem}",
            hint=f"{problem.hint}; the file is {one.path}" if problem.hint else f"fix {one.path}",
        ) from None
    except UnicodeDecodeError as problem:
        raise MigrationError(
            f"the migration {one.name} is not UTF-8: {problem.reason} at byte {problem.start}",
            hint=f"save {one.path} as UTF-8",
        ) from None
