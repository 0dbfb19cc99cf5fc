"""The contexts of the docker CLI: which one is selected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

DEFAULT = "default"
"""The context of the engine on this machine at its usual place."""


def folder_of(environ: Mapping[str, str]) -> Path:
    """The directory of the CLI's configuration."""
    return Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def selected(environ: Mapping[str, str]) -> str:
    """The context that DOCKER_CONTEXT names, or else `docker context use` has selected."""
    return environ.get("DOCKER_CONTEXT") or _current(folder_of(environ))


def _current(folder: Path) -> str:
    try:
        configured = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return DEFAULT
    return str(configured.get("currentContext") or DEFAULT) if isinstance(configured, dict) else DEFAULT
