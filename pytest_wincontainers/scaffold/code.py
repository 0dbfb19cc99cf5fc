"""Python's source, formatted as ruff formats it at its default line length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 88
"""The columns of a line at most."""
_INDENT = 4


@dataclass(frozen=True)
class Brackets:
    """Something in brackets, such as a call: on one line if it fits, else with a line for each item."""

    begin: str
    """What stands before the items: the bracket, and the rest of its line."""
    items: Sequence[Expression]
    end: str

    def __str__(self) -> str:
        return f"{self.begin}{', '.join(map(str, self.items))}{self.end}"


Expression = str | Brackets


def laid_out(expression: Expression, indent: int = 0, *, comma: str = "") -> str:
    """The source of an expression that starts a line with this indentation."""
    line = " " * indent + str(expression) + comma
    if len(line) <= WIDTH or isinstance(expression, str) or not expression.items:
        return line
    items = (laid_out(one, indent + _INDENT, comma=",") for one in expression.items)
    return "\n".join([" " * indent + expression.begin, *items, " " * indent + expression.end + comma])


def call(name: str, *arguments: Expression) -> Brackets:
    """A call."""
    return Brackets(f"{name}(", arguments, ")")


def named(name: str, value: Expression, separator: str = "=") -> Expression:
    """A value with its name in front, `name=value`."""
    if isinstance(value, str):
        return f"{name}{separator}{value}"
    return Brackets(f"{name}{separator}{value.begin}", value.items, value.end)


def sequence(*items: Expression) -> Brackets:
    """A list."""
    return Brackets("[", items, "]")


def mapping(*items: tuple[str, Expression]) -> Brackets:
    """A dictionary with strings as its keys."""
    return Brackets("{", [named(quoted(key), value, ": ") for key, value in items], "}")


def quoted(text: str) -> str:
    """A string literal, in double quotes unless single ones take fewer escapes."""
    quote = _quote(text)
    return f"{quote}{_escaped(text, quote)}{quote}"


def around(before: str, expression: str, after: str) -> str:
    """An expression between two texts: an f-string if there are any."""
    if not before and not after:
        return expression
    quote = _quote(before + after)
    first, last = (_escaped(text, quote).replace("{", "{{").replace("}", "}}") for text in (before, after))
    return f"f{quote}{first}{{{expression}}}{last}{quote}"


def _quote(text: str) -> str:
    return "'" if text.count('"') > text.count("'") else '"'


def _escaped(text: str, quote: str) -> str:
    # repr() knows what else is to be escaped; which quotes are is for us to say.
    plain = "".join(one if one in "'\"" else repr(one)[1:-1] for one in text)
    return plain.replace(quote, "\\" + quote)
