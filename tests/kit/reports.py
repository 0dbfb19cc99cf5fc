"""The plugins for reports that tests run beside this one, in a directory of their own."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".venv" / "reports"
"""Where `dev.py` installs them."""


def with_reports(environment=os.environ):
    """An environment in which pytest loads them."""
    assert (FOLDER / "pytest_html").is_dir(), "run the tests with `python3 dev.py test`, which installs them"
    return {**environment, "PYTHONPATH": os.pathsep.join(filter(None, [str(FOLDER), environment.get("PYTHONPATH")]))}
