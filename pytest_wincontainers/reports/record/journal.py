"""The journal of a run: what happens in each of its processes, as lines of JSON, one file for each process.

A line is there as soon as it is written, so that a run whose owner was killed can still be told of.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

from pytest_wincontainers.reports.logs.files import write_all

FOLDER = "journal"
OWNER = "owner"
_LATEST_BYTES = 256 * 1024

Entry = Mapping[str, Any]
"""A line: `at` in seconds since 1970, `kind`, the `worker` that it is of, and what belongs to that kind."""


class Journal:
    """Writes the lines of one process; `mask` takes the run's secrets out. Never raises: a full disk costs lines."""

    def __init__(self, run_folder: Path, process: str, mask: Callable[[str], str] = lambda line: line) -> None:
        self.path = run_folder / FOLDER / f"{process or OWNER}.jsonl"
        self._process = process
        self._mask = mask
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        self._closed = False

    def write(self, kind: str, **values: Any) -> None:
        """Add a line."""
        # Texts only: a secret may be a part of a number, or of a name here.
        entry = {"at": round(time.time(), 6), "kind": kind, "worker": self._process, **self._masked(values)}
        line = json.dumps(entry, separators=(",", ":"))
        with self._lock, suppress(OSError):
            if self._closed:
                return
            if self._file is None:
                self.path.parent.mkdir(exist_ok=True)
                self._file = FileIO(self.path, "a")
            write_all(self._file, line.encode() + b"\n")

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._mask(value)
        if isinstance(value, dict):
            return {key: self._masked(one) for key, one in value.items()}
        return [self._masked(one) for one in value] if isinstance(value, (list, tuple)) else value

    def close(self) -> None:
        """Write nothing more."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()


def entries_of(journals: Path) -> list[Entry]:
    """The lines of all processes in the order of their times, from the folder of the journals."""
    paths = sorted(journals.glob("*.jsonl"))
    found = [entry for path in paths for entry in _read(path, 0)]
    return sorted(found, key=lambda entry: float(entry["at"]))


def latest_entries(path: Path) -> Iterator[Entry]:
    """The last lines of one process."""
    with suppress(OSError):
        yield from _read(path, max(0, path.stat().st_size - _LATEST_BYTES))


def _read(path: Path, start: int) -> Iterator[Entry]:
    with suppress(OSError), path.open("rb") as file:
        file.seek(start)
        for line in file:
            # The first one may be cut, and the last one of a process that was killed.
            with suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and {"at", "kind"} <= entry.keys():
                    yield entry
