"""Packing the folders that go into a container before it starts."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from pytest_wincontainers.services.base import Folder


def packed(folders: Iterable[Folder]) -> BinaryIO:
    """A tar archive of the folders, for the root of a container; closing it removes it."""
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with tarfile.open(mode="w", fileobj=spool) as archive:
        for folder in folders:
            root = PureWindowsPath(folder.target).relative_to(PureWindowsPath(folder.target).anchor).as_posix()
            # A folder that is empty, too, must be there.
            archive.addfile(_entry(root, directory=True))
            for path in sorted(folder.source.rglob("*")):
                name = path.relative_to(folder.source).as_posix()
                if name in folder.replaced:
                    continue
                if path.is_dir():
                    archive.addfile(_entry(f"{root}/{name}", directory=True))
                elif path.is_file():
                    entry = _entry(f"{root}/{name}", size=path.stat().st_size, executable=_executable(path))
                    with path.open("rb") as file:
                        archive.addfile(entry, file)
            for name, content in folder.replaced.items():
                archive.addfile(_entry(f"{root}/{name}", size=len(content)), BytesIO(content))
    spool.seek(0)
    return spool


def _entry(name: str, *, size: int = 0, directory: bool = False, executable: bool = False) -> tarfile.TarInfo:
    # Owner, mode and time are ours, not this machine's, so that what the container gets is the same everywhere.
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o755 if directory or executable else 0o644
    entry.type = tarfile.DIRTYPE if directory else tarfile.REGTYPE
    return entry


def _executable(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o100)
