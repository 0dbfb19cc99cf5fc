"""The directory of a run's artifacts, and which directories of earlier runs are kept."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

_KEPT = 10
_RUN = re.compile(r"\d{8}-\d{6}-[a-z0-9]+")
_LONGEST_NAME = 100


def run_folder(artifacts: Path, run: str) -> Path:
    """The folder of a run; its name sorts by time."""
    return artifacts / f"{time.strftime('%Y%m%d-%H%M%S')}-{run}"


def make_run_folder(folder: Path) -> None:
    """Make it, beside earlier runs' folders, of which those beyond ten go, and out of version control's sight."""
    artifacts = folder.parent
    artifacts.mkdir(parents=True, exist_ok=True)
    ignore = artifacts / ".gitignore"
    if not ignore.exists():
        ignore.write_text("# made by pytest-wincontainers\n*\n", "utf-8")
    earlier = sorted(one for one in artifacts.iterdir() if _RUN.fullmatch(one.name))
    for one in earlier[: -(_KEPT - 1)]:
        shutil.rmtree(one, ignore_errors=True)
    folder.mkdir()


def folder_of_test(run_folder: Path, nodeid: str) -> Path:
    """The folder for what one test leaves; its name is the test's, made safe for every file system."""
    name = re.sub(r"[^\w.-]+", "-", nodeid, flags=re.ASCII).strip("-.")
    folder = run_folder / "tests" / name[-_LONGEST_NAME:].lstrip("-.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
