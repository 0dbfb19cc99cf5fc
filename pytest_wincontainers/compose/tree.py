"""The values of compose files, each with the place where it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, eq=False)
class Node:
    """A value and its place. A value in a mapping is at the line of its key, where users look for it."""

    value: Scalar | Mapping[str, Node] | Sequence[Node]
    place: Place
    tag: Literal["", "reset", "override"] = ""
    """What an override file does with the value that it overrides: merge, remove or replace it."""

    @property
    def fields(self) -> Mapping[str, Node]:
        """The values by key; empty if this is not a mapping."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def items(self) -> Sequence[Node]:
        """The values of a sequence; empty if this is none."""
        return self.value if isinstance(self.value, (list, tuple)) else ()

    @property
    def text(self) -> str:
        """The value if it is a string, else the empty string."""
        return self.value if isinstance(self.value, str) else ""

    def at(self, *path: str) -> Node | None:
        """The value below these keys, or None."""
        found: Node | None = self
        for key in path:
            found = found.fields.get(key) if found is not None else None
        return found

    def entries(self, key: str) -> Sequence[Node]:
        """The values of the sequence below a key; empty if there is none."""
        found = self.fields.get(key)
        return found.items if found is not None else ()

    def with_value(self, value: Any) -> Node:
        """This node with another value."""
        return replace(self, value=value)

    def with_fields(self, **fields: Node) -> Node:
        """This mapping with these values added, or in the place of those that it has."""
        return replace(self, value={**self.fields, **fields})

    def without(self, *keys: str) -> Node:
        """This mapping without some of its keys."""
        return replace(self, value={key: value for key, value in self.fields.items() if key not in keys})


def plain(node: Node) -> Any:
    """The value without places: dictionaries, lists and scalars."""
    if isinstance(node.value, Mapping):
        return {key: plain(value) for key, value in node.value.items()}
    if isinstance(node.value, (list, tuple)):
        return [plain(value) for value in node.value]
    return node.value


def same(one: Node, other: Node) -> bool:
    """Whether two values are equal, wherever they are written."""
    return bool(plain(one) == plain(other))


def kind_of(node: Node) -> str:
    """What a value is, as messages say it."""
    if isinstance(node.value, Mapping):
        return "a mapping"
    if isinstance(node.value, (list, tuple)):
        return "a list"
    if node.value is None:
        return "empty"
    if isinstance(node.value, bool):
        return "true or false"
    return "a number" if isinstance(node.value, (int, float)) else "a string"


def services_of(document: Node) -> Iterator[tuple[str, Node]]:
    """The services of a document, by name."""
    found = document.at("services")
    if found is not None:
        yield from found.fields.items()
