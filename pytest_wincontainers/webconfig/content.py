"""The content of a text file: its encoding, and what a file becomes that is changed more than once."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"", "utf-16-le"),
    (b"", "utf-16-be"),
)
_DECLARED = re.compile(r"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_WIDE = ("utf-16", "utf16", "utf-32", "utf32", "ucs-", "iso-10646")


@dataclass(frozen=True)
class Named:
    """XML with the name that it has in messages."""

    name: str
    content: bytes


def detect(content: bytes) -> tuple[bytes, str]:
    """The byte order mark and the encoding: that of the mark, the one that XML declares, or else UTF-8."""
    for mark, encoding in _MARKS:
        if (mark and content.startswith(mark)) or (not mark and content.startswith("<".encode(encoding))):
            return mark, encoding
    declared = declared_encoding(content.partition(b">")[0].decode("latin-1"))
    # Whatever it says, its first bytes are not those of UTF-16.
    return b"", "utf-8" if is_wide(declared) else declared.lower() or "utf-8"


def declared_encoding(text: str) -> str:
    """The encoding that the XML declaration names, or nothing."""
    found = _DECLARED.match(text)
    return found[1] if found else ""


def is_wide(encoding: str) -> bool:
    """Whether a character takes more than one byte in it, always."""
    return encoding.lower().startswith(_WIDE)


def line_of(text: str, offset: int) -> int:
    """The number of the line that a character is in."""
    return text.count("\n", 0, offset) + 1
