"""Solutions, project files and IIS Express, as Visual Studio and others write them."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest

from pytest_wincontainers.scaffold.documents import text_of, xml_of
from pytest_wincontainers.scaffold.solutions import Binding, Entry, bindings_of, entries_of, inside, project_of
from pytest_wincontainers.scaffold.tree import Unreadable

SOLUTION = r"""
Microsoft Visual Studio Solution File, Format Version 12.00
Project("{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}") = "Shop", "src\Shop\Shop.csproj", "{1}"
EndProject
Project("{e24c65dc-7377-472b-9aba-bc803b73c61a}") = "Büro", "http://localhost:50112", "{2}"
	ProjectSection(WebsiteProperties) = preProject
		SlnRelativePath = "src\Büro\"
		VWDPort = "50112"
	EndProjectSection
EndProject
Project("{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}") = "Last", "Last\Last.csproj", "{3}"
	VWDPort = "1"
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_solution(encoding, ends):
    content = SOLUTION.replace("\n", ends).encode(encoding)
    assert list(entries_of(content, ".SLN")) == [
        Entry("src\\Shop\\Shop.csproj"),
        Entry("src\\Büro\\", 50112),
        Entry("Last\\Last.csproj"),
    ]


def test_a_solution_in_xml():
    content = b'<Solution><Folder Name="/src/"><Project Path="src/Shop/Shop.csproj" /><Project /></Folder><Project Path="a\\b.csproj"/></Solution>'
    assert list(entries_of(content, ".slnx")) == [Entry("src/Shop/Shop.csproj"), Entry("a\\b.csproj")]
    with pytest.raises(Unreadable):
        list(entries_of(b"<Solution>", ".slnx"))


def test_a_hostile_solution_takes_no_time():
    line = b'Project("{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}") = "x", "x", "{1}"\n'
    assert len(list(entries_of(line * 15_000, ".sln"))) == 15_000
    assert list(entries_of(b"\n" * 1_000_000, ".sln")) == []
    assert list(entries_of(b" " * 1_000_000, ".sln")) == []


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Shop\\Shop.csproj", "src/Shop/Shop.csproj"),
        ("..\\web\\", "web"),
        (".\\Shop", "src/Shop"),
        ("..\\..\\out", None),
        ("C:\\shop", None),
        ("\\shop", None),
        ("\\\\server\\shop", None),
        ("", None),
    ],
)
def test_paths_of_windows(path, found):
    assert inside(PurePosixPath("src"), path) == (PurePosixPath(found) if found else None)


NAMESPACE = 'xmlns="http://schemas.microsoft.com/developer/msbuild/2003"'


@pytest.mark.parametrize(
    ("content", "web", "core", "port"),
    [
        ("<PropertyGroup><ProjectTypeGuids>{349C5851-65DF-11DA-9384-00065B846F21};{x}</ProjectTypeGuids></PropertyGroup>", True, False, None),
        (r'<Import Project="$(VSToolsPath)\WebApplications\Microsoft.WebApplication.targets" />', True, False, None),
        ("<A><IISUrl>http://localhost:52431/</IISUrl></A>", False, False, 52431),
        ("<A><IISUrl>https://localhost:44300/</IISUrl><DevelopmentServerPort>52000</DevelopmentServerPort></A>", False, False, 52000),
        ("<A><IISUrl>http://localhost:x/</IISUrl><DevelopmentServerPort>0</DevelopmentServerPort></A>", False, False, None),
        ("<A><IISUrl>http://[/</IISUrl></A>", False, False, None),
        ("<A><IISUrl></IISUrl></A>", False, False, None),
    ],
)  # fmt: skip
def test_a_project_file(content, web, core, port):
    for attributes in ("", NAMESPACE):
        found = project_of(f"<Project {attributes}>{content}</Project>".encode())
        assert (found.web, found.core, found.port) == (web, core, port)


def test_an_sdk_project():
    assert project_of(b'<Project Sdk="Microsoft.NET.Sdk.Web" />').core
    assert not project_of(b'<Project Sdk="Microsoft.NET.Sdk" />').core
    assert project_of(b"<Project><G><AssemblyName>../x</AssemblyName></G></Project>").assembly is None


def test_iis_express():
    content = rb"""<configuration><system.applicationHost><sites>
      <site name="Shop" id="2"><application path="/"><virtualDirectory path="/" physicalPath="C:\src\Shop" /></application>
        <bindings><binding protocol="https" bindingInformation="*:44300:localhost" />
        <binding protocol="http" bindingInformation="*:52431:localhost" /></bindings></site>
      <site name="V6"><application><virtualDirectory physicalPath="D:\six" /></application>
        <bindings><binding protocol="http" bindingInformation="[::1]:80:" /></bindings></site>
      <site name="Broken"><bindings><binding protocol="http" bindingInformation="none" /></bindings></site>
    </sites></system.applicationHost></configuration>"""
    assert list(bindings_of(content)) == [
        Binding(PureWindowsPath("C:\\src\\Shop"), 52431),
        Binding(PureWindowsPath("D:\\six"), 80),
    ]


# -- text and XML ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_and_xml_in_any_encoding(encoding):
    text = '<?xml version="1.0"?>\n<a b="Käse"/>'
    assert text_of(text.encode(encoding)) == text
    assert xml_of(text.encode(encoding)).get("b") == "Käse"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<a>",
        b"\xff\xfe<",
        b"\0\0\0",
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b'<?xml version="1.0" encoding="shift_jis"?><a/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    ],
)
def test_what_cannot_be_read_is_told(content):
    with pytest.raises(Unreadable):
        xml_of(content)


def test_xml_of_any_depth():
    content = b"<a>" * 20_000 + b"</a>" * 20_000
    assert xml_of(content).tag == "a"
    assert project_of(content).port is None
