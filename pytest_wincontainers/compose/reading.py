"""From the text of a YAML file to values with their places.

PyYAML parses; what its words mean is decided in `scalars`, and keys are checked here, because PyYAML keeps the last of
two equal keys where Docker Compose refuses them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.scalars import resolve
from pytest_wincontainers.compose.tree import Node, Place

_PLAIN = "plain"
_STANDARD = "tag:yaml.org,2002:"
_MOST_VALUES = 100_000
"""Aliases of aliases can make a small file endless."""


class _Loader(yaml.SafeLoader):
    """Makes nodes whose plain words are not interpreted yet."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode and implicit[0]:
            return _PLAIN
        return _STANDARD + {yaml.ScalarNode: "str", yaml.SequenceNode: "seq"}.get(kind, "map")

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        # An anchor may be used again for another value, which PyYAML refuses by itself.
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if not isinstance(event, yaml.AliasEvent):
            self.anchors.pop(getattr(event, "anchor", None), None)
        return super().compose_node(parent, index)


def read(file: Path, problems: Problems, asked_at: Place | None = None) -> list[Node]:
    """The documents of a file, without empty ones. `asked_at` is where another file names this one."""
    try:
        content = file.read_bytes()
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        problems.add(asked_at or Place(file, 1), f"the file {file} {reason}")
        return []
    return parse(content, file, problems)


def parse(content: bytes | str, file: Path, problems: Problems) -> list[Node]:
    """The documents of a YAML text; `file` is for messages."""
    conversion = _Conversion(file, problems)
    try:
        documents = list(yaml.compose_all(content, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        context = f"{error.context}: " if error.context else ""
        problems.add(Place(file, line), f"this is not YAML: {context}{error.problem}", _yaml_hint(error.problem or ""))
        return []
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problems.add(Place(file, 1), f"this is not YAML: {' '.join(str(error).split())}", "save the file as UTF-8")
        return []
    found = [conversion.node(one, ()) for one in documents if one is not None]
    return [one for one in found if one.value is not None]


def _yaml_hint(problem: str) -> str:
    if r"\t" in problem:
        return "indent with spaces, not with tabs"
    if "mapping values are not allowed" in problem:
        return "put a value that contains ': ' in quotes"
    return ""


class _TooMany(Exception):
    pass


class _Conversion:
    """Turns PyYAML's nodes into ours."""

    def __init__(self, file: Path, problems: Problems) -> None:
        self._file = file
        self._problems = problems
        self._count = 0

    def node(self, source: yaml.Node, above: tuple[int, ...]) -> Node:
        try:
            return self._node(source, above)
        except _TooMany:
            place = self._place(source)
            self._problems.add(place, f"the aliases stand for more than {_MOST_VALUES} values")
            return Node(None, place)

    def _place(self, source: yaml.Node) -> Place:
        return Place(self._file, source.start_mark.line + 1)

    def _node(self, source: yaml.Node, above: tuple[int, ...]) -> Node:
        self._count += 1
        if self._count > _MOST_VALUES:
            raise _TooMany
        place = self._place(source)
        if id(source) in above:
            self._problems.add(place, "an alias stands for a value that contains the alias")
            return Node(None, place)
        tag = {"!reset": "reset", "!override": "override"}.get(source.tag, "")
        if not tag and source.tag != _PLAIN and not source.tag.startswith(_STANDARD):
            self._problems.add(place, f"the YAML tag {source.tag} is not known", "tags are !reset and !override")
        within = (*above, id(source))
        value: Any
        if isinstance(source, yaml.MappingNode):
            value = self._mapping(source, within)
        elif isinstance(source, yaml.SequenceNode):
            value = tuple(self._node(one, within) for one in source.value)
        else:
            value = self._scalar(source)  # type: ignore[arg-type]
        return Node(value, place, tag)  # type: ignore[arg-type]

    @staticmethod
    def _scalar(source: yaml.ScalarNode) -> Any:
        text = str(source.value)
        ours = source.tag.startswith("!")
        return text if source.tag == f"{_STANDARD}str" or (ours and source.style) else resolve(text)

    def _mapping(self, source: yaml.MappingNode, above: tuple[int, ...]) -> Mapping[str, Node]:
        found: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in source.value:
            place = self._place(key)
            if key.tag == _PLAIN and key.value == "<<":
                for name, one in self._merged(value, above):
                    merged.setdefault(name, one)
                continue
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "this"
            if not isinstance(key, yaml.ScalarNode) or not isinstance(self._scalar(key), str):
                self._problems.add(place, f"{name} is a key but not a string", "put it in quotes")
            if name in found:
                self._problems.add(place, f"{name} is given twice here, first on line {found[name].place.line}")
            found[name] = replace(self._node(value, above), place=place)
        return {**{name: one for name, one in merged.items() if name not in found}, **found}

    def _merged(self, source: yaml.Node, above: tuple[int, ...]) -> Sequence[tuple[str, Node]]:
        node = self._node(source, above)
        parts = node.items if isinstance(source, yaml.SequenceNode) else [node]
        for part in parts:
            if not isinstance(part.value, Mapping):
                self._problems.add(part.place, "<< needs a mapping, or a list of mappings")
        return [pair for part in parts for pair in part.fields.items()]
