"""What a value of a compose file may look like: readers that check a value and return its long form.

A reader adds what is wrong to the problems and returns a value that later steps can go on with, so that all mistakes of
a file are found at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pytest_wincontainers.compose import units
from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.scalars import as_text
from pytest_wincontainers.compose.tree import Node, kind_of
from pytest_wincontainers.errors import closest


@dataclass(frozen=True)
class Reading:
    """Where a value is, as users write it, such as `services.web.ports`, and where mistakes go."""

    path: str
    problems: Problems

    def below(self, key: str) -> Reading:
        """The reading of a value below this one."""
        return Reading(f"{self.path}.{key}" if self.path else key, self.problems)

    def wrong(self, node: Node, text: str, hint: str = "") -> None:
        """Add a problem: `services.web.ports: ` and the text."""
        self.problems.add(node.place, f"{self.path}: {text}", hint)


Reader = Callable[[Node, Reading], Node]


def anything(node: Node, reading: Reading) -> Node:  # noqa: ARG001 - as all readers
    """Any value, as it is."""
    return node


def text(node: Node, reading: Reading) -> Node:
    """A string."""
    if not isinstance(node.value, str):
        numeric = isinstance(node.value, (int, float))
        reading.wrong(node, f"must be a string, not {kind_of(node)}", "put it in quotes" if numeric else "")
        return node.with_value("")
    return node


def name(node: Node, reading: Reading) -> Node:
    """A string or a number, as a string."""
    if node.value is None or node.fields or node.items:
        reading.wrong(node, f"must be a string, not {kind_of(node)}")
        return node.with_value("")
    return node.with_value(as_text(node.value))  # type: ignore[arg-type]


_FLAGS = {
    **dict.fromkeys(("y", "yes", "true", "on", "1"), True),
    **dict.fromkeys(("n", "no", "false", "off", "0"), False),
}


def flag(node: Node, reading: Reading) -> Node:
    """`true` or `false`, or one of these as a string."""
    if isinstance(node.value, bool):
        return node
    found = _FLAGS.get(node.text.lower())
    if found is None:
        reading.wrong(node, f"must be true or false, not {_shown(node)}")
    return node.with_value(bool(found))


def number(node: Node, reading: Reading) -> Node:
    """A number, or one in a string."""
    if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return node
    try:
        value = float(node.text)
    except ValueError:
        reading.wrong(node, f"must be a number, not {_shown(node)}")
        value = 0.0
    return node.with_value(int(value) if value.is_integer() else value)


def duration(node: Node, reading: Reading) -> Node:
    """A duration such as `1m30s`, as Go writes it."""
    found = units.nanoseconds(node.text)
    if found is None:
        reading.wrong(node, f"must be a duration, not {_shown(node)}", "write it with its unit, such as 10s or 1m30s")
    return node.with_value(units.duration(found or 0))


def size(node: Node, reading: Reading) -> Node:
    """A size such as `512m`, in bytes; a string, as `docker compose config` has it."""
    found = units.size(as_text(node.value)) if isinstance(node.value, (str, int, float)) else None
    if found is None:
        reading.wrong(node, f"must be a size, not {_shown(node)}", "write it with its unit, such as 512m or 2g")
    return node.with_value(str(found or 0))


_LOST = re.compile(r"\\\w")


def words(node: Node, reading: Reading) -> Node:
    """A command: a list of strings, or a command line that is split into words. Empty keeps what the image has."""
    if node.value is None:
        return node
    if not isinstance(node.value, str):
        return list_of(name)(node, reading)
    found = units.words(node.value)
    if found is None:
        ends = node.value.endswith("\\")
        reading.wrong(node, "a backslash ends the command" if ends else "a quotation mark in the command is not closed")
    if _LOST.search(node.value) and not any("\\" in one for one in found or ()):
        reading.problems.note(
            node.place, f"{reading.path}: the backslashes are taken as escape characters; write a list to keep them"
        )
    return node.with_value(tuple(Node(one, node.place) for one in found or ()))


def mode(node: Node, reading: Reading) -> Node:
    """The permissions of a file, as an octal string: `0440`."""
    written = node.text if isinstance(node.value, str) else f"{node.value:o}" if type(node.value) is int else ""
    if not re.fullmatch(r"0?o?[0-7]{1,4}", written):
        reading.wrong(node, f"must be permissions, not {_shown(node)}", "write them in octal, such as 0440")
    return node.with_value(f"0{written.lstrip('0o')}")


def list_of(reader: Reader) -> Reader:
    """A list whose values have this form."""

    def read(node: Node, reading: Reading) -> Node:
        if node.value is None:
            return node.with_value(())
        if not isinstance(node.value, (list, tuple)):
            reading.wrong(node, f"must be a list, not {kind_of(node)}", "begin each value with -")
            return node.with_value(())
        kept = (one if one.tag == "reset" else reader(one, reading) for one in node.items)
        return node.with_value(tuple(kept))

    return read


def one_or_more(reader: Reader) -> Reader:
    """A value, or a list of such values; as a list."""

    def read(node: Node, reading: Reading) -> Node:
        if isinstance(node.value, (list, tuple)) or node.value is None:
            return list_of(reader)(node, reading)
        return node.with_value((reader(Node(node.value, node.place), reading),))

    return read


def mapping_of(reader: Reader) -> Reader:
    """A mapping with any keys."""

    def read(node: Node, reading: Reading) -> Node:
        if node.value is not None and not isinstance(node.value, Mapping):
            reading.wrong(node, f"must be a mapping, not {kind_of(node)}")
        return node.with_value({key: _kept(value, reader, reading.below(key)) for key, value in node.fields.items()})

    return read


def record(title: str, readers: Mapping[str, Reader]) -> Reader:
    """A mapping with these keys, and with extensions, `x-…`; a key with an empty value counts as not given.

    `title` is what has these options, for the message about an unknown one.
    """

    def read(node: Node, reading: Reading) -> Node:
        if node.value is not None and not isinstance(node.value, Mapping):
            reading.wrong(node, f"must be a mapping, not {kind_of(node)}")
        found = {}
        for key, value in node.fields.items():
            if key.startswith("x-"):
                found[key] = value
            elif key not in readers:
                reading.problems.add(
                    value.place,
                    f"{reading.path}{': ' if reading.path else ''}{title} has no option {key!r}{closest(key, readers)}",
                )
            elif value.tag == "reset" or readers[key] is words or value.value is not None or _may_be_empty(key):
                found[key] = _kept(value, readers[key], reading.below(key))
        return node.with_value(found)

    return read


def _may_be_empty(key: str) -> bool:
    return key in {"services", "networks", "volumes"}


def _kept(value: Node, reader: Reader, reading: Reading) -> Node:
    return value if value.tag == "reset" else reader(value, reading)


def optional(reader: Reader) -> Reader:
    """A value of this form, or nothing."""
    return lambda node, reading: node if node.value is None else reader(node, reading)


def choice(*values: str) -> Reader:
    """One of these strings."""

    def read(node: Node, reading: Reading) -> Node:
        if node.value not in values:
            near = closest(node.text, values)
            reading.wrong(node, f"must be {' or '.join(values)}, not {_shown(node)}{near}")
            return node.with_value(values[0])
        return node

    return read


def variables(node: Node, reading: Reading) -> Node:
    """`NAME: value` or a list of `NAME=value`; as a mapping of strings, and None for a name without a value."""
    if isinstance(node.value, (list, tuple)):
        found = {}
        for one in node.items:
            if not isinstance(one.value, str):
                reading.wrong(one, f"must be NAME=value, not {kind_of(one)}", "write NAME=value without a space")
                continue
            key, given, value = one.value.partition("=")
            found[key] = one.with_value(value if given else None)
        return node.with_value(found)
    if node.value is not None and not isinstance(node.value, Mapping):
        reading.wrong(node, f"must be a mapping or a list, not {kind_of(node)}")
    return node.with_value({key: _variable(value, reading.below(key)) for key, value in node.fields.items()})


def _variable(node: Node, reading: Reading) -> Node:
    if node.tag == "reset" or node.value is None:
        return node
    return name(node, reading)


def labels(node: Node, reading: Reading) -> Node:
    """As `variables`; a label without a value is empty."""
    found = variables(node, reading)
    empty = {key: one.with_value("") for key, one in found.fields.items() if one.value is None and not one.tag}
    return found.with_fields(**empty)


def _shown(node: Node) -> str:
    return repr(as_text(node.value)) if isinstance(node.value, (str, int, float)) else kind_of(node)
