"""Which files of a directory are migrations, and their order."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Literal

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.packing import walk

Style = Literal["flyway", "golang", "plain"]

# In upper or lower case as here: the tools themselves pass over all others.
_VERSIONED = re.compile(r"V(\d+(?:[._]\d+)*)__(.+)\.sql")
_REPEATABLE = re.compile(r"R__(.+)\.sql")
_UNDONE = re.compile(r"U\d+(?:[._]\d+)*__.+\.sql")
_UP = re.compile(r"(\d+)_.*\.up\.sql")
_DOWN = re.compile(r"\d+_.*\.down\.sql")


@dataclass(frozen=True)
class Migration:
    """One file. `version` is None for one that is run again whenever it changes."""

    path: Path
    name: str
    """As the history names it: relative to the folder, with forward slashes."""
    version: str | None
    description: str


@dataclass(frozen=True)
class Migrations:
    """The migrations of a folder in their order; `style` says whose names they have."""

    style: Style
    files: tuple[Migration, ...]


def find(folder: Path, pattern: str = "*.sql") -> Migrations:
    """The migrations among the files that match a glob pattern, in any letter case.

    Names of Flyway (V1.2__name.sql, R__name.sql; U1.2__name.sql is left out) and golang-migrate (1_name.up.sql;
    .down.sql is left out) are known; any others go by name, with numbers read as numbers. Raises DeclarationError.
    """
    parts = _parts(pattern)
    try:
        found = sorted(path for _, path in walk(folder, partial(_wanted, parts)) if path.is_file())
    except OSError as problem:
        raise DeclarationError(
            f"the migrations directory {folder} cannot be read: {problem}", hint="check its permissions"
        ) from None
    if not found:
        raise DeclarationError(
            f"the migrations directory {folder} contains no {'.sql files' if pattern == '*.sql' else pattern}",
            hint="add migrations to it, or omit migrations=",
        )
    return arranged(found, folder)


def arranged(found: Sequence[Path], folder: Path) -> Migrations:
    """These files of a folder in the order of its style, by their names alone. Raises DeclarationError."""
    if any(_VERSIONED.fullmatch(path.name) or _REPEATABLE.fullmatch(path.name) for path in found):
        return Migrations("flyway", tuple(_of_flyway(found, folder)))
    if any(_UP.fullmatch(path.name) for path in found):
        return Migrations("golang", tuple(_of_golang(found, folder)))
    ordered = sorted(found, key=lambda path: natural(path.relative_to(folder).as_posix()))
    return Migrations("plain", tuple(_plain(path, folder) for path in ordered))


def _parts(pattern: str) -> Sequence[str]:
    given = PureWindowsPath(pattern)
    if given.anchor or ".." in given.parts or not given.parts:
        raise DeclarationError(
            f"migrations_pattern={pattern!r} does not name files in the migrations directory",
            hint='write a glob pattern relative to migrations=, such as "*.sql" or "**/*.sql"',
        )
    return [part.lower() for part in given.parts]


def _wanted(pattern: Sequence[str], name: PurePosixPath, directory: bool) -> bool:
    return _reaches(name.parts, pattern) if directory else _matches(name.parts, pattern)


def _matches(name: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern or (not name and pattern[0] != "**"):
        return not name and not pattern
    if pattern[0] == "**":
        return _matches(name, pattern[1:]) or (bool(name) and _matches(name[1:], pattern))
    return fnmatchcase(name[0].lower(), pattern[0]) and _matches(name[1:], pattern[1:])


def _reaches(name: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether something below the directory of that name may match."""
    if not name or not pattern or pattern[0] == "**":
        return bool(pattern)
    return fnmatchcase(name[0].lower(), pattern[0]) and _reaches(name[1:], pattern[1:])


def natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts numbers in names by their value, and letters without regard to case."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name.casefold())]


def _plain(path: Path, folder: Path) -> Migration:
    name = path.relative_to(folder).as_posix()
    # As long as the history's column takes; nobody reads it.
    return Migration(path, name, name[:500], path.stem)


def _of_flyway(found: Sequence[Path], folder: Path) -> Iterator[Migration]:
    versions: dict[tuple[int, ...], Migration] = {}
    repeatable: list[Migration] = []
    for path in found:
        name = path.relative_to(folder).as_posix()
        if versioned := _VERSIONED.fullmatch(path.name):
            version = versioned[1].replace("_", ".")
            numbers = _numbers(version)
            if numbers in versions:
                raise _twice(f"version {version}", versions[numbers].path, path)
            versions[numbers] = Migration(path, name, version, versioned[2].replace("_", " "))
        elif again := _REPEATABLE.fullmatch(path.name):
            repeatable.append(Migration(path, name, None, again[1].replace("_", " ")))
        elif not _UNDONE.fullmatch(path.name):
            raise DeclarationError(
                f"{path} does not follow Flyway's naming, unlike other files in its directory",
                hint="rename it to V<version>__<text>.sql or R__<text>.sql, in this letter case, "
                "or use a pattern that excludes it",
            )
    yield from (versions[numbers] for numbers in sorted(versions))
    yield from sorted(repeatable, key=lambda one: one.description)


def _numbers(version: str) -> tuple[int, ...]:
    # 1.0 is 1: Flyway compares them so.
    numbers = [int(part) for part in version.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _of_golang(found: Sequence[Path], folder: Path) -> Iterator[Migration]:
    versions: dict[int, Migration] = {}
    for path in found:
        if up := _UP.fullmatch(path.name):
            if int(up[1]) in versions:
                raise _twice(f"version {up[1]}", versions[int(up[1])].path, path)
            versions[int(up[1])] = _plain(path, folder)
        elif not _DOWN.fullmatch(path.name):
            raise DeclarationError(
                f"{path} ends in neither .up.sql nor .down.sql, unlike other files in its directory",
                hint="rename it, or use a pattern that excludes it",
            )
    yield from (versions[number] for number in sorted(versions))


def _twice(what: str, first: Path, second: Path) -> DeclarationError:
    return DeclarationError(
        f"two migrations have the same {what}", details=f"{first}\n{second}", hint="give each migration its own version"
    )


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a file without their ends. Raises OSError, and UnicodeDecodeError for what is not UTF-8."""
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for line in file:
            yield line.rstrip("\r\n")


def javas_lines_of(path: Path) -> Iterator[str]:
    """The lines as Java reads them, for which a carriage return alone ends a line, too. Raises as `lines_of`."""
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            yield line.removesuffix("\n")


def checksum(lines: Iterable[str]) -> int:
    """Flyway's: CRC-32 of the lines without their ends, so that these do not matter; with a sign, as Java has it."""
    value = 0
    for line in lines:
        value = zlib.crc32(line.encode(), value)
    return value - (1 << 32) if value >= 1 << 31 else value
