"""A project in the form of `docker compose config --format json`, for people and for comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_wincontainers.compose.project import Project
from pytest_wincontainers.compose.tree import Node, plain


def as_config(project: Project) -> dict[str, Any]:
    """The resolved values, without places and extensions (`x-…`); values that are empty mean the same as none."""
    found: dict[str, Any] = {"name": project.name}
    for key, value in project.document.fields.items():
        if key == "services":
            found[key] = {name: _service(one) for name, one in value.fields.items()}
        elif key in {"networks", "volumes", "secrets", "configs"}:
            found[key] = {name: _resource(project, name, one) for name, one in value.fields.items()}
    return found


def _service(node: Node) -> dict[str, Any]:
    return {key: value for key, value in plain(node).items() if not key.startswith("x-")}


def _resource(project: Project, name: str, node: Node) -> dict[str, Any]:
    found = plain(node) or {}
    external = found.get("external")
    if isinstance(external, Mapping):
        found = {**found, "external": True, "name": external.get("name", name)}
    elif external:
        found = {"name": name, **found}
    return {"name": f"{project.name}_{name}", **{key: value for key, value in found.items() if value is not False}}
