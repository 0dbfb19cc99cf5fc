"""Directories and files copied into and out of containers, as the tar archives that engines use."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from pytest_wincontainers.errors import DeclarationError


@dataclass(frozen=True)
class Folder:
    """A directory or file of this machine to copy into a container; `target` is its path there.

    `replaced` maps paths of files, relative to the directory and with forward slashes, to their new contents. Without
    a source, only these files are copied.
    """

    source: Path | None
    target: str
    replaced: Mapping[str, bytes] = field(default_factory=dict)


def walk(
    folder: Path, wanted: Callable[[PurePosixPath, bool], bool] = lambda _name, _directory: True
) -> Iterator[tuple[PurePosixPath, Path]]:
    """The directories and files below a directory, each with its relative path; in the same order everywhere.

    Links are followed where they stay inside the directory. `wanted` is asked with each relative path, and whether it
    is a directory's; what it does not want is left out with all below it. Raises DeclarationError for a link that leads
    out of the directory, and OSError.
    """
    root = Path(os.path.realpath(folder))
    # What a link in a directory leads back to holds that directory, too, and would have no end.
    waiting = [(PurePosixPath(), folder, frozenset({root}))]
    while waiting:
        above, place, ways = waiting.pop()
        below = []
        for path in sorted(place.iterdir(), key=lambda one: one.name):
            name, directory = above / path.name, path.is_dir()
            if not (directory or path.is_file()) or not wanted(name, directory):
                continue
            # A directory of Windows may be a link without being called one.
            real = Path(os.path.realpath(path)) if directory or path.is_symlink() else path
            if real is not path and not real.is_relative_to(root):
                raise DeclarationError(
                    f"{path} is a link that leads out of {folder}, to {real}",
                    hint="put a copy there instead of the link, or the link's target into the directory",
                )
            if not directory:
                yield name, path
            elif real not in ways:
                yield name, path
                below.append((name, path, ways | {real}))
        waiting += reversed(below)


def packed(folders: Iterable[Folder]) -> BinaryIO:
    """A tar archive of the folders, for the root of a container; closing it removes it.

    Raises OSError for what cannot be read.
    """
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        with tarfile.open(mode="w", fileobj=spool) as archive:
            for folder in folders:
                _add(archive, folder)
    except OSError:
        spool.close()
        raise
    spool.seek(0)
    return spool


def _add(archive: tarfile.TarFile, folder: Folder) -> None:
    root = PureWindowsPath(folder.target).relative_to(PureWindowsPath(folder.target).anchor).as_posix()
    if folder.source is not None and not folder.source.is_dir():
        _add_file(archive, folder.source, root)
        return
    # A folder that is empty, too, must be there.
    archive.addfile(_entry(root, directory=True))
    if folder.source is not None:
        _add_tree(archive, folder.source, root, folder.replaced)
    for name, content in folder.replaced.items():
        archive.addfile(_entry(f"{root}/{name}", size=len(content)), BytesIO(content))


def _add_tree(archive: tarfile.TarFile, source: Path, root: str, left_out: Container[str]) -> None:
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if name in left_out:
            continue
        if path.is_dir():
            archive.addfile(_entry(f"{root}/{name}", directory=True))
        elif path.is_file():
            _add_file(archive, path, f"{root}/{name}")


def _add_file(archive: tarfile.TarFile, path: Path, name: str) -> None:
    with path.open("rb") as file:
        archive.addfile(_entry(name, size=path.stat().st_size, executable=_executable(path)), file)


def _entry(name: str, *, size: int = 0, directory: bool = False, executable: bool = False) -> tarfile.TarInfo:
    # Owner, mode and time are ours, not this machine's, so that what the container gets is the same everywhere.
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o755 if directory or executable else 0o644
    entry.type = tarfile.DIRTYPE if directory else tarfile.REGTYPE
    return entry


def _executable(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o100)


def unpack(pieces: Iterator[bytes], target: Path) -> None:
    """Write what a tar archive holds, one file or one folder, to `target`. Raises OSError.

    Links and devices are left out: what a container says must not reach beyond `target`.
    """
    with tempfile.TemporaryFile() as spool:
        # Whole first: as long as an archive is not read to its end, the engine keeps the container locked.
        for piece in pieces:
            spool.write(piece)
        spool.seek(0)
        try:
            archive = tarfile.open(fileobj=spool)  # noqa: SIM115 - used as a context below
        except tarfile.TarError as problem:
            raise OSError(f"the container sent an invalid archive: {problem}") from problem
        with archive:
            for entry in archive:
                inside = PurePosixPath(*PurePosixPath(entry.name.lstrip("./")).parts[1:])
                # As Windows reads it too, where a backslash leads on and a colon to another drive.
                read = PureWindowsPath(str(inside))
                if ".." in {*inside.parts, *read.parts} or inside.is_absolute() or read.anchor:
                    raise OSError(f"the archive contains a path outside its directory: {entry.name}")
                place = target / inside
                if entry.isdir():
                    place.mkdir(parents=True, exist_ok=True)
                elif entry.isfile():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    content = archive.extractfile(entry)
                    with place.open("wb") as file:
                        shutil.copyfileobj(content, file)  # type: ignore[arg-type]
