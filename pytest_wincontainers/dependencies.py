"""Which containers need which others, and in which order they can be made; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from pytest_wincontainers.errors import DeclarationError, closest
from pytest_wincontainers.services.declaration import Declaration


def closure(declarations: Sequence[Declaration], names: Iterable[str]) -> set[str]:
    """The names and all that they need; unknown ones and cycles are left for `make_plan` to complain of."""
    needs = {declaration.name: declaration.needs for declaration in declarations}
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left.extend(needs.get(name, ()))
    return found


def in_order(declarations: Sequence[Declaration], names: Iterable[str]) -> list[str]:
    """The names and all that they need, each after what it needs. Raises DeclarationError as `make_plan` does."""
    return [one.name for one in ordered({one.name: one for one in declarations}, sorted(names))]


def ordered(declarations: Mapping[str, Declaration], needed: Collection[str]) -> list[Declaration]:
    """The declarations that are needed, each after what it needs, otherwise in the order of declaration.

    Raises DeclarationError for a circular dependency and for a name that is not declared.
    """
    found: dict[str, Declaration] = {}

    def visit(name: str, path: tuple[str, ...], asked: str) -> None:
        if name in found:
            return
        if name in path:
            cycle = " -> ".join((*path[path.index(name) :], name))
            raise DeclarationError(
                f"circular dependency between containers: {cycle}",
                details="\n".join(declarations[one].where for one in path[path.index(name) :]),
                hint="remove a parameter from one of these functions",
            )
        if name not in declarations:
            known = ", ".join(declarations) or "none"
            raise DeclarationError(
                f"{asked} needs a container called {name!r}, but none is declared{closest(name, declarations)}",
                hint=f"declared containers: {known}; declare containers in the root conftest.py or in a plugin; "
                "parameters of a declaring function name containers, not other fixtures",
            )
        declaration = declarations[name]
        for need in declaration.needs:
            visit(need, (*path, name), f"{declaration.where}: {name}")
        found[name] = declaration

    # In the order of declaration, so that a plan reads as the conftest does.
    for name in sorted(needed, key=lambda name: [*declarations, name].index(name)):
        visit(name, (), "a test")
    return list(found.values())
