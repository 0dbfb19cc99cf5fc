"""Directories and files copied into and out of containers, as the tar archives that engines use."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from pytest_wincontainers.errors import LinkError
from pytest_wincontainers.machine import MACHINE


@dataclass(frozen=True)
class Folder:
    """A directory or file of this machine to copy into a container; `target` is its path there.

    `source` may also be the content of one file. `replaced` maps paths of files, relative to the directory and with
    forward slashes, to their new contents. Without a source, only these files are copied.
    """

    source: Path | bytes | None
    target: str
    replaced: Mapping[str, bytes] = field(default_factory=dict)
    wanted: Callable[[PurePosixPath, bool], bool] = lambda _name, _directory: True
    """Asked as in `walk` what of the directory is copied."""
    writable: bool = False
    """Whether all accounts in a Linux container may change it."""


def packed(folders: Iterable[Folder]) -> BinaryIO:
    """A tar archive of the folders, for the root of a container; closing it removes it.

    Raises LinkError for a link that leads out of its folder, and OSError for what cannot be read.
    """
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        with tarfile.open(mode="w", fileobj=spool) as archive:
            for folder in folders:
                _add(archive, folder)
    except (OSError, LinkError):
        spool.close()
        raise
    spool.seek(0)
    return spool


def digest(folders: Iterable[Folder], *, without: bytes = b"") -> str:
    """A hash of all that `packed` would copy: equal for equal names, contents and modes. Raises as `packed` does.

    `without` is left out of contents that are not files of this machine.
    """
    found = hashlib.sha256()
    stripped = [
        replace(one, source=one.source.replace(without, b"")) if without and isinstance(one.source, bytes) else one
        for one in folders
    ]
    with packed(stripped) as archive:
        while piece := archive.read(1 << 20):
            found.update(piece)
    return found.hexdigest()


def _add(archive: tarfile.TarFile, folder: Folder) -> None:
    root = PureWindowsPath(folder.target).relative_to(PureWindowsPath(folder.target).anchor).as_posix()
    if isinstance(folder.source, bytes):
        archive.addfile(_entry(root, size=len(folder.source), writable=folder.writable), BytesIO(folder.source))
        return
    if folder.source is not None and not folder.source.is_dir():
        _add_file(archive, folder.source, root, writable=folder.writable)
        return
    # A folder that is empty, too, must be there.
    archive.addfile(_entry(root, directory=True, writable=folder.writable))
    if folder.source is not None:
        _add_tree(archive, folder.source, root, folder)
    for name, content in folder.replaced.items():
        archive.addfile(_entry(f"{root}/{name}", size=len(content)), BytesIO(content))


def _add_tree(archive: tarfile.TarFile, source: Path, root: str, folder: Folder) -> None:
    for name, path in walk(source, folder.wanted):
        if name.as_posix() in folder.replaced:
            continue
        if path.is_dir():
            archive.addfile(_entry(f"{root}/{name}", directory=True, writable=folder.writable))
        else:
            _add_file(archive, path, f"{root}/{name}", writable=folder.writable)


def walk(
    folder: Path, wanted: Callable[[PurePosixPath, bool], bool] = lambda _name, _directory: True
) -> Iterator[tuple[PurePosixPath, Path]]:
    """The directories and files below a directory, each with its relative name; in the same order everywhere.

    `wanted` is asked with each name, and whether it is a directory's; what it does not want is left out with all below
    it. Links that stay in the directory are followed; the directory itself may be a link. Raises LinkError for a link
    that leads out of it, to a directory that contains the link, or nowhere; and OSError.
    """
    root = _real(folder)
    yield from _walk(folder, PurePosixPath(), (root,), wanted)


def check_links(folder: Path) -> None:
    """Raise LinkError for the first link in a directory that cannot be followed."""
    for _ in walk(folder):
        pass


def _walk(
    folder: Path, above: PurePosixPath, ways: tuple[Path, ...], wanted: Callable[[PurePosixPath, bool], bool]
) -> Iterator[tuple[PurePosixPath, Path]]:
    # By name, as Windows compares paths in another way.
    for path in sorted(ways[-1].iterdir(), key=lambda one: one.name):
        name, directory = above / path.name, path.is_dir()
        if not wanted(name, directory):
            continue
        # A directory may be a junction, which is no link to Python before 3.12.
        real = _real(path) if path.is_symlink() or directory else path
        if not real.is_relative_to(ways[0]):
            raise _leads_out(folder / name, folder, real)
        if not real.exists():
            raise LinkError(
                f"the link {folder / name} leads to {real}, which does not exist",
                hint="remove the link, or create what it leads to",
            )
        if real in ways:
            raise LinkError(
                f"the link {folder / name} leads to {real}, which contains it",
                hint="remove the link; files cannot be copied in a circle",
            )
        if directory:
            yield name, folder / name
            yield from _walk(folder, name, (*ways, real), wanted)
        elif real.is_file():
            yield name, folder / name


def _real(path: Path) -> Path:
    # Not Path.resolve(), which raises RuntimeError for a link to itself, or OSError, as the version of Python has it.
    return Path(os.path.realpath(path))


def _leads_out(link: Path, folder: Path, real: Path) -> LinkError:
    return LinkError(
        f"the link {link} leads out of {folder}, to {real}",
        hint="remove the link, or put what it leads to into the directory",
    )


def _add_file(archive: tarfile.TarFile, path: Path, name: str, *, writable: bool) -> None:
    with path.open("rb") as file:
        entry = _entry(name, size=path.stat().st_size, executable=MACHINE.is_executable(path), writable=writable)
        archive.addfile(entry, file)


def _entry(
    name: str, *, size: int = 0, directory: bool = False, executable: bool = False, writable: bool = False
) -> tarfile.TarInfo:
    # Owner, mode and time are ours, not this machine's, so that what the container gets is the same everywhere.
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = (0o755 if directory or executable else 0o644) | (0o022 if writable else 0)
    entry.type = tarfile.DIRTYPE if directory else tarfile.REGTYPE
    return entry


def rebased(pieces: Iterator[bytes], target: str, to: BinaryIO) -> None:
    """Write a tar archive of one file or folder anew, for the root of a container; `target` is its path there."""
    root = PureWindowsPath(target).relative_to(PureWindowsPath(target).anchor).as_posix()

    def moved(name: str) -> str:
        return str(PurePosixPath(root, *PurePosixPath(name.lstrip("./")).parts[1:]))

    with tempfile.TemporaryFile() as spool:
        for piece in pieces:
            spool.write(piece)
        spool.seek(0)
        with tarfile.open(fileobj=spool) as source, tarfile.open(fileobj=to, mode="w") as archive:
            for entry in source:
                content = source.extractfile(entry) if entry.isreg() else None
                entry.name = moved(entry.name)
                if entry.islnk():
                    entry.linkname = moved(entry.linkname)
                # They would win over the names.
                entry.pax_headers = {
                    name: value for name, value in entry.pax_headers.items() if name not in ("path", "linkpath")
                }
                archive.addfile(entry, content)


def unpack(pieces: Iterator[bytes], target: Path) -> int:
    """Write what a tar archive holds, one file or one folder, to `target`. Raises OSError.

    Links and devices are left out, as what a container says must not reach beyond `target`; returns how many links
    there were. For the same reason a link in `target` that leads out of it raises LinkError.
    """
    root, links = _real(target), 0
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
                links += entry.issym() or entry.islnk()
                inside = PurePosixPath(*PurePosixPath(entry.name.lstrip("./")).parts[1:])
                # As Windows reads it too, where a backslash leads on and a colon to another drive.
                read = PureWindowsPath(str(inside))
                if ".." in {*inside.parts, *read.parts} or inside.is_absolute() or read.anchor:
                    raise OSError(f"the archive contains a path outside its directory: {entry.name}")
                place = root / inside
                if not _real(place).is_relative_to(root):
                    raise _leads_out(target / inside, target, _real(place))
                if entry.isdir():
                    place.mkdir(parents=True, exist_ok=True)
                elif entry.isfile():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    content = archive.extractfile(entry)
                    with place.open("wb") as file:
                        shutil.copyfileobj(content, file)  # type: ignore[arg-type]
    return links
