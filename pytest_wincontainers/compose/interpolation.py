"""Variables in the values of compose files: `$NAME`, `${NAME:-default}` and the like.

The rules are those of the Compose specification, "Interpolation".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.tree import Node, Place

Lookup = Callable[[str], str | None]
"""The value of a variable, or None if it is not set."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = (":-", "-", ":?", "?", ":+", "+")


class InterpolationError(Exception):
    """A value has a variable that cannot be replaced; the message is the reason, and `hint` the next step."""

    def __init__(self, message: str, hint: str = "write $${ for a dollar sign and a brace") -> None:
        super().__init__(message)
        self.hint = hint


def substitute(template: str, lookup: Lookup, unset: Callable[[str], None]) -> str:
    """Replace the variables in a text; `unset` is called with the name of each that has no value and no default.

    Raises InterpolationError.
    """
    result: list[str] = []
    position = 0
    while True:
        dollar = template.find("$", position)
        if dollar < 0:
            return "".join((*result, template[position:]))
        result.append(template[position:dollar])
        if template.startswith("$$", dollar):
            result.append("$")
            position = dollar + 2
        elif template.startswith("${", dollar):
            end = _closing(template, dollar)
            result.append(_braced(template[dollar + 2 : end], template, lookup, unset))
            position = end + 1
        else:
            name = _NAME.match(template, dollar + 1)
            # A dollar sign that begins no variable, such as that of a regular expression, is one.
            result.append("$" if name is None else _value(name.group(), lookup, unset))
            position = dollar + 1 if name is None else name.end()


def _invalid(template: str) -> InterpolationError:
    return InterpolationError(f"{template!r} has a ${{ that begins no variable")


def _closing(template: str, start: int) -> int:
    # Only `${` nests: the default in ${A:-{}} ends at the first brace.
    depth = 0
    position = start
    while position < len(template):
        if template.startswith("${", position):
            depth += 1
            position += 1
        elif template[position] == "}":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    raise InterpolationError(f"{template!r} has a ${{ that is not closed")


def _value(name: str, lookup: Lookup, unset: Callable[[str], None]) -> str:
    value = lookup(name)
    if value is None:
        unset(name)
    return value or ""


def _braced(body: str, template: str, lookup: Lookup, unset: Callable[[str], None]) -> str:
    found = _NAME.match(body)
    if found is None:
        raise _invalid(template)
    name, rest = found.group(), body[found.end() :]
    if not rest:
        return _value(name, lookup, unset)
    operator = next((one for one in _OPERATORS if rest.startswith(one)), None)
    if operator is None:
        raise _invalid(template)
    other = rest[len(operator) :]
    value = lookup(name)
    given = value is not None and (bool(value) or not operator.startswith(":"))
    if operator[-1] == "+":
        return substitute(other, lookup, unset) if given else ""
    if given:
        return value or ""
    if operator[-1] == "-":
        return substitute(other, lookup, unset)
    reason = substitute(other, lookup, unset)
    message = f"the variable {name} is required but not set" + (f": {reason}" if reason else "")
    raise InterpolationError(message, "set it, in .env for example")


def interpolate(document: Node, lookup: Lookup, problems: Problems) -> Node:
    """Replace the variables in the values of a document, except in its own extensions (`x-…`)."""
    fields = {
        key: value if key.startswith("x-") else _node(value, lookup, problems) for key, value in document.fields.items()
    }
    return document.with_value(fields)


def _node(node: Node, lookup: Lookup, problems: Problems) -> Node:
    if isinstance(node.value, str):
        return node.with_value(interpolate_text(node.value, node.place, lookup, problems))
    if isinstance(node.value, Mapping):
        return node.with_value({key: _node(value, lookup, problems) for key, value in node.value.items()})
    if node.items:
        return node.with_value(tuple(_node(value, lookup, problems) for value in node.items))
    return node


def interpolate_text(text: str, place: Place, lookup: Lookup, problems: Problems) -> str:
    """Replace the variables in a text of this place; what is wrong with it is added to the problems."""
    if "$" not in text:
        return text

    def unset(name: str) -> None:
        problems.note(place, f"the variable {name} is not set; it is replaced by an empty string", warning=True)

    try:
        return substitute(text, lookup, unset)
    except InterpolationError as error:
        problems.add(place, str(error), error.hint)
        return text
