"""XPath as .NET evaluates it: every name in an expression must be defined, whether or not an element is found."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

_NAME = r"[^\W\d][\w.-]*"
_TOKEN = re.compile(
    rf"""'[^']*'|"[^"]*"|(?P<variable>\$)?(?:(?P<prefix>{_NAME}):(?!:))?(?:\*|(?P<name>{_NAME})(?P<call>\s*\()?)"""
)
_FUNCTION = re.compile(
    "boolean|ceiling|concat|contains|count|false|floor|id|lang|last|local-name|name|namespace-uri|normalize-space|not"
    "|number|position|round|starts-with|string|string-length|substring|substring-after|substring-before|sum|translate"
    # What also stands before a parenthesis.
    "|true|comment|node|processing-instruction|text|and|or|div|mod"
)


def evaluate(start: etree._Element | etree._ElementTree, path: str, scope: Mapping[str, str] | None = None) -> object:
    """What an XPath finds. Without `scope` it cannot have prefixes.

    Raises LxmlError or ValueError for an invalid expression; libxml2 alone would only look at a name inside
    a predicate once there is an element to try it on.
    """
    find = etree.XPath(path, namespaces=dict(scope or {}))
    for token in _TOKEN.finditer(path):
        variable, prefix, name, call = token.group("variable", "prefix", "name", "call")
        if variable:
            raise ValueError(f"there are no variables, such as {token[0]}")
        if prefix and prefix not in (scope or {}):
            raise ValueError(f"the prefix {prefix!r} is not declared")
        if call and (prefix or not _FUNCTION.fullmatch(name)):
            raise ValueError(f"there is no function {token[0][:-1].rstrip()!r}")
    return find(start)
