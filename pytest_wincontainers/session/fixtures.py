"""Fixtures that outlive a test: a warning for one whose changes to a container are undone before the next test."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any

import pytest

from pytest_wincontainers.errors import WincontainersWarning
from pytest_wincontainers.services.declaration import declaration_of, holders_in


def register_declarations(manager: pytest.PytestPluginManager, plugins: Iterable[object]) -> None:
    """Have pytest find the fixtures of values that stand for several declarations."""
    for holder in holders_in(plugins):
        if not manager.is_registered(holder):
            manager.register(holder, f"wincontainers-declarations-{id(holder)}")


class WideFixtures:
    """Watches the fixtures of a session, once it is registered as a plugin.

    `changes` counts, by container, the changes so far to what is restored before each test.
    """

    def __init__(self, changes: Callable[[], Mapping[str, int]]) -> None:
        self._changes = changes
        self._told: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        name = fixturedef.argname
        if fixturedef.scope == "function" or name in self._told or declaration_of(fixturedef.func) is not None:
            return (yield)
        before = self._changes()
        result = yield
        after = self._changes()
        changed = sorted(one for one, count in after.items() if count > before.get(one, count))
        if changed:
            self._told.add(name)
            self._warn(fixturedef, ", ".join(changed))
        return result

    @staticmethod
    def _warn(fixturedef: pytest.FixtureDef[Any], changed: str) -> None:
        code = getattr(fixturedef.func, "__code__", None)
        warnings.warn_explicit(
            f"the {fixturedef.scope}-scoped fixture {fixturedef.argname} changes {changed}, which is restored before "
            "each test: its changes are there in the first test only; give it the scope of a function, or make the "
            "changes in prepare= or a migration",
            WincontainersWarning,
            code.co_filename if code is not None else fixturedef.baseid,
            code.co_firstlineno if code is not None else 0,
        )
