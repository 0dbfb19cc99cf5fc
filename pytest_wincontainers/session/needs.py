"""What the selected tests need, read from fixture names and marks; nothing is started for a skipped test."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from _pytest.skipping import evaluate_skip_marks

from pytest_wincontainers.errors import DeclarationError, closest
from pytest_wincontainers.services.declaration import declaration_of

MARK = "wincontainers"


@dataclass(frozen=True)
class Need:
    """What one test needs: all of it, and the part that only its marks name."""

    names: frozenset[str]
    marked: frozenset[str]


def need_of(item: pytest.Item, declared: Collection[str]) -> Need:
    """What a test needs. Raises DeclarationError for a mark that names no container."""
    marked: set[str] = set()
    for mark in item.iter_markers(MARK):
        if not mark.args or mark.kwargs or not all(isinstance(name, str) for name in mark.args):
            raise DeclarationError(
                f"{item.nodeid} has a {MARK} mark without names of containers",
                hint=f'write @pytest.mark.{MARK}("database")',
            )
        for name in mark.args:
            if name not in declared:
                raise DeclarationError(
                    f"{item.nodeid} is marked with {name!r}, but no container has that name{closest(name, declared)}",
                    hint=f"declared containers: {', '.join(declared) or 'none'}; declare containers in the root "
                    "conftest.py or in a plugin",
                )
            marked.add(name)
    used = {name for name in getattr(item, "fixturenames", ()) if name in declared and not _is_shadowed(item, name)}
    return Need(frozenset(marked | used), frozenset(marked))


def _is_shadowed(item: pytest.Item, name: str) -> bool:
    """Whether the fixture of that name is another one, which does not use the container's."""
    definitions: Mapping[str, Sequence[Any]] = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    for definition in reversed(definitions.get(name, ())):
        if declaration_of(definition.func) is not None:
            return False
        if name not in definition.argnames:
            return True
    return False


def is_skipped(item: pytest.Item) -> bool:
    """Whether a skip or skipif mark will keep the test from running."""
    try:
        # pytest's own reading of its marks, which also evaluates conditions that are texts.
        return evaluate_skip_marks(item) is not None
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - pytest reports a bad condition at the test itself
        return True


def files_without_needs_first(items: list[pytest.Item], needy: Iterable[pytest.Item]) -> None:
    """Reorder in place: files of which no test needs a container come first, so that containers start meanwhile.

    Whole files move, so that module and class fixtures are set up as often as before.
    """
    waiting = {item.path for item in needy}
    items.sort(key=lambda item: item.path in waiting)
