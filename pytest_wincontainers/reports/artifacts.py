"""The directory of a run's artifacts, and which directories of earlier runs are kept."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

LATEST = "latest"
_DAY_SECONDS = 24 * 3600.0
_RUN = re.compile(r"\d{8}-\d{6}-[a-z0-9]+")
_MANIFEST = "run.json"
_LOCK = ".lock"
_LONGEST_NAME = 80
_DIGEST_LENGTH = 8


class RunFolder:
    """The folder of a run; its name sorts by time. It is locked while the run lasts, so that no other removes it."""

    def __init__(self, artifacts: Path, run: str, *, runs: int, days: int) -> None:
        self.path = artifacts / f"{time.strftime('%Y%m%d-%H%M%S')}-{run}"
        self._run = run
        self._runs = runs
        self._days = days
        # Taken in one thread and let go in another.
        self._lock = FileLock(self.path / _LOCK, thread_local=False)

    def make(self, *, latest: bool = True) -> None:
        """Make it, beside earlier runs' folders, of which the oldest go, and out of version control's sight.

        With `latest`, the link of that name beside it leads to it. Raises OSError.
        """
        artifacts = self.path.parent
        artifacts.mkdir(parents=True, exist_ok=True)
        ignore = artifacts / ".gitignore"
        if not ignore.exists():
            ignore.write_text("# made by pytest-wincontainers\n*\n", "utf-8")
        _prune(artifacts, self._runs, self._days)
        self.path.mkdir()
        if latest:
            _point(artifacts / LATEST, self.path.name)
        # Only what has a manifest is ever removed: on a share that knows no locks, nothing is.
        with suppress(OSError, NotImplementedError):
            self._lock.acquire()
            (self.path / _MANIFEST).write_text(json.dumps({"run": self._run}) + "\n", "utf-8")

    def release(self) -> None:
        """The run is over."""
        self._lock.release()


def _point(link: Path, name: str) -> None:
    """Have a link lead to the folder of that name beside it, or a file name it where links are not to be had."""
    if link.is_dir() and not link.is_symlink():
        # Somebody else's.
        return
    folder = link.with_name(name)
    made = link.with_name(f"{link.name}.{name}")
    with suppress(OSError, NotImplementedError):
        made.symlink_to(name, target_is_directory=True)
        try:
            made.replace(link)
        except OSError:
            # Windows replaces no link to a directory.
            link.unlink()
            made.replace(link)
    with suppress(OSError):
        made.unlink(missing_ok=True)
        if not (link.exists() and link.samefile(folder)):
            link.unlink(missing_ok=True)
            link.write_text(f"{name}\n", "utf-8")


def _prune(artifacts: Path, kept: int, days: int) -> None:
    """Remove the folders of earlier runs beyond the newest, and older ones than that.

    Not those of running ones, nor what others put there.
    """
    runs = sorted(one for one in artifacts.iterdir() if _RUN.fullmatch(one.name) and (one / _MANIFEST).is_file())
    newest = runs[max(0, len(runs) - (kept - 1)) :]
    oldest = time.strftime("%Y%m%d-%H%M%S", time.localtime(time.time() - days * _DAY_SECONDS)) if days else ""
    for one in runs:
        if (one not in newest or one.name < oldest) and not _is_running(one):
            shutil.rmtree(one, ignore_errors=True)


def _is_running(folder: Path) -> bool:
    lock = folder / _LOCK
    if not lock.exists():
        return False
    try:
        with FileLock(lock, blocking=False):
            return False
    except (Timeout, OSError, NotImplementedError):
        return True


def folder_of_test(run_folder: Path, nodeid: str, attempt: int = 1) -> Path:
    """The folder for what one run of a test leaves; its name is the test's, made safe for every file system.

    A digest tells tests apart whose names are then the same, or only differ in case.
    """
    digest = hashlib.sha256(nodeid.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
    name = re.sub(r"[^\w.-]+", "-", nodeid, flags=re.ASCII).strip("-.")
    name = name[-(_LONGEST_NAME - _DIGEST_LENGTH - 1) :].strip("-.")
    folder = run_folder / "tests" / f"{name}-{digest}".lstrip("-")
    return folder if attempt == 1 else folder / f"attempt-{attempt}"
