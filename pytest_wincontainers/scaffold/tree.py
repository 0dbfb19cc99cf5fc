"""The files of a directory, as far as they may say something about the project in it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath

_FILES = 20_000
_FILE_BYTES = 1 << 20
_BYTES = 64 << 20
_SKIPPED = frozenset(
    {"bin", "obj", "node_modules", "packages", "bower_components", "__pycache__", "testresults", "venv"}
)
_IIS_EXPRESS = "applicationhost.config"


class Unreadable(Exception):
    """A file cannot be read, or not as what it should be; the text says why."""


@dataclass(frozen=True)
class Tree:
    """Files by their paths from a directory, in the order of depth and name."""

    name: str
    """The directory's own."""
    files: tuple[PurePosixPath, ...]
    read: Callable[[PurePosixPath], bytes]
    """The content of a file. Raises Unreadable."""
    exists: Callable[[PurePosixPath], bool]
    """Whether there is a file, also where `files` does not look, such as in bin."""
    complete: bool = True
    """Whether `files` are all; False if there were too many."""

    def named(self, *names: str) -> Iterator[PurePosixPath]:
        """The files of these names, in any letter case."""
        wanted = {name.lower() for name in names}
        return (path for path in self.files if path.name.lower() in wanted)

    def ending(self, *suffixes: str) -> Iterator[PurePosixPath]:
        """The files with these suffixes, in any letter case."""
        return (path for path in self.files if path.suffix.lower() in suffixes)

    def directly_in(self, folder: PurePosixPath) -> Sequence[PurePosixPath]:
        """The files in a directory, not those in its directories."""
        return self.folders.get(folder, ())

    @cached_property
    def folders(self) -> Mapping[PurePosixPath, Sequence[PurePosixPath]]:
        """All directories that have files in them or further below, with the files in them."""
        found: dict[PurePosixPath, list[PurePosixPath]] = {}
        for path in self.files:
            found.setdefault(path.parent, []).append(path)
            for parent in path.parent.parents:
                found.setdefault(parent, [])
        return found

    def on_disk(self, path: PurePosixPath) -> PurePosixPath | None:
        """The file or directory of that path in any letter case, as it is called; None if there is none."""
        return self._lower.get(str(path).lower())

    @cached_property
    def _lower(self) -> Mapping[str, PurePosixPath]:
        return {str(path).lower(): path for path in (*reversed(self.files), *self.folders)}


def read_tree(root: Path, *, files: int = _FILES) -> Tree:
    """The files of a directory, from so many entries at the most, those near to it first.

    Links are not followed. What builds, package managers and other tools have made is left out. Raises OSError if the
    directory cannot be listed.
    """
    real = Path(os.path.realpath(root))
    os.scandir(real).close()
    found: list[PurePosixPath] = []
    folders = deque([PurePosixPath()])
    left = files
    while folders and left > 0:
        folder = folders.popleft()
        listed = _listed(real, folder, left + 1)
        left -= len(listed)
        for name, directory in listed:
            path = folder / name
            if directory:
                folders.append(path)
            elif ".vs" not in path.parts or name.lower() == _IIS_EXPRESS:
                found.append(path)
    complete = not folders and left >= 0
    return Tree(real.name or "project", tuple(found), _Reader(real), lambda path: (real / path).is_file(), complete)


def _listed(root: Path, folder: PurePosixPath, most: int) -> list[tuple[str, bool]]:
    """The names in a directory that matter, so many at the most, and whether each is a directory's."""
    try:
        with os.scandir(root / folder) as entries:
            return sorted(islice(_wanted(root, folder, entries), most))
    except OSError:
        return []


def _wanted(root: Path, folder: PurePosixPath, entries: Iterator[os.DirEntry[str]]) -> Iterator[tuple[str, bool]]:
    for entry in entries:
        # A name that is no text cannot be written into a Python file.
        if not entry.name.isprintable() or entry.is_symlink():
            continue
        if entry.is_dir(follow_symlinks=False):
            if _entered(root, folder / entry.name):
                yield entry.name, True
        elif entry.is_file(follow_symlinks=False):
            yield entry.name, False


def _entered(root: Path, folder: PurePosixPath) -> bool:
    name = folder.name.lower()
    # Visual Studio's own files are many; those of IIS Express are in .vs/config or .vs/<solution>/config.
    if ".vs" in folder.parts[:-1] and folder.parent.name != ".vs" and name != "config":
        return False
    if name in _SKIPPED or (name.startswith(".") and name != ".vs"):
        return False
    # A junction is a link, too, though not to Python before 3.12.
    return os.path.realpath(root / folder) == str(root / folder)


class _Reader:
    """Reads files, up to a size for each and for all."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._left = _BYTES

    def __call__(self, path: PurePosixPath) -> bytes:
        try:
            with (self._root / path).open("rb") as file:
                content = file.read(_FILE_BYTES + 1)
        except OSError as problem:
            raise Unreadable(f"cannot be read: {problem.strerror or problem}") from None
        if len(content) > _FILE_BYTES:
            raise Unreadable(f"is larger than {_FILE_BYTES >> 20} MiB")
        self._left -= len(content)
        if self._left < 0:
            raise Unreadable("was not read: there is too much in the other files")
        return content
