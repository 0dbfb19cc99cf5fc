"""A document that is changed as a tree and written back as text.

lxml keeps the tree, for XPath. Its serialiser would rewrite the whole file: line ends, quotes, the
spaces in tags, the lines of attributes. So the text of every piece of markup is kept beside the tree,
and only pieces that were changed or are new are written afresh.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Literal

from lxml import etree

from pytest_wincontainers.webconfig.source import TOKEN, Source, parse, root_offset
from pytest_wincontainers.webconfig.tags import (
    Scope,
    escape_text,
    name_of,
    scope_of,
    start_tag,
    with_attribute,
    without_attribute,
)

Gap = tuple[etree._Element, Literal["text", "tail"]]
"""Where text can be: behind a start tag or behind a whole node."""


def _blank(text: str | None) -> bool:
    # Only the spaces of XML: a bare strip() also takes a no-break space, which is text.
    return not (text or "").strip(" \t\r\n")


def _parent(node: etree._Element) -> etree._Element:
    parent = node.getparent()
    if parent is None:
        raise ValueError("the root element has no parent")
    return parent


class Document:
    """A parsed document with the edits that the transforms need."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root = parse(source)
        text = source.text
        self._newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
        # The keys also keep lxml's proxies alive: a new proxy for the same node would not be found.
        self._opened: dict[etree._Element, str] = {}
        self._closed: dict[etree._Element, str] = {}
        self._texts: dict[Gap, str] = {}
        self._start = root_offset(source)
        self._end = self._scan()
        self._unit = self._indent_unit()

    def _scan(self) -> int:
        """Note the text of every node; return where the root element ends."""
        nodes = self.root.iter()
        path: list[etree._Element] = []
        gap: Gap = (self.root, "text")
        for match in TOKEN.finditer(self.source.text, self._start):
            token = match[0]
            if token[0] != "<" or token.startswith("<![CDATA["):
                self._texts[gap] = self._texts.get(gap, "") + token
                continue
            if token.startswith("</"):
                node = path.pop()
                self._closed[node] = token
                gap = (node, "tail")
            else:
                node = next(nodes)
                self._opened[node] = token
                childless = token.startswith(("<!--", "<?")) or token.endswith("/>")
                gap = (node, "tail" if childless else "text")
                if not childless:
                    path.append(node)
            if not path:
                return match.end()
        return len(self.source.text)

    # Writing

    def content(self) -> bytes:
        text = self.source.text
        return self.source.encode(text[: self._start] + self._markup(self.root) + text[self._end :])

    def _markup(self, top: etree._Element) -> str:
        pieces: list[str] = []
        closings: list[str] = []
        # None stands for an element of the original document, whose scope lxml knows.
        scopes: list[Scope | None] = []
        for event, node in etree.iterwalk(top, events=("start", "end", "comment", "pi")):
            if event == "start":
                scope: Scope | None = None
                if node in self._opened:
                    opening, closing = self._opened[node], self._closed.get(node, "")
                else:
                    outer = scopes[-1] if scopes else None
                    opening, scope = start_tag(node, scope_of(node.getparent()) if outer is None else outer)
                    empty = not len(node) and not self._text(node, "text")
                    closing = "" if empty else f"</{name_of(opening)}>"
                    opening += " />" if empty else ">"
                pieces += opening, self._text(node, "text")
                closings.append(closing)
                scopes.append(scope)
                continue
            if event == "end":
                pieces.append(closings.pop())
                scopes.pop()
            else:
                pieces.append(
                    self._opened.get(node) or self._lines(etree.tostring(node, with_tail=False, encoding="unicode"))
                )
            if node is not top:
                pieces.append(self._text(node, "tail"))
        return "".join(pieces)

    def _lines(self, text: str) -> str:
        return text.replace("\n", self._newline)

    def _text(self, node: etree._Element, where: Literal["text", "tail"]) -> str:
        known = self._texts.get((node, where))
        if known is not None:
            return known
        return self._lines(escape_text((node.text if where == "text" else node.tail) or ""))

    # Text between nodes

    def _gap_before(self, node: etree._Element) -> Gap:
        previous = node.getprevious()
        if previous is not None:
            return previous, "tail"
        return _parent(node), "text"

    def _value(self, gap: Gap) -> str:
        return (gap[0].text if gap[1] == "text" else gap[0].tail) or ""

    def _put(self, gap: Gap, value: str, raw: str | None = None) -> None:
        setattr(*gap, value)
        self._texts[gap] = self._lines(escape_text(value)) if raw is None else raw

    # Indentation

    def _indent_unit(self) -> str:
        indents = [self._indent(child) for child in self.root]
        return next((indent for indent in indents if indent), "  ")

    def _indent(self, node: etree._Element) -> str | None:
        """The spaces before a node that starts a line; None if other things stand before it there."""
        if node is self.root:
            return "" if "\n" in self.source.text else None
        before = self._value(self._gap_before(node))
        return before.rpartition("\n")[2] if "\n" in before and _blank(before) else None

    def _child_indent(self, parent: etree._Element) -> str | None:
        """The spaces a new child of this element starts its line with; None for no line of its own."""
        for child in parent:
            indent = self._indent(child)
            if indent is not None:
                return indent
        own = self._indent(parent)
        return None if own is None or len(parent) or not _blank(parent.text) else own + self._unit

    def _shift(self, new: etree._Element, indent: str | None) -> None:
        """Indent the inside of a new element as its new place is."""
        end = (new[-1].tail or "") if len(new) else ""
        if indent is None or not _blank(end) or "\n" not in end:
            return
        old, new_line = "\n" + end.rpartition("\n")[2], "\n" + indent
        inside: list[Gap] = [(node, "text") for node in new.iter() if len(node)]
        inside += [(node, "tail") for node in new.iter() if node is not new]
        for gap in inside:
            # A text that is known as text is a CDATA section.
            if gap not in self._texts and _blank(self._value(gap)):
                setattr(*gap, self._value(gap).replace(old, new_line))

    # Edits

    def copy_of(self, element: etree._Element, source: Document) -> etree._Element:
        """A copy of an element of another document, with its CDATA sections, to be put into this one."""
        copied = deepcopy(element)
        for old, new in zip(element.iter(), copied.iter(), strict=True):
            inside: list[Gap] = [(old, "text")] if old is element else [(old, "text"), (old, "tail")]
            for gap in inside:
                text = self._lines(source._texts.get(gap, "").replace("\r\n", "\n"))
                if "<![CDATA[" in text and self.source.can_hold(text):
                    self._texts[new, gap[1]] = text
        return copied

    def insert(self, parent: etree._Element, position: int, new: etree._Element) -> None:
        """Insert a new node as the child at this position, on a line of its own if its siblings have one."""
        self._open_up(parent)
        count = len(parent)
        gap: Gap = (parent[position - 1], "tail") if position else (parent, "text")
        value, raw = self._value(gap), self._text(*gap)
        indent = self._child_indent(parent)
        self._shift(new, indent)
        if position < count:
            parent.insert(position, new)
        else:
            parent.append(new)
        if not _blank(value) or indent is None:
            # Mixed content: directly before the next sibling is directly behind the text.
            new.tail = None
            return
        after = "\n" + (indent if position < count else self._indent(parent) or "")
        self._put(gap, "\n" + indent)
        self._put((new, "tail"), *((value, raw) if "\n" in value else (after,)))

    def insert_after(self, sibling: etree._Element, new: etree._Element) -> None:
        """Insert a new node behind a sibling, before any text that follows the sibling."""
        parent = _parent(sibling)
        value, raw = self._value((sibling, "tail")), self._text(sibling, "tail")
        text_follows = not _blank(value)
        if text_follows:
            self._put((sibling, "tail"), "")
        self.insert(parent, parent.index(sibling) + 1, new)
        if text_follows:
            self._put((sibling, "tail"), "")
            self._put((new, "tail"), value, raw)

    def remove(self, node: etree._Element) -> None:
        """Remove a node and, if it has a line of its own, the line."""
        parent = _parent(node)
        gap = self._gap_before(node)
        before, after = self._value(gap), self._value((node, "tail"))
        raw_before, raw_after = self._text(*gap), self._text(node, "tail")
        parent.remove(node)
        if not (_blank(before) and _blank(after)):
            self._put(gap, before + after, raw_before + raw_after)
        elif "\n" in after or "\n" not in before:
            self._put(gap, after, raw_after)

    def replace(self, old: etree._Element, new: etree._Element) -> None:
        """Put a new node in the place of an old one."""
        parent = old.getparent()
        self._shift(new, self._indent(old))
        if parent is None:
            self.root = new
            new.tail = None
            return
        value, raw = self._value((old, "tail")), self._text(old, "tail")
        parent.replace(old, new)
        self._put((new, "tail"), value, raw)

    def comment_out(self, node: etree._Element) -> bool:
        """Put a node into a comment; False if it contains what a comment cannot: two hyphens."""
        markup = f" {self._markup(node)} "
        if "--" in markup:
            return False
        comment = etree.Comment(markup.replace("\r\n", "\n"))
        self.replace(node, comment)
        self._opened[comment] = f"<!--{markup}-->"
        return True

    def set_attribute(self, element: etree._Element, name: str, value: str) -> None:
        """Set an attribute, in its place if the element has it."""
        known = scope_of(element)
        element.set(name, value)
        if element in self._opened:
            # The tree and the text must agree on a prefix: new children are written with the tree's.
            scope = scope_of(element)
            new = {prefix: uri for prefix, uri in scope.items() if prefix not in known}
            self._opened[element] = with_attribute(self._opened[element], name, value, scope, new)

    def remove_attribute(self, element: etree._Element, name: str) -> None:
        if element in self._opened:
            self._opened[element] = without_attribute(self._opened[element], name, scope_of(element))
        del element.attrib[name]

    def _open_up(self, element: etree._Element) -> None:
        """Turn <a /> of the original document into <a></a>, so that it can have children."""
        tag = self._opened.get(element, "")
        if tag.endswith("/>"):
            self._opened[element] = tag[:-2].rstrip() + ">"
            self._closed[element] = f"</{name_of(tag)}>"
