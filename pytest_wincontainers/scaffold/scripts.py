"""Directories of SQL files that are migrations, and dumps of databases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.migrations.files import arranged
from pytest_wincontainers.scaffold.documents import text_of
from pytest_wincontainers.scaffold.project import Migrations
from pytest_wincontainers.scaffold.tree import Tree, Unreadable

_FOLDERS = frozenset({"migrations", "migration", "migrate"})
_DUMPS = ("schema.sql", "structure.sql", "dump.sql", "database.sql", "init.sql")
_NUMBERED = re.compile(r"\d+.*\.sql", re.IGNORECASE)
_SQL_SERVER = re.compile(r"^[ \t]*GO[ \t]*\r?$|\[dbo\]\.", re.IGNORECASE | re.MULTILINE)
_GOOSE = re.compile(r"^[ \t]*--[ \t]*\+goose[ \t]+Up\b", re.MULTILINE)
_OTHERS = re.compile(r"^[ \t]*--[ \t]*(?:(?P<dbmate>migrate:up\b)|\+migrate[ \t]+Up\b)", re.MULTILINE)

FLYWAY, GOLANG, GOOSE, NUMBERED, NAMED, DUMP = range(6)
_TITLES = {
    FLYWAY: "with Flyway's names",
    GOLANG: "with golang-migrate's names",
    GOOSE: "for goose",
    NUMBERED: "with numbers",
    NAMED: "in a directory called migrations",
}
RULE = (
    "Flyway's names come first, then golang-migrate's, goose's, numbers, others; then directories called migrations; "
    "then those with fewer directories above them; then by name"
)
"""Which of several directories is taken."""


@dataclass(frozen=True)
class Candidate:
    """SQL files that may make a database."""

    migrations: Migrations
    style: int
    count: int

    @property
    def title(self) -> str:
        """What is there, as the end of a sentence about `path`."""
        if self.style == DUMP:
            return "is called as a schema or a dump"
        return f"has {self.count} SQL file{'s' if self.count > 1 else ''} {_TITLES[self.style]}"

    @property
    def path(self) -> PurePosixPath:
        """The directory, or the file of a dump."""
        one = self.migrations
        return one.folder / one.pattern if self.style == DUMP and one.pattern else one.folder

    @property
    def order(self) -> tuple[int, bool, int, str]:
        """The first one is taken, by `RULE`."""
        folder = self.migrations.folder
        return self.style, folder.name.lower() not in _FOLDERS, len(folder.parts), str(self.path).lower()


@dataclass
class Found:
    """The candidates, the best one first, and what is to be told about others."""

    candidates: list[Candidate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def scripts_of(tree: Tree) -> Found:
    """The directories of migrations, and the dumps."""
    found = Found()
    homes: dict[PurePosixPath, list[PurePosixPath]] = {}
    for path in tree.ending(".sql"):
        homes.setdefault(_home(path.parent), []).append(path)
    for home, files in homes.items():
        found.candidates += _candidates(tree, home, files, found.notes)
    found.candidates.sort(key=lambda one: one.order)
    return found


def _home(folder: PurePosixPath) -> PurePosixPath:
    """The topmost directory called migrations that a directory is in, or else the directory."""
    named = [one for one in (folder, *folder.parents) if one.name.lower() in _FOLDERS]
    return named[-1] if named else folder


def _candidates(
    tree: Tree, home: PurePosixPath, files: Sequence[PurePosixPath], notes: list[str]
) -> Iterator[Candidate]:
    folder = Path(home)
    pattern = None if all(path.parent == home for path in files) else "**/*.sql"
    try:
        ordered = arranged(sorted(Path(path) for path in files), folder)
    except DeclarationError as problem:
        notes.append(f"{home} is not used for migrations: {problem.message}")
        return
    names = [path.name for path in files]
    content = _content(tree, files[0])
    if _SQL_SERVER.search(content):
        notes.append(f"{home} is not used for migrations: {files[0].name} is for SQL Server")
        return
    if other := _OTHERS.search(content):
        tool = "dbmate" if other["dbmate"] else "sql-migrate"
        notes.append(f"{home} has migrations of {tool}, which runs as migrations=command(…)")
        return
    migrations = Migrations(home, pattern)
    if ordered.style != "plain":
        yield Candidate(migrations, FLYWAY if ordered.style == "flyway" else GOLANG, len(ordered.files))
    elif _GOOSE.search(content):
        yield Candidate(migrations, GOOSE, len(files))
    elif all(_NUMBERED.fullmatch(name) for name in names):
        yield Candidate(migrations, NUMBERED, len(files))
    elif home.name.lower() in _FOLDERS:
        yield Candidate(migrations, NAMED, len(files))
    else:
        for dump in sorted(
            (path for path in files if path.name.lower() in _DUMPS), key=lambda path: _DUMPS.index(path.name.lower())
        ):
            yield Candidate(Migrations(home, dump.name), DUMP, 1)


def _content(tree: Tree, path: PurePosixPath) -> str:
    try:
        return text_of(tree.read(path))
    except Unreadable:
        # A large dump says nothing about a tool.
        return ""
