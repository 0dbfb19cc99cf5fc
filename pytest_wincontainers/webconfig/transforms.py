"""The transforms of XDT: each is a function that changes the document for one transform element."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from pytest_wincontainers.webconfig.document import Document
from pytest_wincontainers.webconfig.errors import Problem
from pytest_wincontainers.webconfig.locators import XDT, Step, nodes_at
from pytest_wincontainers.webconfig.xpath import evaluate


@dataclass(frozen=True)
class TransformCall:
    """One transform element of `source`, and the nodes of `document` that it applies to, found at `path`; there is at
    least one."""

    name: str
    arguments: tuple[str, ...]
    step: Step
    source: Document
    document: Document
    path: str
    targets: list[etree._Element]
    warn: Callable[[str], None]

    def copy(self) -> etree._Element:
        """The transform element as it is put into the document: without anything of XDT."""
        copied = self.document.copy_of(self.step.element, self.source)
        for node in copied.iter(etree.Element):
            for name in [str(name) for name in node.attrib]:
                if etree.QName(name).namespace == XDT:
                    del node.attrib[name]
        return copied

    def expect_no_arguments(self) -> None:
        if self.arguments:
            self.warn(f"{self.name} takes no arguments; they are ignored.")

    def first(self) -> etree._Element:
        if len(self.targets) > 1:
            self.warn(f"{self.name} only applies to the first of {len(self.targets)} matches, at {self.path}.")
        return self.targets[0]

    def parent_of(self, node: etree._Element, action: str) -> etree._Element:
        parent = node.getparent()
        if parent is None:
            raise Problem(
                f"{self.name} cannot {action} the root element or a node outside it.",
                hint="Point the transform at an element inside the root element.",
            )
        return parent

    def elements(self) -> list[etree._Element]:
        for node in self.targets:
            _require_element(node, self.path)
        return self.targets


class Transform(NamedTuple):
    """`into_parent`: it works on the parents of its targets, and missing ones are an error."""

    apply: Callable[[TransformCall], None]
    into_parent: bool = False


def _require_element(node: etree._Element, path: str) -> None:
    if not isinstance(node.tag, str):
        raise Problem(
            f"The XPath {path} does not select an element.",
            hint="Write an XPath that ends in an element, not in a comment or an instruction.",
        )


def _replace(call: TransformCall) -> None:
    call.expect_no_arguments()
    target = call.first()
    if target is not call.document.root:
        call.parent_of(target, "replace")
    call.document.replace(target, call.copy())


def _remove_nodes(call: TransformCall, targets: list[etree._Element]) -> None:
    call.expect_no_arguments()
    for target in targets:
        call.parent_of(target, "remove")
        call.document.remove(target)


def _remove(call: TransformCall) -> None:
    _remove_nodes(call, [call.first()])


def _remove_all(call: TransformCall) -> None:
    _remove_nodes(call, call.targets)


def _insert(call: TransformCall) -> None:
    call.expect_no_arguments()
    parent = call.elements()[0]
    call.document.insert(parent, len(parent), call.copy())


def _insert_if_missing(call: TransformCall) -> None:
    call.expect_no_arguments()
    if not call.step.select(call.document.root.getroottree(), call.step.path):
        parent = call.elements()[0]
        call.document.insert(parent, len(parent), call.copy())


def _sibling(call: TransformCall) -> etree._Element:
    if len(call.arguments) != 1:
        raise Problem(
            f"{call.name} takes exactly one argument, not {len(call.arguments)}.",
            hint=f"Write {call.name}(XPath of the sibling).",
        )
    path = call.arguments[0]
    # No prefixes: Microsoft's engine evaluates this argument without the transform's namespaces.
    found = nodes_at(call.targets[0], path)
    if not found:
        raise Problem(
            f"{call.name} finds no element at {path}.",
            hint="Check the XPath; a relative one starts at the parent element, and prefixes cannot be used.",
        )
    _require_element(found[0], path)
    call.parent_of(found[0], "insert beside")
    return found[0]


def _insert_before(call: TransformCall) -> None:
    sibling = _sibling(call)
    parent = call.parent_of(sibling, "insert beside")
    call.document.insert(parent, parent.index(sibling), call.copy())


def _insert_after(call: TransformCall) -> None:
    call.document.insert_after(_sibling(call), call.copy())


def _attributes(call: TransformCall, element: etree._Element) -> list[str]:
    """The names of the attributes that the arguments select, without arguments of all."""
    for argument in call.arguments:
        if not _attributes_at(element, argument):
            call.warn(f"{call.name}: the argument {argument!r} matches no attribute.")
    return _attributes_at(element, *(call.arguments or ("*",)))


def _attributes_at(element: etree._Element, *arguments: str) -> list[str]:
    path = "@" + "|@".join(arguments)
    try:
        found = evaluate(element, path)
    except (etree.LxmlError, ValueError) as error:
        raise Problem(
            f"The XPath {path} is not valid: {error}.", hint="List the attributes, separated by commas."
        ) from error
    names = [getattr(value, "attrname", None) for value in found] if isinstance(found, list) else [None]
    known = {str(name) for name in element.attrib}
    if not known.issuperset(names):
        raise Problem(f"The XPath {path} does not select attributes.", hint="List the attributes, separated by commas.")
    return [str(name) for name in names]


def _set_attributes(call: TransformCall) -> None:
    source = call.copy()
    names = _attributes(call, source)
    if not names:
        call.warn("SetAttributes has no attributes to set.")
    for element in call.elements():
        for name in names:
            call.document.set_attribute(element, name, str(source.attrib[name]))


def _remove_attributes(call: TransformCall) -> None:
    for element in call.elements():
        names = _attributes(call, element)
        if not names:
            call.warn("RemoveAttributes finds no attributes to remove.")
        for name in names:
            call.document.remove_attribute(element, name)


def _comment_out(call: TransformCall) -> None:
    # Without the warnings that Remove has: Microsoft's engine gives none here.
    target = call.targets[0]
    _require_element(target, call.path)
    call.parent_of(target, "comment out")
    if not call.document.comment_out(target):
        raise Problem(
            "CommentOut cannot be applied to an element that contains '--', for example in a comment.",
            hint="Use Remove instead.",
        )


def _set_tokenized_attributes(_call: TransformCall) -> None:
    raise Problem(
        "SetTokenizedAttributes is not supported.",
        hint="Use SetAttributes with the value itself; tokens belong to the parameters of Web Deploy packages.",
    )


TRANSFORMS: dict[str, Transform] = {
    "CommentOut": Transform(_comment_out),
    "Insert": Transform(_insert, into_parent=True),
    "InsertAfter": Transform(_insert_after, into_parent=True),
    "InsertBefore": Transform(_insert_before, into_parent=True),
    "InsertIfMissing": Transform(_insert_if_missing, into_parent=True),
    "RemoveAll": Transform(_remove_all),
    "Remove": Transform(_remove),
    "RemoveAttributes": Transform(_remove_attributes),
    "Replace": Transform(_replace),
    "SetAttributes": Transform(_set_attributes),
    "SetTokenizedAttributes": Transform(_set_tokenized_attributes),
}
