"""Sections of a web.config that are in files of their own."""

import pytest

from pytest_wincontainers.webconfig import TransformError
from pytest_wincontainers.webconfig.settings import (
    SectionFile,
    connection_string_names,
    overridden,
    section_file,
    set_section,
)


def named(section, name="connectionStrings"):
    return section_file(f"<configuration>\n{section}</configuration>".encode(), name, "web.config")


@pytest.mark.parametrize(
    ("section", "name", "found"),
    [
        ("<connectionStrings configSource='Conn.config' />", "connectionStrings", ("Conn.config", True)),
        (
            "<connectionStrings configSource='a\\..\\b\\Conn.config'> <!-- there --></connectionStrings>",
            "connectionStrings",
            ("a\\..\\b\\Conn.config", True),
        ),
        ("<appSettings configSource='App.config' />", "appSettings", ("App.config", True)),
        ("<appSettings file='..\\App.config'><add key='a' /></appSettings>", "appSettings", ("..\\App.config", False)),
        ("<appSettings file='' />", "appSettings", None),
        ("<appSettings />", "appSettings", None),
        ("<connectionStrings file='x' />", "connectionStrings", None),
        ("", "connectionStrings", None),
    ],
)
def test_the_file_that_a_section_names(section, name, found):
    assert named(section, name) == (SectionFile(*found, "web.config, line 2") if found else None)


@pytest.mark.parametrize(
    ("path", "leads_out"),
    [
        ("Conn.config", False),
        ("a\\..\\Conn.config", False),
        ("..a\\Conn.config", False),
        ("..\\Conn.config", True),
        ("a\\..\\..\\Conn.config", True),
        ("C:\\Conn.config", True),
        ("C:Conn.config", True),
        ("\\Conn.config", True),
        ("\\\\host\\share\\Conn.config", True),
    ],
)
def test_which_paths_lead_out(path, leads_out):
    assert SectionFile(path, True, "").leads_out == leads_out


@pytest.mark.parametrize(
    ("section", "why", "hint"),
    [
        ("configSource='' /", "has configSource='', which names no file in the web.config's directory", "relative"),
        ("configSource=' x.config' /", "which names no file in the web.config's directory", "relative"),
        ("configSource='..\\x.config' /", "which names no file in the web.config's directory", "relative"),
        ("configSource='C:\\x.config' /", "which names no file in the web.config's directory", "relative"),
        (
            "configSource='a/x.config' /",
            "has configSource='a/x.config' with a slash, which .NET rejects",
            "backslashes",
        ),
        ("configSource='x' file='y' /", "has configSource='x' and contents of its own, which .NET rejects", "Remove"),
        ("configSource='x'><add /></connectionStrings", "and contents of its own, which .NET rejects", "Remove"),
        ("configSource='x'>text</connectionStrings", "and contents of its own, which .NET rejects", "Remove"),
    ],
)
def test_what_net_rejects_is_refused(section, why, hint):
    with pytest.raises(TransformError) as caught:
        named(f"<connectionStrings {section}>")
    assert caught.value.message.startswith("web.config, line 2: <connectionStrings> ")
    assert why in caught.value.message
    assert hint in caught.value.hint


FILE = """\
\ufeff<?xml version="1.0" encoding="utf-8"?>\r
<connectionStrings>\r
\t<!-- for developers -->\r
\t<add name='Shop' connectionString='old' providerName="x"/>\r
</connectionStrings>\r
"""


def test_settings_go_into_the_section_and_the_rest_stays():
    changed = set_section(FILE.encode(), "connectionStrings", {"shop": "new", "Log": "l"}, "Conn.config").decode()
    assert changed == FILE.replace("'old'", "'new'").replace(
        '"x"/>\r\n', '"x"/>\r\n\t<add name="Log" connectionString="l" />\r\n'
    )


def test_a_new_connection_string_below_a_site_overrides_the_sites():
    changed = set_section(b"<connectionStrings/>", "connectionStrings", {"A": "1"}, "Conn.config", inherits=True)
    assert changed == (
        b'<connectionStrings><remove name="A" /><add name="A" connectionString="1" /></connectionStrings>'
    )


def test_the_names_in_a_section_alone():
    assert connection_string_names(FILE.encode(), "Conn.config") == ["Shop"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("<appSettings/>", "Conn.config, line 1: the root element is appSettings, but must be connectionStrings."),
        ("\n<configuration><connectionStrings/></configuration>", "line 2: the root element is configuration"),
        ("<x:connectionStrings xmlns:x='y'/>", "line 1: the root element is {y}connectionStrings"),
        ("<connectionStrings configSource='x'/>", "line 1: <connectionStrings> has its contents in another file, 'x'"),
        ("<connectionStrings configProtectionProvider='x'/>", "line 1: <connectionStrings> is encrypted"),
        ("<connectionStrings>", "line 1, column 20: the XML is malformed"),
    ],
)
def test_a_file_that_is_not_the_section(content, why):
    with pytest.raises(TransformError) as caught:
        set_section(content.encode(), "connectionStrings", {"A": "1"}, "Conn.config")
    assert why in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("entries", "keys"),
    [
        ("<add key='A' value=''/>", ["a"]),
        ("<remove key='B'/>", ["b"]),
        ("<!-- a --><other key='a'/>", []),
        ("<clear/>", ["a", "b"]),
    ],
)
def test_what_a_merged_file_would_override(entries, keys):
    content = f"<appSettings>{entries}</appSettings>".encode()
    assert overridden(content, "appSettings", {"a": "1", "b": "2"}, "x") == {
        key: value for key, value in {"a": "1", "b": "2"}.items() if key in keys
    }
