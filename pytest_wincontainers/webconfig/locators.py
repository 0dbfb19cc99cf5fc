"""The locators of XDT: from an element of the transform to an XPath in the document.

Paths are made as text, as Microsoft's engine makes them: a value with an apostrophe breaks the path
there too, and prefixes mean what they mean in the transform.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from lxml import etree

from pytest_wincontainers.webconfig.errors import Problem
from pytest_wincontainers.webconfig.tags import clark_name, scope_of
from pytest_wincontainers.webconfig.xpath import evaluate

XDT = "http://schemas.microsoft.com/XML-Document-Transform"
_DEFAULT_PREFIX = "_defaultNamespace"
_CALL = re.compile(r"\s*(\w+)(?:\s*\((.*)\))?\s*", re.DOTALL)


class Call(NamedTuple):
    """The value of xdt:Transform or xdt:Locator: a name with arguments."""

    name: str
    arguments: tuple[str, ...]


def call_in(element: etree._Element, attribute: str) -> Call | None:
    """The call in xdt:Transform or xdt:Locator of an element, None without the attribute."""
    value = element.get(f"{{{XDT}}}{attribute}")
    if value is None:
        return None
    found = _CALL.fullmatch(value)
    if not found:
        raise Problem(
            f"xdt:{attribute}={value!r} is neither a name nor a name with arguments in parentheses.",
            hint=f'Write xdt:{attribute}="Name" or xdt:{attribute}="Name(argument, argument)".',
        )
    return Call(found[1], split_arguments(found[2] or ""))


def split_arguments(text: str) -> tuple[str, ...]:
    """Split at the commas outside parentheses. Spaces are only removed if there is a comma."""
    if "," not in text:
        return (text,) if text else ()
    arguments: list[str] = []
    depth = 0
    for piece in text.split(","):
        if depth:
            arguments[-1] += "," + piece
        else:
            arguments.append(piece)
        depth += piece.count("(") - piece.count(")")
    return tuple(argument.strip() for argument in arguments)


class Step:
    """An element of the transform and where it points to in the document."""

    def __init__(self, element: etree._Element, parent: Step | None) -> None:
        self.element = element
        self.parent = parent
        # Worked out once and kept, also if it failed: an element asks its parent for both.
        self._path = _outcome(lambda: self._locate().path)
        self._parent_path = _outcome(lambda: self._locate().parent_path(self._base))

    @property
    def _base(self) -> str:
        return self.parent.path if self.parent else ""

    def _locate(self) -> _Located:
        call = call_in(self.element, "Locator") or Call("DefaultLocator", ())
        locator = LOCATORS.get(call.name)
        if locator is None:
            raise Problem(
                f"There is no locator {call.name!r}.",
                hint="The locators are Condition, Match and XPath; their names are case-sensitive.",
            )
        return _Located(locator, self._base, self.element, call.arguments)

    @property
    def path(self) -> str:
        """The XPath of the elements that this one points to."""
        return _result(self._path)

    @property
    def parent_path(self) -> str:
        """The XPath of the elements that an inserted copy becomes a child of."""
        return _result(self._parent_path)

    def select(self, tree: etree._ElementTree, path: str) -> list[etree._Element]:
        """The nodes at a path, with the prefixes of the transform."""
        scope = {prefix or _DEFAULT_PREFIX: uri for prefix, uri in scope_of(self.element).items() if uri}
        return nodes_at(tree, path, scope)


def nodes_at(
    start: etree._Element | etree._ElementTree, path: str, scope: dict[str, str] | None = None
) -> list[etree._Element]:
    """The elements, comments and instructions that an XPath finds."""
    try:
        found = evaluate(start, path, scope)
    except (etree.LxmlError, ValueError) as error:
        raise Problem(
            f"The XPath {path} is not valid: {error}.",
            hint="Correct the locator or the argument; an apostrophe in a matched value also ends the XPath.",
        ) from error
    if isinstance(found, list):
        nodes = [node for node in found if isinstance(node, etree._Element)]
        if len(nodes) == len(found):
            return nodes
    raise Problem(
        f"The XPath {path} does not select elements.",
        hint="Write an XPath that ends in an element; attributes are changed with SetAttributes.",
    )


class _Located(NamedTuple):
    locator: Callable[[str, etree._Element, tuple[str, ...]], str]
    base: str
    element: etree._Element
    arguments: tuple[str, ...]

    @property
    def path(self) -> str:
        return self.locator(self.base, self.element, self.arguments)

    def parent_path(self, base: str) -> str:
        # XPath also says what the parent is: Insert then puts the copy into the nodes it finds.
        return self.path if self.locator is _xpath else base


def _outcome(work: Callable[[], str]) -> str | Problem:
    try:
        return work()
    except Problem as problem:
        return problem


def _result(outcome: str | Problem) -> str:
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


def _append(base: str, step: str, predicate: str = "") -> str:
    if predicate:
        predicate = ("" if predicate.startswith("[") else "[") + predicate
        predicate += "" if predicate.endswith("]") else "]"
    return (base if base.endswith("/") else base + "/") + step + predicate


def _name(element: etree._Element) -> str:
    """The element's name as a step: a default namespace of the transform needs a prefix in XPath."""
    qname = etree.QName(element)
    prefix = element.prefix or (_DEFAULT_PREFIX if qname.namespace else "")
    return f"{prefix}:{qname.localname}" if prefix else qname.localname


def _one_argument(locator: str, arguments: tuple[str, ...]) -> str:
    if len(arguments) != 1:
        raise Problem(
            f"{locator} takes exactly one argument, not {len(arguments)}.",
            hint=f"Write {locator}(expression); a comma outside parentheses starts another argument.",
        )
    return arguments[0]


def _default(base: str, element: etree._Element, _arguments: tuple[str, ...]) -> str:
    return _append(base, _name(element))


def _match(base: str, element: etree._Element, arguments: tuple[str, ...]) -> str:
    if not arguments:
        raise Problem("Match takes at least one argument.", hint="Write Match(name) with the key attribute's name.")
    scope = scope_of(element)
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    terms = []
    for key in arguments:
        value = attributes.get(clark_name(key, scope) or "")
        if value is None:
            raise Problem(
                f"Match({key}) finds no attribute {key!r} on its own element.",
                hint=f"Give the transform element the attribute {key.strip()} with the value to look for.",
            )
        terms.append(f"@{key}='{value}'")
    return _append(base, _name(element), " and ".join(terms))


def _condition(base: str, element: etree._Element, arguments: tuple[str, ...]) -> str:
    return _append(base, _name(element), _one_argument("Condition", arguments))


def _xpath(base: str, element: etree._Element, arguments: tuple[str, ...]) -> str:
    path = _one_argument("XPath", arguments)
    if path.startswith("/"):
        return path
    return _append(_append(base, _name(element)), path).replace("/./", "/")


LOCATORS: dict[str, Callable[[str, etree._Element, tuple[str, ...]], str]] = {
    "Condition": _condition,
    "DefaultLocator": _default,
    "Match": _match,
    "XPath": _xpath,
}
