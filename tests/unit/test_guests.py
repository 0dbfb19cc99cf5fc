"""What differs between guests: text, mounts, and command lines that survive."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wincontainers.engines.docker.streams import texts
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.guests.text import decode, decode_line
from pytest_wincontainers.guests.windows import Windows, cmd, powershell

# -- text -------------------------------------------------------------------------------------------------------

CLIXML = (
    '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
    '<Obj S="progress" RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T></TN>'
    '<MS><I64 N="SourceId">1</I64></MS></Obj>'
    '<S S="Error">no such &lt;thing&gt;_x000D__x000A_</S><S S="Error">at line 1</S><S S="Warning">mind</S></Objs>'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp850", "utf-16-le", "utf-16"])
def test_text_in_whatever_encoding(encoding):
    text = "Größe: 12 käse\r\nok\r\n"
    assert decode(text.encode(encoding)) == "Größe: 12 käse\nok\n"


def test_powershells_xml_becomes_its_errors():
    assert decode(b"before\r\n" + CLIXML.encode()) == "before\nno such <thing>\nat line 1"
    assert decode(CLIXML.encode() + b"\r\nafter") == "no such <thing>\nat line 1after"


def test_xml_that_broke_off_stays_as_it_is():
    assert decode(CLIXML.encode()[:-20]).startswith("#< CLIXML\n<Objs")


def test_streams_are_text_as_a_whole():
    xml = CLIXML.encode("utf-16-le")
    pieces = [(None, xml[:31]), ("Kä".encode()[:2], None), (None, xml[31:]), ("äse".encode()[1:], None)]
    assert texts(pieces, RULES["windows"]) == ("Käse", "no such <thing>\nat line 1")


@given(st.binary(max_size=300))
def test_no_bytes_hurt(output):
    assert isinstance(decode(output), str)
    assert "\n" not in decode_line(output.replace(b"\n", b""))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=4))
def test_a_line_cut_out_of_utf_16(line):
    stream = f"first\r\n{line}\r\nlast".encode("utf-16-le")
    assert decode_line(stream.split(b"\n")[0]) == "first"
    if all(ord(letter) < 256 and ord(letter) != 0x0A for letter in line) and b"\n" not in line.encode("utf-16-le"):
        assert decode_line(stream.split(b"\n")[1]) == line


# -- mounts -----------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "file.txt").write_text("x")
    return tmp_path


@pytest.mark.parametrize(
    ("source", "target", "problem"),
    [
        (".", "/data", "the target /data has no drive letter; write it as C:\\data"),
        (".", "data", "the target data has no drive letter; write it as C:\\data"),
        (".", "C:data", "the target C:data is relative"),
        (".", "C:\\", "the target C:\\ is the root of a drive"),
        (".", "d:/", "the target d:/ is the root of a drive"),
        ("nowhere", "C:\\data", "nowhere does not exist, and Windows engines do not create it"),
        ("file.txt", "C:\\data\\file.txt", "is a file, and Windows only mounts directories"),
        (".", "\\\\.\\pipe\\docker_engine", "a named pipe can only be mounted to a named pipe"),
    ],
)
def test_mounts_that_windows_would_refuse(folder, source, target, problem):
    given = folder / source if source != "." else folder
    assert problem in Windows().mount_problem(given, target, near=True)


@pytest.mark.parametrize("target", ["C:\\data", "c:/data/deeper", "D:\\x y"])
def test_mounts_that_windows_takes(folder, target):
    assert Windows().mount_problem(folder, target, near=True) is None


def test_a_pipe():
    assert Windows().mount_problem("//./pipe/docker_engine", "\\\\.\\pipe\\docker_engine", near=True) is None


def test_a_mount_on_another_machine():
    assert Windows().mount_problem("C:\\data", "C:\\data", near=False) is None
    assert "write it with its drive" in Windows().mount_problem("data", "C:\\data", near=False)


def test_mounts_in_linux_guests(folder):
    rules = RULES["linux"]
    assert rules.mount_problem(folder / "file.txt", "/etc/file.txt", near=True) is None
    assert "not an absolute path" in rules.mount_problem(folder, "C:\\data", near=True)


# -- command lines ----------------------------------------------------------------------------------------------


def test_a_script_travels_whole():
    script = "Write-Output 'a & b | %PATH% {x} \"q\" ü €'\nexit 3"
    words = powershell(script)
    options = "-NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand"
    assert words[:-1] == ("powershell", *options.split())
    assert base64.b64decode(words[-1]).decode("utf-16-le").endswith(script)


def test_a_script_of_8000_characters_fits_and_a_longer_one_says_so():
    assert len(" ".join(powershell("#" * 8000))) < 32_767
    with pytest.raises(ValueError, match=r"a script may have at most 119\d\d characters, not 20000"):
        powershell("#" * 20_000)


def test_a_line_for_cmd_travels_in_a_variable():
    words, environment = cmd('echo "a" & echo %PATH%')
    assert words == ("cmd", "/D", "/S", "/V:OFF", "/C", "%WINCONTAINERS_LINE%")
    assert environment == {"WINCONTAINERS_LINE": 'echo "a" & echo %PATH%'}


@pytest.mark.parametrize(("line", "problem"), [("a\nb", "cmd accepts a single line"), ("x" * 8200, "8100 characters")])
def test_lines_that_cmd_cannot_take(line, problem):
    with pytest.raises(ValueError, match=problem):
        cmd(line)
