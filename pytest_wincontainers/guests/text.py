"""Decoding the output of Windows programs.

A container of Windows writes in its host's code page under process isolation and in UTF-8 under Hyper-V
(moby/moby#40535); some programs write UTF-16 to whatever they are given; and PowerShell with an encoded command
writes its errors as XML (PowerShell/PowerShell#5912). Docker passes the bytes on as they are.
"""

from __future__ import annotations

import codecs
import re
from xml.etree import ElementTree as ET

from pytest_wincontainers.machine import MACHINE

_CLIXML = "#< CLIXML"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_UTF16_SHARE = 0.3
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def decode(output: bytes) -> str:
    """The text of `output`, whatever its encoding, with \\n as line end and without PowerShell's XML."""
    return without_clixml(_decoded(output).replace("\r\n", "\n"))


def _decoded(output: bytes) -> str:
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")):
        if output.startswith(mark):
            return output[len(mark) :].decode(encoding, "replace")
    # Every second byte of western text in UTF-16 is 0, which no text in a code page has.
    if output.count(0, 0, 4096) > _UTF16_SHARE * min(len(output), 4096):
        return output.decode("utf-16-le", "replace")
    try:
        return output.decode("utf-8")
    except UnicodeDecodeError:
        # Where this is the engine's machine and runs Windows, its own code page is the containers' too.
        return output.decode(MACHINE.code_page, "replace")


def decode_line(line: bytes) -> str:
    """The text of one line that was cut out of a stream at its \\n bytes."""
    # Of UTF-16, the cut leaves the \n's second half at the head of the next line.
    if line.count(0) > _UTF16_SHARE * len(line):
        line = line.removeprefix(b"\0")
        return line[: len(line) // 2 * 2].decode("utf-16-le", "replace").rstrip("\r\0")
    return _decoded(line)


def without_ansi(text: str) -> str:
    """The text without the escape sequences of terminals: colours, titles, and whatever else begins with one."""
    return _ANSI.sub("", text)


def without_clixml(text: str) -> str:
    """The text with PowerShell's XML replaced by the error messages in it; progress records go."""
    if _CLIXML not in text:
        return text
    before, _, xml = text.partition(_CLIXML)
    # A second stream may go on behind the XML.
    document, end, after = xml.lstrip("\n").partition("</Objs>")
    try:
        root = ET.fromstring(document + end)  # noqa: S314 - of our own container, and only shown
    except ET.ParseError:
        return text
    parts = [node.text or "" for node in root.iter() if node.tag.endswith("}S") and node.get("S") == "Error"]
    errors = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), "".join(parts))
    return before + errors.replace("\r\n", "\n") + without_clixml(after.lstrip("\n"))
