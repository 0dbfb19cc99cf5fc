"""What holds for every document and every transform."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pytest_wincontainers.webconfig import TransformError, apply_settings, transform
from pytest_wincontainers.webconfig.document import Document
from pytest_wincontainers.webconfig.source import parse, read
from pytest_wincontainers.webconfig.xdt import _Run
from tests.kit.soak import amount

XDT = "http://schemas.microsoft.com/XML-Document-Transform"

many = settings(max_examples=amount(300, 20_000), database=None)

names = st.sampled_from(["a", "b", "c"])
spaces = st.sampled_from([" ", "  ", "\n    ", "\t"])
values = st.text(st.sampled_from("12 é<&\"'>\n\t-"), max_size=4).map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
)
texts = st.one_of(
    st.sampled_from(
        ["", "", "\n", "\n  ", "\n    ", "\n\n\t", " ", "<!-- c -->", "<?pi d?>", "<![CDATA[<x> & ]]>", "&#65;"]
    ),
    values,
)
declarations = st.sampled_from(["", "", "", ' xmlns="urn:1"', ' xmlns:p="urn:1"', ' xmlns=""', ' xmlns="urn:2"'])


@st.composite
def attributes(draw: Any) -> str:
    keys = draw(st.lists(st.sampled_from(["k", "v", "w", "p:k", "xml:lang"]), max_size=3, unique=True))
    return "".join(f'{draw(spaces)}{key}="{draw(values)}"' for key in keys)


CALLS = """
    Replace Remove RemoveAll Insert InsertIfMissing InsertBefore(a) InsertBefore(/r/*) InsertAfter(b) InsertAfter(../*)
    SetAttributes SetAttributes(k) SetAttributes(k,v) RemoveAttributes RemoveAttributes(v) CommentOut
    SetTokenizedAttributes Nonsense
"""
LOCATORS = """
    Match(k) Match(k,v) Match(p:k) Condition(1) Condition(@k) Condition(last()) XPath(a) XPath(/r/b) XPath(//c)
    XPath(//@k) XPath(//comment()) XPath(//text()) XPath(//node()) XPath(..) XPath(/) XPath(.) Nonsense
"""
calls = st.sampled_from(CALLS.split()) | st.text(st.sampled_from("Remove()[]*/@ak,'. "), max_size=12)
locators = st.sampled_from(LOCATORS.split()) | st.text(st.sampled_from("MatchXPathCondition()[]*/@ak,'. "), max_size=12)


@st.composite
def orders(draw: Any) -> str:
    order = draw(st.sampled_from(["", "", "t", "tl", "tl", "ts"]))
    quote = {"t": ("Transform", calls), "l": ("Locator", locators), "s": ("SupressWarnings", st.just("true"))}
    return "".join(f' xdt:{quote[each][0]}="{draw(quote[each][1])}"' for each in order)


def trees(extra: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Elements, comments and text; `extra` is put into every start tag."""

    def leaf(parts: tuple[str, str, str, str, str]) -> str:
        prefix, name, declared, more, text = parts
        if prefix and "xmlns:p" not in declared:
            declared += ' xmlns:p="urn:1"'
        elif "p:k" in more and "xmlns:p" not in declared:
            declared += ' xmlns:p="urn:2"'
        return (
            f"<{prefix}{name}{declared}{more}>{text}</{prefix}{name}>"
            if text
            else f"<{prefix}{name}{declared}{more} />"
        )

    def element(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        tag = st.tuples(attributes(), extra).map("".join)
        return st.tuples(st.sampled_from(["", "", "p:"]), names, declarations, tag, inside).map(leaf)

    return st.recursive(
        element(texts), lambda inner: element(st.lists(st.one_of(inner, texts), max_size=4).map("".join)), max_leaves=8
    )


before_root = st.sampled_from(["", "", "<?xml version='1.0'?>\n", "<!-- <r> -->\n\n", "<?pi <r> ?>"])
documents = st.tuples(before_root, st.lists(trees(st.just("")), max_size=4), texts).map(
    lambda parts: f"{parts[0]}<r>{''.join(parts[1])}{parts[2]}</r>\n<!-- end -->\n"
)
transforms = st.lists(trees(orders()), max_size=4).map(lambda inner: f'<r xmlns:xdt="{XDT}">{"".join(inner)}</r>')
newlines = st.sampled_from(["\n", "\r\n"])


def model(node: etree._Element) -> Any:
    """What counts of a tree: names, values, text and order, but no prefixes."""
    tag = node.tag if isinstance(node.tag, str) else type(node).__name__
    return tag, dict(node.attrib), node.text or "", [(model(child), child.tail or "") for child in node]


def parsed(content: bytes) -> etree._Element:
    # Not as lxml does, which has spaces where an attribute has line breaks.
    return parse(read(content, "result"))


@many
@given(documents, newlines)
def test_a_document_that_is_not_changed_keeps_its_bytes(document, newline):
    content = document.replace("\n", newline).encode()
    assert transform(content).content == content
    assert transform(content, f'<r xmlns:xdt="{XDT}"><a/></r>'.encode()).content == content


@many
@given(documents, transforms, newlines)
def test_what_is_written_is_the_tree(document, xdt, newline):
    """The text beside the tree and the tree itself never part ways, whatever is applied."""
    target = Document(read(document.replace("\n", newline).encode(), "document"))
    with suppress(TransformError):
        _Run(read(xdt.encode(), "transform"), target, {}).apply()
    assert model(parsed(target.content())) == model(target.root)


@many
@given(documents, st.lists(transforms, max_size=3))
def test_generated_transforms_raise_nothing_else(document, chain):
    with suppress(TransformError):
        parsed(transform(document.encode(), *(each.encode() for each in chain)).content)


@many
@given(
    st.one_of(
        st.binary(max_size=60), st.text(st.sampled_from("<>!-?[]'\"/ar=& \0é\ufeff"), max_size=30).map(str.encode)
    )
)
def test_any_bytes_raise_nothing_else(content):
    for use in (
        lambda: transform(content),
        lambda: transform(b"<r/>", content),
        lambda: apply_settings(content, {"a": "b"}, {"c": "d"}),
    ):
        with suppress(TransformError):
            use()


@many
@given(st.text(max_size=20), st.text(max_size=20))
def test_any_arguments_raise_nothing_else(call, locator):
    root = etree.Element("r", nsmap={"xdt": XDT})
    child = etree.SubElement(root, "a")
    with suppress(ValueError):
        child.set(f"{{{XDT}}}Transform", f"SetAttributes({call})")
        child.set(f"{{{XDT}}}Locator", f"XPath({locator})")
    with suppress(TransformError):
        transform(b"<r><a k='1'/></r>", etree.tostring(root))


def change(document: str, inner: str) -> etree._Element:
    return parsed(transform(document.encode(), f'<r xmlns:xdt="{XDT}">{inner}</r>'.encode()).content)


@many
@given(documents, names)
def test_remove_takes_one_and_remove_all_takes_all(document, name):
    before = len(parsed(document.encode()).findall(name))
    assert len(change(document, f'<{name} xdt:Transform="Remove"/>').findall(name)) == max(before - 1, 0)
    assert change(document, f'<{name} xdt:Transform="RemoveAll"/>').findall(name) == []


@many
@given(documents, names)
def test_insert_adds_one_as_the_last(document, name):
    before = parsed(document.encode()).findall("*")
    after = change(document, f'<{name} new="1" xdt:Transform="Insert"/>').findall("*")
    assert len(after) == len(before) + 1
    assert (after[-1].tag, dict(after[-1].attrib)) == (name, {"new": "1"})


@many
@given(
    documents,
    names,
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")),
)
def test_set_attributes_reaches_every_match_and_nothing_else(document, name, value):
    root = etree.Element("r")
    etree.SubElement(root, name, {"new": value, f"{{{XDT}}}Transform": "SetAttributes(new)"})
    after = parsed(transform(document.encode(), etree.tostring(root)).content)
    for child in after.findall(name):
        assert child.attrib.pop("new") == value
    assert model(after) == model(parsed(document.encode()))


settings_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(
    lambda text: not set(text) & {"\ufffe", "\uffff"}
)


@many
@given(
    st.dictionaries(settings_text, settings_text, max_size=4),
    st.sampled_from(
        ["", "<connectionStrings/>", "\n  <connectionStrings>\n    <add name='A' x='1'/>\n  </connectionStrings>\n"]
    ),
)
def test_settings_can_be_read_back_and_set_twice(connection_strings, inner):
    content = f"<configuration>{inner}</configuration>".encode()
    once = apply_settings(content, connection_strings, {})
    found = {
        entry.get("name", "").lower(): entry.get("connectionString")
        for entry in parsed(once).iterfind("connectionStrings/add")
    }
    # .NET does not tell names apart by case: of two such names the last one counts.
    wanted = {name.lower(): value for name, value in connection_strings.items()}
    assert {name: found[name] for name in wanted} == wanted
    assert apply_settings(once, connection_strings, {}) == once
