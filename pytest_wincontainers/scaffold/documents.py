"""Text and XML of files that anybody may have written."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from pytest_wincontainers.scaffold.tree import Unreadable

_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def text_of(content: bytes) -> str:
    """The text of a file: by its byte order mark, else UTF-8, else as Windows in Western Europe writes it."""
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


class _Builder(TreeBuilder):
    """Refuses a DTD, whose entities could grow without limit."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise Unreadable("has a DTD, which is not read")


def xml_of(content: bytes) -> Element:
    """The root element of an XML file. Raises Unreadable."""
    parser = XMLParser(target=_Builder())  # noqa: S314 - it refuses DTDs
    try:
        parser.feed(content)
        root: Element = parser.close()
    # An encoding that Python does not know is a LookupError, and one that its parser cannot read a ValueError.
    except (ParseError, LookupError, ValueError) as problem:
        raise Unreadable(f"is no XML that can be read: {problem}") from None
    return root


def elements(root: Element, *path: str) -> Iterator[Element]:
    """The elements anywhere below the root whose names end in this path, in any namespace."""
    return root.iterfind(".//" + "/".join(f"{{*}}{name}" for name in path))
