"""What jobs leave for later runs: their caches and outputs, in the state folder, each under a key of its inputs."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_KEPT = 20
_KEPT_SECONDS = 30 * 24 * 3600
_UNFINISHED = ".unfinished-"
_UNFINISHED_SECONDS = 24 * 3600
"""A process that was killed leaves one behind."""


def key_of(*parts: str | bytes) -> str:
    """A key of all these parts."""
    found = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        found.update(f"{len(content)}\0".encode() + content)
    return found.hexdigest()[:32]


class Keeping:
    """One kind of what is kept: a folder with an entry for each key. Entries appear whole, or not at all."""

    def __init__(self, state: Path, kind: str) -> None:
        self._folder = state / kind

    def find(self, key: str) -> Path | None:
        """The entry with that key. It counts as new again."""
        entry = self._folder / key
        if not entry.exists():
            return None
        with suppress(OSError):
            entry.touch()
        return entry

    def keep(self, key: str, write: Callable[[Path], None]) -> None:
        """Keep what `write` writes at the path it is given, unless there is such an entry. Raises what it raises."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self._folder))
        try:
            write(unfinished / key)
            # Another run may have been faster, and Windows then refuses.
            if not (self._folder / key).exists():
                try:
                    (unfinished / key).rename(self._folder / key)
                except OSError:
                    if not (self._folder / key).exists():
                        raise
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        self._prune()

    def forget(self, entry: Path) -> None:
        """Remove an entry that cannot be used."""
        _remove(entry)

    def _prune(self) -> None:
        with suppress(OSError):
            every = sorted(self._folder.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
            entries = [one for one in every if not one.name.startswith(_UNFINISHED)]
            for entry in every:
                age = time.time() - entry.stat().st_mtime
                if entry not in entries:
                    useless = age > _UNFINISHED_SECONDS
                else:
                    useless = age > _KEPT_SECONDS or entries.index(entry) >= _KEPT
                if useless:
                    _remove(entry)


def _remove(entry: Path) -> None:
    # First out of the way of whoever looks for it.
    with suppress(OSError):
        entry = entry.rename(entry.with_name(f"{_UNFINISHED}{entry.name}"))
    if entry.is_dir():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        with suppress(OSError):
            entry.unlink()
