"""The rules of Windows engines, one small named thing each, with where it is known from.

A rule acts before a request goes to the real engine, or on its answer; they are asked in the order of `RULES`.
`as_markdown` makes the table in docs/windows.md of them. Sources that begin with moby/moby name files of that
repository.
"""

from __future__ import annotations

import ast
from pathlib import Path

from . import (
    addresses,
    commands,
    containers,
    create,
    daemon,
    files,
    images,
    mounts,
    networks,
    standins,
    start,
    stop,
)
from .base import Rule
from .create import IGNORED, UNSUPPORTED

__all__ = ["IGNORED", "RULES", "UNSUPPORTED", "Rule", "as_markdown", "marked"]

RULES: tuple[Rule, ...] = (
    *daemon.RULES,
    *images.RULES,
    *create.RULES,
    *mounts.RULES,
    *containers.RULES,
    *start.RULES,
    *addresses.RULES,
    *stop.RULES,
    *commands.RULES,
    *files.RULES,
    *networks.RULES,
    *standins.RULES,
)


def as_markdown() -> str:
    """The table for the documentation: every rule with its source and the tests that are marked with it."""
    tests = marked()
    rows = [["rule", "what it does", "source", "tests"], ["---"] * 4]
    for rule in sorted(RULES, key=lambda rule: rule.name):
        if rule.of_windows:
            rows.append([f"`{rule.name}`", rule.says, rule.source, "<br>".join(tests.get(rule.name, []))])
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def marked() -> dict[str, list[str]]:
    """The tests that are marked with each rule, as file::function."""
    found: dict[str, list[str]] = {}
    for path in sorted(Path(__file__).parents[1].glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for mark in getattr(node, "decorator_list", ()):
                if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "rule":
                    for name in mark.args:
                        found.setdefault(name.value, []).append(f"`{path.name}::{node.name}`")  # type: ignore[attr-defined]
    return found
