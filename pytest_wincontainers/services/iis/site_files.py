"""The files of an application's directory, and what they become in the container."""

from __future__ import annotations

import ntpath
import os
import re
from pathlib import Path, PureWindowsPath

from pytest_wincontainers.errors import DeclarationError, closest
from pytest_wincontainers.webconfig import Named


class SiteFiles:
    """The files of a directory, of which some are changed for the container. The directory is only read.

    A name is a file's path in the directory, with forward slashes and in the case that it has on the disk.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.changed: dict[str, bytes] = {}

    def path(self, name: str) -> Path:
        """Where the file is on the disk."""
        return self.folder / name

    def read(self, name: str) -> bytes:
        """The file's content by now. Raises DeclarationError."""
        if name in self.changed:
            return self.changed[name]
        try:
            return self.path(name).read_bytes()
        except OSError as error:
            raise DeclarationError(
                f"{self.path(name)} cannot be read: {error.strerror or error}", hint="check the file's permissions"
            ) from error

    def document(self, name: str) -> Path | Named:
        """The file's content by now, for what reads XML."""
        return Named(str(self.path(name)), self.changed[name]) if name in self.changed else self.path(name)

    def change(self, name: str, content: bytes) -> None:
        """Give the file another content in the container."""
        self.changed[name] = content

    def look_up(self, given: str | Path) -> str | None:
        """The name of a file that users or .NET call by this path, with slashes of either kind and in any case.

        None if there is none, or if the path leads out of the directory.
        """
        path = PureWindowsPath(ntpath.normpath(str(given)))
        if path.anchor or ".." in path.parts:
            return None
        found = self.folder
        for part in path.parts:
            try:
                names = [entry.name for entry in found.iterdir()]
            except OSError:
                return None
            # Where case counts there can be several: as with a web.config, the last one is taken.
            same = [part] if part in names else sorted(name for name in names if name.lower() == part.lower())
            if not same:
                return None
            found /= same[-1]
        return found.relative_to(self.folder).as_posix() if found.is_file() else None

    def find(self, given: str | Path, option: str) -> str:
        """The name of a file that an option names. Raises DeclarationError."""
        found = self.look_up(given)
        if found is not None:
            return found
        path = PureWindowsPath(ntpath.normpath(str(given)))
        if path.anchor or ".." in path.parts:
            raise DeclarationError(
                f"{option} names {given}, which leads out of {self.folder}",
                hint="write the file's path in the application's directory; files elsewhere are not changed",
            )
        folder = self.path(path.parent.as_posix())
        names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
        raise DeclarationError(
            f"{option} names {given}, which does not exist in {self.folder}{closest(path.name, names)}",
            hint="write the file's path in the application's directory; publish the site before the tests run",
        )

    def matching(self, pattern: str, option: str) -> list[str]:
        """The names of the files that a path with `*`, `**` and `?` stands for. Raises DeclarationError for none."""
        if not re.search(r"[*?]", pattern):
            return [self.find(pattern, option)]
        wanted = _expression(pattern)
        found = sorted(name for name in self._every_name() if wanted.fullmatch(name))
        if not found:
            raise DeclarationError(
                f"{option} names {pattern}, which matches no file in {self.folder}",
                hint='write "*.config" for files of the directory itself, and "**/*.config" for all below it',
            )
        return found

    def _every_name(self) -> list[str]:
        # Links that lead in a circle have been refused before.
        return [
            (Path(folder) / name).relative_to(self.folder).as_posix()
            for folder, _, names in os.walk(self.folder, followlinks=True)
            for name in names
        ]


def _expression(pattern: str) -> re.Pattern[str]:
    pieces = re.split(r"(\*\*/|\*+|\?)", pattern.replace("\\", "/").removeprefix("./"))
    written = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(written.get(piece) or re.escape(piece) for piece in pieces), re.IGNORECASE | re.DOTALL)
