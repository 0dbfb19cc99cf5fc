"""Tokens in text files, in the styles of Octopus and of Azure Pipelines."""

import codecs
import json
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wincontainers.webconfig import TransformError, replace_tokens


def replaced(text, values, source="notes.txt", style="octopus"):
    return replace_tokens(text.encode(), values, source=source, style=style).content.decode()


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("#{Name}", "shop"),
        ("a #{Name} b #{ Name } c #{NAME}", "a shop b shop c shop"),
        ("#{Name}#", "shop#"),
        ("##{Name}", "#{Name}"),
        ("###{Name}", "#shop"),
        ("####{Name}", "###{Name}"),
        ("# {Name} #Name {Name} #", "# {Name} #Name {Name} #"),
        ("##", "##"),
        ("#{Name", "#{Name"),
        ("#{\nName}", "#{\nName}"),
        ("#{Server.Name} #{Server:Port}", "db 3306"),
        ("#{Name | XmlEscape}#{Amp | XmlEscape}#{Amp|HtmlEscape}#{Quote | JsonEscape}", 'shop&amp;&amp;\\"'),
        ("#{Recursive}", "#{Name}"),
    ],
)
def test_octopus(text, becomes):
    values = {
        "name": "shop",
        "Server.Name": "db",
        "Server:Port": "3306",
        "Amp": "&",
        "Quote": '"',
        "Recursive": "#{Name}",
    }
    assert replaced(text, values) == becomes


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("#{Name}#", "shop"),
        ("#{ NAME }#", "shop"),
        ("##{Name}#", "#shop"),
        ("#{Name}", "#{Name}"),
        ("#{Name}##{Name}#", "shopshop"),
    ],
)
def test_azure(text, becomes):
    assert replaced(text, {"Name": "shop"}, style="azure") == becomes


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("#{Nam}", "#{Nam} stays as it is: the token 'Nam' has no value; did you mean 'Name'?"),
        ("#{Other.Thing}", "#{Other.Thing} stays as it is: the token 'Other.Thing' has no value."),
        ("#{Name | ToLower}", "#{Name | ToLower} stays as it is: the filter ToLower is not supported."),
        ("#{if Name}", "#{if Name} stays as it is: conditions and loops are not supported."),
        ("#{/if}", "#{/if} stays as it is: conditions and loops are not supported."),
        ("#{each a in b}", "#{each a in b} stays as it is: conditions and loops are not supported."),
    ],
)
def test_what_has_no_value_stays_and_is_told(text, why):
    filled = replace_tokens(f"\n{text} {text}".encode(), {"Name": "x"}, source="a.txt")
    assert filled.content.decode() == f"\n{text} {text}"
    assert filled.warnings == (f"a.txt, line 2: {why}",)


def test_without_values_nothing_is_replaced():
    filled = replace_tokens(b"#{Name}#", {}, source="a.txt", style="azure")
    assert filled.content == b"#{Name}#"
    assert filled.warnings == ("a.txt, line 1: #{Name}# stays as it is: the token 'Name' has no value.",)


VALUES = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")) | st.just("\t\r\n")


@given(VALUES)
def test_xml_has_the_value_whatever_it_is(value):
    text = replaced("<a b=\"#{X}\" c='#{X}'>#{X}</a>", {"x": value}, "web.config")
    element = ElementTree.fromstring(text)
    assert (element.get("b"), element.get("c"), element.text or "") == (value, value, value)


@given(st.text())
def test_json_has_the_value_whatever_it_is(value):
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        return
    assert json.loads(replaced('{"a": "#{X}"}', {"X": value}, "appsettings.JSON")) == {"a": value}


def test_other_files_have_the_value_as_it_is():
    assert replaced("a = #{X}", {"X": "<&\"'\\"}) == "a = <&\"'\\"


def test_a_cdata_section_has_the_value_as_it_is():
    text = "<a><![CDATA[#{X}]]>#{X}</a>"
    assert replaced(text, {"X": "&"}, "web.config") == "<a><![CDATA[&]]>&amp;</a>"


@pytest.mark.parametrize(
    ("mark", "encoding", "declaration"),
    [
        (codecs.BOM_UTF8, "utf-8", ""),
        (codecs.BOM_UTF16_LE, "utf-16-le", ""),
        (codecs.BOM_UTF16_BE, "utf-16-be", ""),
        (b"", "utf-16-le", ""),
        (b"", "windows-1252", '<?xml version="1.0" encoding="windows-1252"?>'),
    ],
)
def test_everything_else_is_kept_byte_for_byte(mark, encoding, declaration):
    def written(value):
        return mark + f"{declaration}<a>\r\n\t\u00e4 {value}\n</a>\n\n".encode(encoding)

    filled = replace_tokens(written("#{X}"), {"X": "\u00fc"}, source="web.config")
    assert filled.content == written("\u00fc")


def test_a_file_of_no_known_encoding_is_kept_byte_for_byte():
    filled = replace_tokens(b"\xe4\xff#{X}\x00", {"X": "x"}, source="a.txt")
    assert filled.content == b"\xe4\xffx\x00"


def test_xml_has_a_character_that_its_encoding_lacks():
    declaration = b'<?xml version="1.0" encoding="us-ascii"?>'
    filled = replace_tokens(declaration + b"<a>#{X}</a>", {"X": "\u00e4"}, source="web.config")
    assert filled.content == declaration + b"<a>&#228;</a>"


@pytest.mark.parametrize(
    ("content", "value", "sentence"),
    [
        (
            b"\n<a>#{X}</a>",
            "\x07",
            "web.config, line 2: the value of the token 'X' has a character that XML cannot hold.",
        ),
        (
            b'<?xml version="1.0" encoding="x-of-its-own"?><a/>',
            "x",
            "web.config is not text in the encoding x-of-its-own.",
        ),
        (codecs.BOM_UTF16_LE + b"\x00\xd8a", "x", "web.config is not text in the encoding utf-16-le."),
        (b"#{X}", "\ud800", "web.config is in the encoding utf-8, which lacks a character of a token's value."),
    ],
)
def test_what_cannot_be_written_is_refused_without_showing_it(content, value, sentence):
    with pytest.raises(TransformError) as caught:
        replace_tokens(content, {"X": value}, source="web.config")
    assert caught.value.message == sentence
    assert caught.value.hint
