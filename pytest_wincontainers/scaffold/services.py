"""The services of compose files, as far as a conftest.py names them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.scaffold.project import ComposeEntry, ServiceKind
from pytest_wincontainers.scaffold.tree import Tree

if TYPE_CHECKING:
    from pytest_wincontainers.compose.outcome import ComposeOutcome

# As Docker Compose looks for them.
_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_MYSQL = re.compile(r"(?:.*/)?(?:mysql|mysql-server|mariadb|percona|percona-server)(?:[:@].*)?")
# Where the official images look for what they run when they start for the first time.
_INITIAL = "/docker-entrypoint-initdb.d"


@dataclass(frozen=True)
class Services:
    """The services, and what is wrong, if anything is."""

    entries: tuple[ComposeEntry, ...] = ()
    built: frozenset[PurePosixPath] = frozenset()
    """The directories that services are built from."""
    initial: frozenset[PurePosixPath] = frozenset()
    """The files, and directories with files, that the images of databases run by themselves."""
    problem: str = ""
    databases_problem: str = ""
    """Why the services with a database cannot be declared as `mysql_container`, if there are any."""


Loader = Callable[[Sequence[PurePosixPath]], Services]
"""Reads compose files."""


def compose_files_of(tree: Tree) -> list[tuple[PurePosixPath, ...]]:
    """The compose files, each with its override file; the one to take first."""
    found: dict[PurePosixPath, PurePosixPath] = {}
    for name in _NAMES:
        for path in tree.named(name):
            found.setdefault(path.parent, path)
    order = sorted(found.values(), key=lambda path: (len(path.parts), str(path).lower()))
    return [(path, *_override(tree, path)) for path in order]


def _override(tree: Tree, path: PurePosixPath) -> Sequence[PurePosixPath]:
    stem = path.stem.lower()
    names = {f"{stem}.override.yml", f"{stem}.override.yaml"}
    return [one for one in tree.directly_in(path.parent) if one.name.lower() in names][:1]


def loader(root: Path) -> Loader:
    """A loader of compose files below a directory, which are read by the rules of `compose_services`."""

    def load(files: Sequence[PurePosixPath]) -> Services:
        from pytest_wincontainers.compose import load as loaded
        from pytest_wincontainers.declare import mysql_container

        paths = [root / path for path in files]
        try:
            found = loaded(paths)
            found.check()
        except (DeclarationError, OSError) as problem:
            return Services(problem=str(problem).splitlines()[0])
        if not found.declarations:
            return Services(problem="it has no services without a profile")
        images = {one.name: str(one.image).lower() for one in found.file.services.values()}
        databases = [name for name, image in images.items() if _MYSQL.fullmatch(image)]
        unfit = ""
        try:
            loaded(paths, kinds={name: mysql_container() for name in databases}).check()
        except DeclarationError as refused:
            databases, unfit = [], str(refused).splitlines()[0]
        return Services(
            tuple(_entries(found, databases)),
            _below(root, _built(found)),
            _below(root, _initial(found)),
            databases_problem=unfit,
        )

    return load


def _entries(found: ComposeOutcome, databases: Sequence[str]) -> Iterator[ComposeEntry]:
    for service, declaration in zip(found.file.services.values(), found.declarations, strict=True):
        kind: ServiceKind = "job" if declaration.service.kind == "job" else "container"
        yield ComposeEntry(service.name, declaration.name, "mysql" if service.name in databases else kind)


def _built(found: ComposeOutcome) -> Iterator[Path]:
    for service in found.file.services.values():
        if service.build is not None:
            yield service.build.context
            yield (service.build.context / service.build.dockerfile).parent


def _initial(found: ComposeOutcome) -> Iterator[Path]:
    for service in found.file.services.values():
        sources = {one.target: one.source for one in service.mounts} | {
            one.target: one.content for one in service.files
        }
        for target, source in sources.items():
            if isinstance(source, Path) and target.startswith(_INITIAL):
                yield source


def _below(root: Path, paths: Iterable[Path]) -> frozenset[PurePosixPath]:
    """Those in a directory, by their paths from there."""
    real = root.resolve()
    resolved = (path.resolve() for path in paths)
    return frozenset(PurePosixPath(one.relative_to(real).as_posix()) for one in resolved if one.is_relative_to(real))
