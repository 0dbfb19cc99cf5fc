"""Connection strings and app settings in a web.config, and finding it."""

from __future__ import annotations

import pytest

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.webconfig import TransformError, apply_settings, find_web_config

DOCUMENT = """\
\ufeff<?xml version="1.0" encoding="utf-8"?>
<!-- For more information -->
<configuration>
  <configSections>
    <section name="x" type='y' />
  </configSections>
  <connectionStrings>
    <!-- the shop -->
    <clear />
    <add name="Shop"
         connectionString='Server=old'
         providerName="MySql.Data.MySqlClient" />
    <remove name="Other"/>
  </connectionStrings>
  <appSettings  file="more.config">
    <add value="1" key="Mode"></add>
  </appSettings>
</configuration>
<!-- end -->
"""


@pytest.fixture(params=["\n", "\r\n"], ids=["lf", "crlf"])
def newline(request) -> str:
    return request.param


def applied(document: str, connections=(), settings=(), newline: str = "\n") -> str:
    content = apply_settings(document.replace("\n", newline).encode(), dict(connections), dict(settings))
    text = content.decode()
    assert text.count("\n") == text.count(newline)
    return text.replace(newline, "\n")


def test_nothing_to_set_keeps_every_byte(newline):
    assert applied(DOCUMENT, newline=newline) == DOCUMENT


def test_existing_entries_keep_their_other_attributes_and_their_form(newline):
    expected = DOCUMENT.replace("Server=old", 'Server="new"').replace(
        'value="1"', 'value="&lt;2&gt;"'.replace("&gt;", ">")
    )
    assert applied(DOCUMENT, {"Shop": 'Server="new"'}, {"Mode": "<2>"}, newline) == expected


def test_new_entries_go_to_the_end_of_the_section(newline):
    expected = DOCUMENT.replace(
        '"Other"/>\n',
        '"Other"/>\n    <add name="A" connectionString="1" />\n    <add name="B" connectionString="2" />\n',
    ).replace("</add>\n", '</add>\n    <add key="C" value="&amp;&quot;" />\n')
    assert applied(DOCUMENT, {"A": "1", "B": "2"}, {"C": '&"'}, newline) == expected


def test_missing_sections_follow_config_sections(newline):
    document = "<configuration>\n\t<configSections/>\n\t<system.web/>\n</configuration>"
    assert applied(document, {"A": "1"}, {"B": "2"}, newline) == (
        "<configuration>\n\t<configSections/>\n"
        '\t<connectionStrings>\n\t\t<add name="A" connectionString="1" />\n\t</connectionStrings>\n'
        '\t<appSettings>\n\t\t<add key="B" value="2" />\n\t</appSettings>\n'
        "\t<system.web/>\n</configuration>"
    )


def test_missing_sections_without_config_sections():
    document = "<configuration>\n  <!-- c -->\n  <system.web/>\n</configuration>"
    assert applied(document, {}, {"B": "2"}) == (
        "<configuration>\n  <!-- c -->\n  <system.web/>\n"
        '  <appSettings>\n    <add key="B" value="2" />\n  </appSettings>\n</configuration>'
    )


def test_an_empty_configuration():
    assert applied("<configuration/>", {}, {"B": "2"}) == (
        '<configuration><appSettings><add key="B" value="2" /></appSettings></configuration>'
    )


def test_an_empty_section_is_opened():
    assert applied("<configuration>\n    <appSettings />\n</configuration>", {}, {"B": "2"}) == (
        '<configuration>\n    <appSettings>\n        <add key="B" value="2" />\n    </appSettings>\n</configuration>'
    )


def test_names_are_compared_as_dotnet_does():
    assert "connectionString='new'" in applied(DOCUMENT, {"SHOP": "new"})
    assert applied(DOCUMENT, {"SHOP": "new"}).count("<add name") == 1


@pytest.mark.parametrize("undone", ["<clear />", '<remove key="a"/>'])
def test_an_entry_that_is_taken_back_below_is_not_an_entry(undone):
    document = f'<configuration><appSettings><add key="A" value="1"/>{undone}</appSettings></configuration>'
    assert applied(document, {}, {"A": "2"}) == document.replace(
        "</appSettings>", '<add key="A" value="2" /></appSettings>'
    )


def test_the_sections_of_a_location_are_left_alone():
    location = '<location path="x"><appSettings><add key="A" value="1"/></appSettings></location>'
    assert applied(f"<configuration>{location}</configuration>", {}, {"A": "2"}) == (
        f'<configuration>{location}<appSettings><add key="A" value="2" /></appSettings></configuration>'
    )


def refused(document: str, connections=None, settings=None) -> TransformError:
    with pytest.raises(TransformError) as caught:
        apply_settings(document.encode(), connections or {}, settings or {}, source="Web.config")
    assert caught.value.message.startswith("Web.config")
    assert caught.value.hint
    return caught.value


def test_a_section_in_another_file_is_refused():
    error = refused('<configuration>\n<appSettings configSource="a.config"/></configuration>', settings={"A": "1"})
    assert error.message == "Web.config, line 2: <appSettings> has its contents in another file, 'a.config'."
    assert "configSource" in error.hint


def test_only_the_section_that_is_set_is_looked_at():
    document = '<configuration><connectionStrings configSource="a.config"/></configuration>'
    assert "<appSettings>" in applied(document, {}, {"A": "1"})


def test_an_encrypted_section_is_refused():
    document = '<configuration><connectionStrings configProtectionProvider="Rsa"/></configuration>'
    assert "is encrypted" in refused(document, {"A": "1"}).message


@pytest.mark.parametrize("document", ["<web/>", '<configuration xmlns="urn:x"/>', "<c:configuration xmlns:c='urn:x'/>"])
def test_another_root_is_refused(document):
    assert "the root element is" in refused(document).message


def test_a_section_in_a_namespace_is_refused():
    document = '<configuration><appSettings xmlns="urn:x"/></configuration>'
    assert "is in a namespace" in refused(document, settings={"A": "1"}).message


@pytest.mark.parametrize("settings", [{"A": "\0"}, {"\x01": "1"}, {"A": "\ud800"}, {"A": 1}])
def test_what_xml_cannot_hold_is_refused(settings):
    assert "cannot be written" in refused("<configuration/>", settings=settings).message


def test_malformed_content_is_refused():
    assert "malformed" in refused("<configuration>").message


@pytest.mark.parametrize("name", ["web.config", "Web.config", "WEB.CONFIG"])
def test_finds_web_config_in_any_case(tmp_path, name):
    (tmp_path / "web.config.bak").touch()
    (tmp_path / "Web.Release.config").touch()
    (tmp_path / name).touch()
    assert find_web_config(tmp_path) == tmp_path / name


def test_no_web_config(tmp_path):
    (tmp_path / "web.config").mkdir()
    with pytest.raises(DeclarationError, match=r"There is no web\.config in") as caught:
        find_web_config(tmp_path)
    assert caught.value.hint


def test_no_folder(tmp_path):
    with pytest.raises(DeclarationError, match="cannot be searched") as caught:
        find_web_config(tmp_path / "none")
    assert caught.value.hint


def test_below_another_web_config_a_new_connection_string_replaces_one_of_that():
    content = (
        b"<configuration><connectionStrings><add name='A' connectionString='x'/></connectionStrings></configuration>"
    )
    given = {"A": "1", "B": "2"}
    result = apply_settings(content, given, {"K": "v"}, inherits=True)
    assert b'<remove name="B"' in result
    assert result.index(b"<remove") < result.index(b'<add name="B" connectionString="2"')
    assert result.count(b"<remove") == 1
    assert b"<remove" not in apply_settings(content, given, {"K": "v"})
