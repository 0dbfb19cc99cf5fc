"""Each transform, with the points that Microsoft's documentation leaves out."""

from __future__ import annotations

import pytest

from pytest_wincontainers.webconfig import TransformError, transform

XDT = "http://schemas.microsoft.com/XML-Document-Transform"


class TestReplace:
    def test_replaces_the_whole_element(self, change):
        assert change('<a x="1"><b/></a><c/>', '<a y="2" xdt:Transform="Replace"><d/></a>') == '<a y="2"><d /></a><c/>'

    def test_replaces_the_first_match_and_warns_of_more(self, warned):
        text, warnings = warned('<a x="1"/><a x="2"/>', '<a xdt:Transform="Replace"/>')
        assert text == '<a /><a x="2"/>'
        assert warnings == ["transform 1, line 1: Replace only applies to the first of 2 matches, at /configuration/a."]

    def test_ignores_arguments_with_a_warning(self, warned):
        text, warnings = warned("<a/>", '<a x="1" xdt:Transform="Replace(q)"/>')
        assert text == '<a x="1" />'
        assert warnings == ["transform 1, line 1: Replace takes no arguments; they are ignored."]

    def test_replaces_the_root_and_keeps_what_is_outside_it(self):
        content = b"<?xml version='1.0'?>\n<!-- a --><r><a/></r>\n<!-- z -->\n"
        result = transform(content, f'<r xmlns:x="{XDT}" x:Transform="Replace"><b>1</b></r>'.encode())
        assert result.content == b"<?xml version='1.0'?>\n<!-- a --><r><b>1</b></r>\n<!-- z -->\n"

    def test_goes_on_in_the_replaced_root(self):
        xdt = f'<r xmlns:x="{XDT}" x:Transform="Replace"><b><c x:Transform="Insert" /></b></r>'
        assert transform(b"<r/>", xdt.encode()).content == b"<r><b><c /><c /></b></r>"


class TestRemove:
    def test_removes_the_first_match_and_warns_of_more(self, warned):
        text, warnings = warned("<a/><b/><a/>", '<a xdt:Transform="Remove"/>')
        assert text == "<b/><a/>"
        assert "only applies to the first of 2 matches" in warnings[0]

    def test_ignores_arguments_with_a_warning(self, warned):
        assert warned("<a/>", '<a xdt:Transform="Remove(x)"/>') == (
            "",
            ["transform 1, line 1: Remove takes no arguments; they are ignored."],
        )

    def test_keeps_text_around_it(self, change):
        assert change("one <a/> two", '<a xdt:Transform="Remove"/>') == "one  two"

    def test_a_no_break_space_is_text(self, change):
        assert change("<b/>\xa0<a/>\xa0\n", '<a xdt:Transform="Remove"/>') == "<b/>\xa0\xa0\n"

    def test_cannot_remove_the_root(self):
        with pytest.raises(TransformError) as caught:
            transform(b"<r/>", f'<r xmlns:x="{XDT}" x:Transform="Remove"/>'.encode())
        assert "Remove cannot remove the root element" in caught.value.details


class TestRemoveAll:
    def test_removes_every_match_without_a_warning(self, change):
        assert change("<a/><b/><a/>", '<a xdt:Transform="RemoveAll"/>') == "<b/>"

    def test_removes_matches_inside_matches(self, change):
        assert change("<a><a/></a><b/>", '<a xdt:Transform="RemoveAll" xdt:Locator="XPath(//a)"/>') == "<b/>"

    def test_removes_comments_that_an_xpath_finds(self, change):
        assert (
            change("<a><!-- 1 --><b/><!-- 2 --></a>", '<a xdt:Transform="RemoveAll" xdt:Locator="XPath(comment())"/>')
            == "<a><b/></a>"
        )


class TestInsert:
    def test_appends_a_copy_even_if_there_is_one(self, change):
        assert change("<a><b/></a>", '<a><b x="1" xdt:Transform="Insert"/></a>') == '<a><b/><b x="1" /></a>'

    def test_inserts_into_the_first_parent_only(self, change):
        assert change("<a/><a/>", '<a><b xdt:Transform="Insert"/></a>') == "<a><b /></a><a/>"

    def test_missing_parent_is_an_error(self, errors):
        assert errors("<a/>", '<z><y><b xdt:Transform="Insert"/></y></z>') == [
            "transform 1, line 1: Insert has no parent to insert into: no element matches /configuration/z."
        ]

    def test_an_xpath_names_the_parent(self, change):
        xdt = '<b xdt:Transform="Insert" xdt:Locator="XPath(/configuration/a)"/>'
        assert change("<a/>", xdt) == "<a><b /></a>"

    def test_a_relative_xpath_starts_at_the_elements_own_path(self, change):
        assert change("<b><c/></b>", '<b xdt:Transform="Insert" xdt:Locator="XPath(c)"/>') == "<b><c><b /></c></b>"

    def test_a_condition_is_not_evaluated(self, change):
        # Microsoft's engine only makes the path that it would look at.
        assert change("<a/>", '<a><b xdt:Transform="Insert" xdt:Locator="Condition(@k=)"/></a>') == "<a><b /></a>"

    def test_the_copy_has_nothing_of_xdt(self, change):
        xdt = '<a xdt:Transform="Insert" xdt:SupressWarnings="true"><b xdt:Locator="Match(x)" x="1"/></a>'
        assert change("", xdt) == '<a><b x="1" /></a>'

    def test_children_of_a_copy_are_still_applied(self, change):
        xdt = '<a xdt:Transform="Insert"><b x="1"/><b xdt:Transform="Remove"/></a>'
        assert change("", xdt.replace('<b x="1"/>', "")) == "<a />"

    def test_keeps_comments_and_text_of_the_copy(self, change):
        assert change("", '<a xdt:Transform="Insert">1 &lt; <!-- é -->2<?pi x?></a>') == (
            "<a>1 &lt; <!-- é -->2<?pi x?></a>"
        )

    def test_the_root_has_no_parent(self):
        with pytest.raises(TransformError, match="cannot be applied") as caught:
            transform(b"<r/>", f'<r xmlns:x="{XDT}" x:Transform="Insert"/>'.encode())
        assert "no parent" in caught.value.details


class TestInsertIfMissing:
    def test_inserts_what_is_missing(self, change):
        xdt = '<a k="2" xdt:Transform="InsertIfMissing" xdt:Locator="Match(k)"/>'
        assert change('<a k="1"/>', xdt) == '<a k="1"/><a k="2" />'

    def test_leaves_what_is_there(self, change):
        xdt = '<a k="1" v="2" xdt:Transform="InsertIfMissing" xdt:Locator="Match(k)"/>'
        assert change('<a k="1"/>', xdt) == '<a k="1"/>'

    def test_missing_parent_is_an_error(self, errors):
        assert "has no parent" in errors("", '<z><b xdt:Transform="InsertIfMissing"/></z>')[0]

    def test_never_inserts_with_an_xpath(self, change, errors):
        xdt = '<b xdt:Transform="InsertIfMissing" xdt:Locator="XPath(/configuration/a)"/>'
        assert change("<a/>", xdt) == "<a/>"
        assert "no element matches /configuration/a" in errors("<z/>", xdt)[0]


class TestInsertBeforeAndAfter:
    def test_insert_before(self, change):
        assert change("<a/><b/>", '<c xdt:Transform="InsertBefore(b)"/>') == "<a/><c /><b/>"

    def test_insert_after(self, change):
        assert change("<a/><b/>", '<c xdt:Transform="InsertAfter(a)"/>') == "<a/><c /><b/>"

    def test_insert_after_stands_before_the_text_behind_the_sibling(self, change):
        assert change("<a/>text<b/>", '<c xdt:Transform="InsertAfter(a)"/>') == "<a/><c />text<b/>"

    def test_insert_before_stands_behind_the_text_before_the_sibling(self, change):
        assert change("<a/>text<b/>", '<c xdt:Transform="InsertBefore(b)"/>') == "<a/>text<c /><b/>"

    def test_an_absolute_path_can_lead_to_another_parent(self, change):
        assert change("<x/><a><b/></a>", '<c xdt:Transform="InsertAfter(/configuration/a/b)"/>') == (
            "<x/><a><b/><c /></a>"
        )

    def test_the_first_of_several_siblings_counts(self, change):
        assert change("<a/><a/>", '<c xdt:Transform="InsertAfter(a)"/>') == "<a/><c /><a/>"

    def test_a_comma_in_parentheses_is_no_separator(self, change):
        xdt = "<c xdt:Transform=\"InsertAfter(a[contains(@k,'1')])\"/>"
        assert change('<a k="0"/><a k="1"/>', xdt) == '<a k="0"/><a k="1"/><c />'

    @pytest.mark.parametrize("name", ["InsertBefore", "InsertAfter"])
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ("", "takes exactly one argument, not 0"),
            ("(a,a)", "takes exactly one argument, not 2"),
            ("(z)", "finds no element at z"),
            ("(a/@k)", "does not select elements"),
            ("(comment())", "does not select an element"),
            ("(p:a)", "is not valid"),
            ("(a[)", "is not valid"),
            ("(/configuration)", "cannot insert beside the root element"),
        ],
    )
    def test_a_wrong_argument_is_an_error(self, errors, name, arguments, message):
        found = errors("<a k='1'/><!-- -->", f'<c xmlns:p="urn:p" xdt:Transform="{name}{arguments}"/>')
        assert len(found) == 1
        assert message in found[0]


@pytest.mark.parametrize("name", ["Insert", "InsertIfMissing", "InsertBefore(b)", "InsertAfter(b)"])
@pytest.mark.parametrize(
    ("locator", "message"),
    [
        ("Match(k)", "Match(k) finds no attribute 'k' on its own element."),
        ("Match()", "Match takes at least one argument."),
        ("Condition(1,2)", "Condition takes exactly one argument, not 2."),
        ("XPath(b,b)", "XPath takes exactly one argument, not 2."),
    ],
)
def test_a_broken_locator_is_an_error_where_only_the_parent_counts_too(errors, name, locator, message):
    xdt = f'<a><c xdt:Transform="{name}" xdt:Locator="{locator}"/></a>'
    assert errors("<a><b/></a>", xdt) == [f"transform 1, line 1: {message}"]


class TestLineBreaks:
    """.NET's XmlTextReader, which Microsoft's engine uses, keeps what other parsers turn into spaces."""

    def test_are_kept_in_attributes(self, change):
        assert change("<a/>", '<a k="1\n2\t3" xdt:Transform="SetAttributes"/>') == '<a k="1&#xA;2&#x9;3"/>'
        assert change("<a/>", '<a k="1\r\n2" xdt:Transform="SetAttributes"/>') == '<a k="1&#xD;&#xA;2"/>'
        assert change("", '<a k="1\n2" xdt:Transform="Insert"/>') == '<a k="1&#xA;2" />'
        assert change("<a/>", '<a k="1&#xA;2" xdt:Transform="SetAttributes"/>') == '<a k="1&#xA;2"/>'

    def test_are_matched_as_they_are(self, change):
        inner = '<a k="1\n2"/><a k="1 2"/><a k="1&#10;2"/><a k="1\t2"/><a k="1\r\n2"/>'
        xdt = '<a k="1{}2" xdt:Transform="RemoveAll" xdt:Locator="Match(k)"/>'
        assert change(inner, xdt.format("\n")) == '<a k="1 2"/><a k="1\t2"/><a k="1\r\n2"/>'
        assert change(inner, xdt.format("\t")) == '<a k="1\n2"/><a k="1 2"/><a k="1&#10;2"/><a k="1\r\n2"/>'
        assert change(inner, xdt.format("&#xD;&#xA;")) == inner.replace('<a k="1\r\n2"/>', "")

    def test_stay_as_they_are_where_nothing_is_changed(self, change):
        inner = "<a k='\n 1\n'   m=\"\t\" />\n<b/>"
        assert change(inner, '<a n="2" xdt:Transform="SetAttributes(n)"/>') == inner.replace(
            " />", ' n="2" />'
        ).replace('"\t"  n', '"\t" n')

    def test_do_not_move_the_lines_that_errors_name(self, errors):
        xdt = '<a k="1\n2\n3"\n xdt:Transform="Nonsense"\n/>\n<b m="\n" xdt:Transform="Nonsense"/>'
        assert [line.partition(":")[0] for line in errors("", xdt)] == ["transform 1, line 5", "transform 1, line 7"]

    def test_in_a_list_of_arguments_are_spaces(self, change):
        xdt = '<a x="1" y="2" z="3" xdt:Transform="SetAttributes(\n  x,\n  y\n)"/>'
        assert change("<a/>", xdt) == '<a x="1" y="2"/>'


class TestCharacterData:
    def test_stays_character_data(self, change):
        xdt = '<a xdt:Transform="Insert">1<![CDATA[<x> & ]]>2<b><![CDATA[]]></b><![CDATA[3]]></a>'
        assert change("", xdt) == "<a>1<![CDATA[<x> & ]]>2<b><![CDATA[]]></b><![CDATA[3]]></a>"
        assert change("<a/>", xdt.replace("Insert", "Replace")) == change("", xdt)

    def test_has_the_line_ends_of_the_document(self, change):
        xdt = '<a xdt:Transform="Insert"><![CDATA[1\n2\r\n3]]></a>'
        assert "<a><![CDATA[1\r\n2\r\n3]]></a>" in change("\r\n", xdt)
        assert "<a><![CDATA[1\n2\n3]]></a>" in change("\n", xdt)

    def test_of_spaces_is_not_indented(self, change):
        xdt = '<a xdt:Transform="Insert">\n  <b><![CDATA[\n  ]]><c/></b>\n</a>'
        assert "<b><![CDATA[\n  ]]><c /></b>" in change("\n  <x/>\n", xdt)

    def test_becomes_text_where_the_encoding_lacks_a_character(self):
        document = b'<?xml version="1.0" encoding="iso-8859-1"?><r></r>'
        xdt = f'<r xmlns:x="{XDT}"><a x:Transform="Insert"><![CDATA[<\u03a9>]]></a></r>'.encode()
        assert transform(document, xdt).content.endswith(b"<r><a>&lt;&#937;&gt;</a></r>")

    def test_can_be_commented_out_again(self, change):
        assert change("", '<a xdt:Transform="Insert"><![CDATA[<]]></a>', '<a xdt:Transform="CommentOut"/>') == (
            "<!-- <a><![CDATA[<]]></a> -->"
        )


class TestSetAttributes:
    def test_sets_all_attributes_of_every_match(self, change):
        xdt = '<a x="1" y="2" xdt:Transform="SetAttributes"/>'
        assert change('<a y="0"/><a/>', xdt) == '<a y="2" x="1"/><a x="1" y="2"/>'

    def test_sets_the_named_ones_only(self, change):
        xdt = '<a x="1" y="2" z="3" xdt:Transform="SetAttributes(x, z)"/>'
        assert change("<a/>", xdt) == '<a x="1" z="3"/>'

    def test_a_single_argument_is_not_trimmed_but_xpath_does_not_mind(self, change):
        assert change("<a/>", '<a x="1" xdt:Transform="SetAttributes( x )"/>') == '<a x="1"/>'

    def test_warns_of_arguments_that_match_nothing(self, warned):
        text, warnings = warned("<a/><a/>", '<a x="1" xdt:Transform="SetAttributes(x,q)"/>')
        assert text == '<a x="1"/><a x="1"/>'
        assert warnings == ["transform 1, line 1: SetAttributes: the argument 'q' matches no attribute."]

    def test_warns_if_there_is_nothing_to_set(self, warned):
        assert warned("<a/>", '<a xdt:Transform="SetAttributes"/>') == (
            "<a/>",
            ["transform 1, line 1: SetAttributes has no attributes to set."],
        )

    def test_values_are_escaped(self, change):
        xdt = "<a x='&lt;&amp;\"&apos;&#xA;' xdt:Transform='SetAttributes'/>"
        assert change("<a x='1'/>", xdt) == "<a x='&lt;&amp;\"&apos;&#xA;'/>"
        assert change("<a/>", xdt) == '<a x="&lt;&amp;&quot;\'&#xA;"/>'

    def test_keeps_a_namespace_of_the_attribute(self, change):
        xdt = '<a xml:lang="en" p:x="1" xmlns:p="urn:p" xdt:Transform="SetAttributes"/>'
        assert change('<a xmlns:q="urn:p" q:x="0"/>', xdt) == '<a xmlns:q="urn:p" q:x="1" xml:lang="en"/>'

    def test_declares_a_namespace_that_the_document_lacks(self, change):
        xdt = '<a p:x="1" p:y="2" xmlns:p="urn:p" xdt:Transform="SetAttributes"><b p:z="3" xdt:Transform="Insert"/></a>'
        text = change("<a/>", xdt)
        assert text == '<a xmlns:ns0="urn:p" ns0:x="1" ns0:y="2"><b ns0:z="3" /></a>'

    def test_wrong_xpath_is_an_error(self, errors):
        assert "is not valid" in errors("<a/>", '<a xdt:Transform="SetAttributes(x[)"/>')[0]
        assert "does not select attributes" in errors("<a/>", '<a x="1" xdt:Transform="SetAttributes(x/..)"/>')[0]
        assert "does not select attributes" in errors("<a/>", '<a x="1" xdt:Transform="SetAttributes(x+0)"/>')[0]

    def test_a_comment_has_no_attributes(self, errors):
        xdt = '<a x="1" xdt:Transform="SetAttributes" xdt:Locator="XPath(comment())"/>'
        assert "does not select an element" in errors("<a><!-- --></a>", xdt)[0]


class TestRemoveAttributes:
    def test_removes_the_named_ones_of_every_match(self, change):
        xdt = '<a xdt:Transform="RemoveAttributes(x,z)"/>'
        assert change('<a x="1" y="2"/><a z="3" x="1"/>', xdt.replace(",z", "")) == '<a y="2"/><a z="3"/>'

    def test_without_arguments_removes_all_but_namespaces(self, change):
        xdt = '<p:a xmlns:p="urn:p" xdt:Transform="RemoveAttributes"/>'
        assert change('<p:a x="1" xmlns:p="urn:p" y="2"/>', xdt) == '<p:a xmlns:p="urn:p"/>'

    def test_warns_if_nothing_was_removed(self, warned):
        text, warnings = warned('<a x="1"/>', '<a xdt:Transform="RemoveAttributes(q)"/>')
        assert text == '<a x="1"/>'
        assert warnings == [
            "transform 1, line 1: RemoveAttributes: the argument 'q' matches no attribute.",
            "transform 1, line 1: RemoveAttributes finds no attributes to remove.",
        ]

    def test_wrong_xpath_is_an_error(self, errors):
        assert "is not valid" in errors("<a/>", '<a xdt:Transform="RemoveAttributes(x[)"/>')[0]


class TestCommentOut:
    def test_turns_the_element_into_a_comment(self, change):
        assert change("<a x='1'><b/></a><c/>", '<a xdt:Transform="CommentOut"/>') == "<!-- <a x='1'><b/></a> --><c/>"

    def test_only_the_first_match_without_a_warning(self, change):
        # Microsoft's engine warns neither of other matches nor of arguments here.
        assert change("<a/><a/>", '<a xdt:Transform="CommentOut(x)"/>') == "<!-- <a/> --><a/>"

    def test_can_comment_out_what_was_inserted(self, change):
        assert change("", '<a x="1" xdt:Transform="Insert"/>', '<a xdt:Transform="CommentOut"/>') == (
            '<!-- <a x="1" /> -->'
        )

    def test_cannot_comment_out_two_hyphens(self, errors):
        assert "contains '--'" in errors("<a><!-- x --></a>", '<a xdt:Transform="CommentOut"/>')[0]

    def test_cannot_comment_out_a_comment(self, errors):
        xdt = '<a xdt:Transform="CommentOut" xdt:Locator="XPath(comment())"/>'
        assert "does not select an element" in errors("<a><!-- x --></a>", xdt)[0]

    def test_cannot_comment_out_the_root(self):
        with pytest.raises(TransformError) as caught:
            transform(b"<r/>", f'<r xmlns:x="{XDT}" x:Transform="CommentOut"/>'.encode())
        assert "CommentOut cannot comment out the root element" in caught.value.details


def test_set_tokenized_attributes_is_refused(errors):
    assert errors("<a/>", '<a x="1" xdt:Transform="SetTokenizedAttributes"/>') == [
        "transform 1, line 1: SetTokenizedAttributes is not supported."
    ]


@pytest.mark.parametrize("name", ["Replace", "Remove", "RemoveAll", "SetAttributes", "RemoveAttributes", "CommentOut"])
def test_a_missing_target_is_a_warning(warned, name):
    assert warned("<b/>", f'<a x="1" xdt:Transform="{name}"/>') == (
        "<b/>",
        [f"transform 1, line 1: {name} changes nothing: no element matches /configuration/a."],
    )
