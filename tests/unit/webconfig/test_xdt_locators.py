"""Each locator, its arguments and its errors."""

from __future__ import annotations

import pytest


def marked(locator: str, attributes: str = "", name: str = "a") -> str:
    return f'<{name} {attributes} hit="" xdt:Transform="SetAttributes(hit)" xdt:Locator="{locator}"/>'


def test_without_a_locator_all_of_the_name_match(change):
    assert change("<a/><b/><a/>", '<a hit="" xdt:Transform="SetAttributes"/>') == '<a hit=""/><b/><a hit=""/>'


def test_the_path_goes_through_all_parents_of_the_name(change):
    xdt = '<a><b hit="" xdt:Transform="SetAttributes"/></a>'
    assert change("<a><b/></a><c><b/></c><a><b/></a>", xdt) == ('<a><b hit=""/></a><c><b/></c><a><b hit=""/></a>')


class TestMatch:
    def test_one_attribute(self, change):
        assert change('<a k="1"/><a k="2"/>', marked("Match(k)", 'k="2"')) == '<a k="1"/><a k="2" hit=""/>'

    def test_all_attributes_must_match(self, change):
        assert change('<a k="1" m="1"/><a k="1" m="2"/>', marked("Match(k, m)", 'k="1" m="2"')) == (
            '<a k="1" m="1"/><a k="1" m="2" hit=""/>'
        )

    def test_restricts_the_children_too(self, change):
        xdt = '<a k="2" xdt:Locator="Match(k)"><b xdt:Transform="Remove"/></a>'
        assert change('<a k="1"><b/></a><a k="2"><b/></a>', xdt) == '<a k="1"><b/></a><a k="2"></a>'

    def test_an_attribute_with_a_prefix(self, change):
        xdt = '<a xmlns:p="urn:p" p:k="1" hit="" xdt:Transform="SetAttributes(hit)" xdt:Locator="Match(p:k)"/>'
        inner = '<a xmlns:q="urn:p" q:k="1"/><a k="1"/>'
        assert change(inner, xdt) == '<a xmlns:q="urn:p" q:k="1" hit=""/><a k="1"/>'

    def test_arguments_can_stand_on_several_lines(self, change):
        assert change('<a k="1"/>', marked("Match(k,&#10;k)", 'k="1"')) == '<a k="1" hit=""/>'

    def test_needs_an_argument(self, errors):
        assert errors("<a/>", marked("Match")) == ["transform 1, line 1: Match takes at least one argument."]
        assert errors("<a/>", marked("Match()")) == ["transform 1, line 1: Match takes at least one argument."]

    def test_the_attribute_must_be_on_the_transform_element(self, errors):
        assert errors('<a k="1"/>', marked("Match(k)")) == [
            "transform 1, line 1: Match(k) finds no attribute 'k' on its own element."
        ]

    def test_a_single_argument_is_not_trimmed(self, errors, change):
        assert "finds no attribute ' k'" in errors('<a k="1"/>', marked("Match( k)", 'k="1"'))[0]
        assert change('<a k="1"/>', marked("Match( k , k )", 'k="1"')) == '<a k="1" hit=""/>'

    def test_an_apostrophe_in_the_value_breaks_the_xpath(self, errors):
        assert "is not valid" in errors('<a k="x\'y"/>', marked("Match(k)", 'k="x\'y"'))[0]


class TestCondition:
    @pytest.mark.parametrize("expression", ["@k='2'", "[@k='2']", "2", "last()", "@k='2' or @k='3'"])
    def test_is_a_predicate(self, change, expression):
        assert change('<a k="1"/><a k="2"/>', marked(f"Condition({expression})")) == '<a k="1"/><a k="2" hit=""/>'

    def test_a_comma_in_parentheses_is_no_separator(self, change):
        assert change('<a k="12"/>', marked("Condition(contains(@k,'2') and starts-with(@k,'1'))")) == (
            '<a k="12" hit=""/>'
        )

    @pytest.mark.parametrize("arguments", ["", "()", "(1,2)", "(@k='1,2')"])
    def test_takes_exactly_one_argument(self, errors, arguments):
        assert "Condition takes exactly one argument" in errors("<a/>", marked(f"Condition{arguments}"))[0]

    def test_wrong_expression_is_an_error(self, errors):
        assert "is not valid" in errors("<a/>", marked("Condition(@k=)"))[0]


class TestXPath:
    def test_an_absolute_path_replaces_the_whole_path(self, change):
        assert change("<x><y/></x><a/>", marked("XPath(/configuration/x/y)")) == '<x><y hit=""/></x><a/>'

    def test_a_relative_path_is_appended_to_the_elements_path(self, change):
        assert change("<a><b/></a><b/>", marked("XPath(b)")) == '<a><b hit=""/></a><b/>'

    def test_a_dot_step_is_removed(self, change, warned):
        assert change("<a><b/></a>", marked("XPath(./b)")) == '<a><b hit=""/></a>'
        assert warned("<a/>", marked("XPath(./b)"))[1][0].endswith("no element matches /configuration/a/b.")

    def test_parents_of_the_transform_do_not_matter(self, change):
        xdt = f"<none>{marked('XPath(//b)')}</none>"
        assert change("<a><b/></a>", xdt) == '<a><b hit=""/></a>'

    def test_children_go_on_from_the_path(self, change):
        xdt = '<none xdt:Locator="XPath(//b)"><c xdt:Transform="Remove"/></none>'
        assert change("<a><b><c/></b></a>", xdt) == "<a><b></b></a>"

    @pytest.mark.parametrize("arguments", ["", "()", "(a,b)"])
    def test_takes_exactly_one_argument(self, errors, arguments):
        assert "XPath takes exactly one argument" in errors("<a/>", marked(f"XPath{arguments}"))[0]

    @pytest.mark.parametrize("path", ["@k", "/configuration/a/text()", "/count(//a)", "/configuration/a/namespace::*"])
    def test_must_select_nodes(self, errors, path):
        xdt = marked(f"XPath({path})")
        assert errors('<a k="1">t</a>', xdt)[0].startswith("transform 1, line 1: The XPath /")


UNDEFINED = [
    ("Condition(p:x)", "the prefix 'p' is not declared"),
    ("Condition(@p:x='1')", "the prefix 'p' is not declared"),
    ("Condition(child::p:*)", "the prefix 'p' is not declared"),
    ("XPath(/configuration/p:a)", "the prefix 'p' is not declared"),
    ("Condition($x)", "there are no variables"),
    ("Condition(matches(@k,'1'))", "there is no function 'matches'"),
    ("Condition(q:contains(@k,'1'))", "there is no function 'q:contains'"),
]


class TestUndefinedNames:
    """.NET looks at every name before it looks for elements; libxml2 only once an element is found."""

    @pytest.mark.parametrize(("locator", "message"), UNDEFINED)
    @pytest.mark.parametrize("inner", ["", "<a k='1'/>"])
    def test_are_an_error_even_where_nothing_matches(self, errors, inner, locator, message):
        found = errors(inner, f'<a xmlns:q="urn:q" xdt:Transform="Remove" xdt:Locator="{locator}"/>')
        assert len(found) == 1
        assert "is not valid" in found[0]
        assert message in found[0]

    def test_are_an_error_on_the_way_to_a_parent_too(self, errors):
        xdt = '<a xdt:Locator="Condition(p:x)"><b xdt:Transform="Insert"/></a>'
        assert "the prefix 'p' is not declared" in errors("", xdt)[0]

    @pytest.mark.parametrize(
        "expression",
        [
            "q:x",
            "@xml:lang",
            "ancestor-or-self::q:*",
            ". = 'p:x'",
            ". = &quot;p:x('$y')&quot;",
            "not(a) and (b) or (c) and (1 div (2)) = (3 mod (2))",
            "text() or comment() or node() or processing-instruction('x')",
            "string-length (normalize-space(.)) > 0",
            "a-b.c",
        ],
    )
    def test_defined_ones_are_none(self, warned, expression):
        xdt = f'<z xmlns:q="urn:q" xdt:Transform="Remove" xdt:Locator="Condition({expression})"/>'
        assert "no element matches" in warned("<a/>", xdt)[1][0]

    @pytest.mark.parametrize("argument", ["q:b", "a[q:b]", "a[@xml:lang]", "a[$x]"])
    def test_arguments_cannot_use_prefixes(self, errors, argument):
        xdt = f'<c xmlns:q="urn:q" q:k="1" xdt:Transform="InsertBefore({argument})"/>'
        assert "is not valid" in errors("<b/>", xdt)[0]
        xdt = f'<b xmlns:q="urn:q" q:k="1" xdt:Transform="RemoveAttributes({argument})"/>'
        assert "is not valid" in errors("<b/>", xdt)[0]


def test_default_locator_can_be_named(change):
    assert change("<a/>", marked("DefaultLocator")) == '<a hit=""/>'


@pytest.mark.parametrize("locator", ["match(k)", "Nonsense"])
def test_unknown_locator_is_an_error(errors, locator):
    name = locator.partition("(")[0]
    assert errors("<a/>", marked(locator)) == [f"transform 1, line 1: There is no locator {name!r}."]


def test_a_wrong_locator_without_a_transform_below_is_not_looked_at(change):
    assert change("<a/>", '<a xdt:Locator="Nonsense"/>') == "<a/>"


def test_a_wrong_locator_fails_every_transform_below(errors):
    found = errors("<a/>", '<a xdt:Locator="Match(k)">\n<b xdt:Transform="Remove"/>\n<c xdt:Transform="Insert"/></a>')
    assert [line.partition(":")[0] for line in found] == ["transform 1, line 2", "transform 1, line 3"]


@pytest.mark.parametrize("value", ["", "Match(k", "Match k", "Match(k) x", "1+1", "Ma-tch"])
def test_a_locator_that_is_no_call_is_an_error(errors, value):
    assert "is neither a name nor a name with arguments" in errors("<a/>", marked(value))[0]


def test_spaces_around_a_call_do_not_matter(change):
    assert change('<a k="1"/>', marked("  Match \n (k)  ", 'k="1"')) == '<a k="1" hit=""/>'
