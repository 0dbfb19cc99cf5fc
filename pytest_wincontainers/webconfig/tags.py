"""Start tags as text: changing one attribute in place, and writing the tag of a new element."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

XML = "http://www.w3.org/XML/1998/namespace"

Scope = Mapping[str, str]
"""Namespaces by prefix; the default namespace has the prefix ''."""

_ATTRIBUTE = re.compile(r"""(\s+)([^\s=/>"']+)(\s*=\s*)("[^"]*"|'[^']*')""")
_NAME = re.compile(r"<([^\s/>]+)")


def escape_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


def _quoted(value: str, quote: str = '"') -> str:
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(quote, "&quot;" if quote == '"' else "&apos;")
    # A parser turns plain line ends and tabs in attributes into spaces.
    return quote + value.replace("\n", "&#xA;").replace("\r", "&#xD;").replace("\t", "&#x9;") + quote


def scope_of(element: etree._Element | None) -> dict[str, str]:
    """The namespaces that are in scope inside an element."""
    nsmap = {} if element is None else element.nsmap
    return {"xml": XML, **{prefix or "": uri for prefix, uri in nsmap.items()}}


def clark_name(name: str, scope: Scope) -> str | None:
    """`{namespace}local` for an attribute written as prefix:local; None if the prefix is unknown."""
    prefix, colon, local = name.rpartition(":")
    if not colon:
        return name
    return f"{{{scope[prefix]}}}{local}" if scope.get(prefix) else None


def name_of(tag: str) -> str:
    """The name in a start tag as it is written."""
    found = _NAME.match(tag)
    return found[1] if found else ""


def without_attribute(tag: str, name: str, scope: Scope) -> str:
    found = _find(tag, name, scope)
    return tag[: found.start()] + tag[found.end() :] if found else tag


def with_attribute(tag: str, name: str, value: str, scope: Scope, declare: Scope) -> str:
    """The start tag with the attribute set: in its place if it has one, otherwise as the last.

    `declare` has the namespaces of `scope` that the tag does not declare yet.
    """
    found = _find(tag, name, scope)
    if found:
        return tag[: found.start(4)] + _quoted(value, found[4][0]) + tag[found.end(4) :]
    attributes = list(_ATTRIBUTE.finditer(tag))
    last = attributes[-1] if attributes else None
    place = last.end() if last else 1 + len(name_of(tag))
    # Attributes on lines of their own stay so.
    space = last[1] if last and "\n" in last[1] else " "
    written, _ = _qualified(name, scope)
    added = {f"xmlns:{prefix}": uri for prefix, uri in declare.items()} | {written: value}
    return tag[:place] + "".join(f"{space}{key}={_quoted(text)}" for key, text in added.items()) + tag[place:]


def start_tag(element: etree._Element, scope: Scope) -> tuple[str, Scope]:
    """The start tag of a new element without its end, and the scope inside it.

    Only the declarations are written that the element uses and its surroundings lack.
    """
    qname = etree.QName(element)
    uri, prefix = qname.namespace or "", element.prefix or ""
    declared: dict[str, str] = {}
    if scope.get(prefix, "") != uri:
        declared[f"xmlns:{prefix}" if prefix else "xmlns"] = uri
        scope = {**scope, prefix: uri}
    attributes: dict[str, str] = {}
    for key, value in element.attrib.items():
        written, added = _qualified(str(key), scope)
        declared |= added
        scope = {**scope, **{name.partition(":")[2]: uri for name, uri in added.items()}}
        attributes[written] = str(value)
    pieces = [f"{key}={_quoted(value)}" for key, value in (declared | attributes).items()]
    return " ".join([f"<{prefix}:{qname.localname}" if prefix else f"<{qname.localname}", *pieces]), scope


def _find(tag: str, name: str, scope: Scope) -> re.Match[str] | None:
    return next((found for found in _ATTRIBUTE.finditer(tag) if clark_name(found[2], scope) == name), None)


def _qualified(name: str, scope: Scope) -> tuple[str, dict[str, str]]:
    """An attribute's name as it is written in this scope, and the declaration that it needs, if any."""
    qname = etree.QName(name)
    if not qname.namespace:
        return name, {}
    for prefix, uri in scope.items():
        if prefix and uri == qname.namespace:
            return f"{prefix}:{qname.localname}", {}
    number = 1
    while f"ns{number}" in scope:
        number += 1
    return f"ns{number}:{qname.localname}", {f"xmlns:ns{number}": qname.namespace}
