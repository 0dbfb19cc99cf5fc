"""The page of a run: one HTML file with a timeline of its containers and tests, and everything known of failures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_wincontainers.evidence import FailureEvidence
from pytest_wincontainers.reports.logs.files import replace_file
from pytest_wincontainers.reports.page.view import shown_text, view_of
from pytest_wincontainers.reports.record.manifest import Manifest

PAGE = "index.html"
_HERE = Path(__file__).parent


def _readable(value: object) -> object:
    """Every value that the template writes, without what a page cannot have."""
    return shown_text(value) if type(value) is str else value


def write_page(folder: Path, manifest: Manifest, evidence: Mapping[str, FailureEvidence]) -> None:
    """Write the page into the run's folder; `evidence` is by its path there. Raises OSError."""
    # Not before: a run without containers does not load it.
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        finalize=_readable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    page = environment.get_template("page.html.jinja").render(view=view_of(folder, manifest, evidence))
    replace_file(folder / PAGE, page.encode("utf-8", "replace"))
