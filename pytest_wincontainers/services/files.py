"""The files of `files=`, which are copied into a container before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.packing import Folder, check_links
from pytest_wincontainers.services.outputs import Output

Content = Path | str | bytes | Output
"""A file or directory of this machine, what is in the file, or what a job has collected."""


def check_files(files: Mapping[str, Content], base: Path) -> None:
    """Raise DeclarationError for a target that cannot be, and for a source that is not there."""
    targets: dict[PurePath, str] = {}
    for target, content in files.items():
        place = _place(target)
        if place in targets:
            raise DeclarationError(
                f"files= has {targets[place]} and {target}, which are the same", hint="remove one of them"
            )
        targets[place] = target
        if isinstance(content, PathLike):
            source = base / content
            if not source.exists():
                raise DeclarationError(
                    f"files= copies {source}, which does not exist",
                    hint="a path is resolved against the declaring file's directory; pass the file's text as a string",
                )
            if source.is_dir():
                check_links(source)


def _place(target: str) -> PurePath:
    """Where it is in the container, in a form that is the same for the same file. Raises DeclarationError."""
    path = PureWindowsPath(target)
    if not path.root:
        raise DeclarationError(
            f"files= has a target that is not a full path: {target!r}",
            hint='write it from the root on, for example "C:/app/settings.json" or "/app/settings.json"',
        )
    if path.drive.upper() not in ("", "C:"):
        raise DeclarationError(
            f"files= has a target on {path.drive}: {target!r}", hint="containers only have drive C: to copy files to"
        )
    if path == PureWindowsPath(path.anchor) or ".." in path.parts:
        raise DeclarationError(
            f"files= has a target that names no file or directory: {target!r}",
            hint="end it with the name that the file or directory has in the container",
        )
    return path if path.drive or "\\" in target else PurePosixPath(target)


def folders_of(files: Mapping[str, Content], base: Path) -> tuple[Folder, ...]:
    """What to copy in."""
    return tuple(Folder(_source(content, base), target) for target, content in files.items())


def _source(content: Content, base: Path) -> Path | bytes:
    if isinstance(content, Output):
        raise TypeError(f"{content} has no path yet")
    if isinstance(content, bytes):
        return content
    return content.encode() if isinstance(content, str) else base / content
