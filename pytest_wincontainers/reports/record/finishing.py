"""What is made of a run's journals at its end: the manifest and the page, also by the watchdog of a killed owner."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

from pytest_wincontainers.evidence import FailureEvidence
from pytest_wincontainers.reports.logs.files import replace_file
from pytest_wincontainers.reports.page import PAGE, write_page
from pytest_wincontainers.reports.record.journal import FOLDER, entries_of
from pytest_wincontainers.reports.record.manifest import Manifest, manifest_of

MANIFEST = "run.json"


def claim(folder: Path) -> Manifest | None:
    """Make the manifest of the run whose folder this is, and put the journals away.

    None if they are gone: whoever else may do it, the owner or its watchdog, was first, or somebody has removed them.
    """
    mine = folder / f"{FOLDER}.{os.getpid()}"
    try:
        (folder / FOLDER).rename(mine)
    except FileNotFoundError:
        return None
    except OSError:
        # On Windows, while a worker that was killed still has its file.
        mine = folder / FOLDER
    entries = entries_of(mine)
    shutil.rmtree(mine, ignore_errors=True)
    manifest = manifest_of(entries)
    return manifest if manifest.run else None


def save(folder: Path, manifest: Manifest) -> None:
    """Write the manifest and the page. Raises OSError."""
    content = json.dumps(manifest.as_json(), ensure_ascii=False, separators=(",", ":"))
    replace_file(folder / MANIFEST, f"{content}\n".encode("utf-8", "replace"))
    write_page(folder, manifest, evidence_of(manifest, folder))


def page_of(folder: Path) -> Path:
    """The path of the run's page."""
    return folder / PAGE


def evidence_of(manifest: Manifest, folder: Path) -> dict[str, FailureEvidence]:
    """The evidence that was saved, by its path."""
    found = {}
    for path in (phase.evidence for test in manifest.tests for phase in test.phases if phase.evidence):
        with suppress(OSError, ValueError, KeyError, TypeError):
            found[path] = FailureEvidence.from_json(json.loads((folder / path).read_text("utf-8")))
    return found
