"""What a transform does not touch keeps its bytes; what it adds looks like its surroundings."""

from __future__ import annotations

import codecs

import pytest

from pytest_wincontainers.webconfig import transform

XDT = "http://schemas.microsoft.com/XML-Document-Transform"

DOCUMENT = """\
<?xml version='1.0'  encoding="utf-8" ?>
<!-- before
     the root -->
<?pi before?>

<configuration  >
    <!-- a > b & c -->
    <?pi inside?>
    <configSections></configSections>
    <appSettings>
        <add key='A'  value="1 &lt; &#50; &amp;&quot;'" />

        <add value = '2'
             key   = "B"/>
        <text>a &gt; > <![CDATA[<raw> & ]]>&#x41;
  end</text >
    </appSettings>
\t<empty/>
</configuration>
<!-- after -->

"""


def run(document: str, inner: str, newline: str = "\n") -> str:
    xdt = f'<configuration xmlns:xdt="{XDT}">{inner}</configuration>'
    result = transform(document.replace("\n", newline).encode(), xdt.encode())
    assert result.warnings == ()
    text = result.content.decode()
    assert text.count("\n") == text.count(newline)
    return text.replace(newline, "\n")


@pytest.fixture(params=["\n", "\r\n"], ids=["lf", "crlf"])
def newline(request) -> str:
    return request.param


def test_a_transform_that_changes_nothing_keeps_every_byte(newline):
    assert run(DOCUMENT, "<appSettings/>", newline) == DOCUMENT


def test_a_changed_attribute_keeps_its_place_quotes_and_line(newline):
    xdt = '<appSettings><add key="B" value="new" xdt:Transform="SetAttributes" xdt:Locator="Match(key)"/></appSettings>'
    assert run(DOCUMENT, xdt, newline) == DOCUMENT.replace("value = '2'", "value = 'new'")


def test_a_new_attribute_stands_as_the_last_one_does(newline):
    xdt = '<appSettings><add n="1" xdt:Transform="SetAttributes"/></appSettings>'
    expected = DOCUMENT.replace('"B"/>', '"B"\n             n="1"/>').replace("'\" />", '\'" n="1" />')
    assert run(DOCUMENT, xdt, newline) == expected


def test_removed_attributes_take_their_space_with_them(newline):
    xdt = '<appSettings><add xdt:Transform="RemoveAttributes(value)"/></appSettings>'
    expected = DOCUMENT.replace('  value="1 &lt; &#50; &amp;&quot;\'"', "").replace(" value = '2'", "")
    assert run(DOCUMENT, xdt, newline) == expected


def test_an_inserted_element_is_indented_as_its_siblings(newline):
    new = '<add key="N" xdt:Transform="Insert">\n    <b>\n    </b>\n    <!-- c -->\n  </add>'
    xdt = f"<appSettings>\n  {new}</appSettings>"
    expected = DOCUMENT.replace(
        "</text >\n",
        '</text >\n        <add key="N">\n          <b>\n    </b>\n          <!-- c -->\n        </add>\n',
    )
    assert run(DOCUMENT, xdt, newline) == expected


def test_the_first_child_of_an_empty_element_gets_lines_of_its_own(newline):
    expected = DOCUMENT.replace("\t<empty/>", "\t<empty>\n\t    <a />\n\t</empty>")
    assert run(DOCUMENT, '<empty><a xdt:Transform="Insert"/></empty>', newline) == expected


def test_insert_before_and_after_take_lines_of_their_own(newline):
    # The indentation is that of the first child that has a line.
    expected = DOCUMENT.replace("\t<empty/>\n", "    <before />\n\t<empty/>\n    <after />\n")
    xdt = '<before xdt:Transform="InsertBefore(empty)"/><after xdt:Transform="InsertAfter(empty)"/>'
    assert run(DOCUMENT, xdt, newline) == expected


def test_a_removed_element_takes_its_line_with_it(newline):
    expected = DOCUMENT.replace("\t<empty/>\n", "").replace("    <configSections></configSections>\n", "")
    xdt = '<empty xdt:Transform="Remove"/><configSections xdt:Transform="Remove"/>'
    assert run(DOCUMENT, xdt, newline) == expected


def test_the_text_beside_a_removed_element_keeps_its_writing():
    document = "<configuration>&#65;<a/><![CDATA[<]]></configuration>"
    assert run(document, '<a xdt:Transform="Remove"/>') == "<configuration>&#65;<![CDATA[<]]></configuration>"


def test_a_comment_on_the_line_of_a_removed_element_stays_on_a_line():
    document = "<configuration>\n  <a/> <!-- c -->\n</configuration>"
    assert run(document, '<a xdt:Transform="Remove"/>') == "<configuration>\n  <!-- c -->\n</configuration>"


def test_a_replaced_element_keeps_its_place(newline):
    expected = DOCUMENT.replace("<empty/>", "<empty>\n\t  <a />\n\t</empty>")
    assert run(DOCUMENT, '<empty xdt:Transform="Replace">\n  <a/>\n</empty>', newline) == expected


def test_a_commented_element_keeps_its_text(newline):
    document = DOCUMENT.replace("<empty/>", "<empty>\n\t\t<a  b='1'/>\n\t</empty>")
    expected = DOCUMENT.replace("<empty/>", "<!-- <empty>\n\t\t<a  b='1'/>\n\t</empty> -->")
    assert run(document, '<empty xdt:Transform="CommentOut"/>', newline) == expected


def test_a_document_in_one_line_stays_in_one_line():
    assert run("<configuration><a/></configuration>", '<b xdt:Transform="Insert">\n  <c/>\n</b>') == (
        "<configuration><a/><b>\n  <c />\n</b></configuration>"
    )


@pytest.mark.parametrize(
    ("mark", "encoding", "declared"),
    [
        (b"", "utf-8", ""),
        (codecs.BOM_UTF8, "utf-8", ' encoding="utf-8"'),
        (codecs.BOM_UTF16_LE, "utf-16-le", ' encoding="utf-16"'),
        (codecs.BOM_UTF16_BE, "utf-16-be", ' encoding="utf-16"'),
        (codecs.BOM_UTF32_LE, "utf-32-le", ""),
        (b"", "utf-16-le", ""),
        (b"", "windows-1252", ' encoding="windows-1252"'),
        (b"", "iso-8859-1", " encoding = 'ISO-8859-1'"),
    ],
)
def test_encoding_and_byte_order_mark_stay(mark, encoding, declared):
    document = f'<?xml version="1.0"{declared}?>\r\n<r a="é"><b/></r>'
    xdt = f'<r xmlns:x="{XDT}"><b x:Transform="Replace">ü</b></r>'.encode()
    expected = document.replace("<b/>", "<b>ü</b>")
    assert transform(mark + document.encode(encoding), xdt).content == mark + expected.encode(encoding)


def test_a_character_that_the_encoding_lacks_becomes_a_reference():
    xdt = f'<r xmlns:x="{XDT}"><b x="ł" x:Transform="Insert">Ω</b></r>'.encode()
    content = b'<?xml version="1.0" encoding="iso-8859-1"?><r a="\xe9"/>'
    assert transform(content, xdt).content == content.replace(b"/>", b'><b x="&#322;">&#937;</b></r>')
