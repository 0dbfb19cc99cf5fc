"""Reading XML: bytes to text and text to a tree, with nothing fetched and no DTD."""

from __future__ import annotations

import codecs
import os
import re
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from pytest_wincontainers.webconfig.errors import TransformError

# One piece of markup, or the text up to the next. Exact for well-formed XML without a DTD, in linear time.
TOKEN = re.compile(
    r"""<!--.*?-->|<!DOCTYPE|<\?.*?\?>|<!\[CDATA\[.*?\]\]>|<[^<>"']*(?:(?:"[^"]*"|'[^']*')[^<>"']*)*>|[^<]+""",
    re.DOTALL,
)

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
_DECLARED = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


@dataclass(frozen=True)
class Source:
    """The text of a document, and what turns it back into the same bytes."""

    name: str
    text: str
    encoding: str
    mark: bytes

    def encode(self, text: str) -> bytes:
        # A character that the encoding lacks is written as a reference, not refused.
        return self.mark + text.encode(self.encoding, "xmlcharrefreplace")


def read(given: bytes | os.PathLike[str], name: str) -> Source:
    """The document in a file or in bytes; `name` names bytes in messages, a file has its own."""
    if isinstance(given, os.PathLike):
        name = os.fsdecode(given)
        try:
            content = Path(name).read_bytes()
        except (OSError, ValueError) as error:
            raise TransformError(
                f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.",
                hint="Check the path; a relative path is resolved against the current directory.",
            ) from error
    elif isinstance(given, bytes):
        content = given
    else:
        raise TransformError(
            f"XML must be given as a path or as bytes, not as {type(given).__name__}.",
            hint="Write Path('Web.Release.config') for a file, or encode the text for XML content.",
        )
    return _decode(content, name)


def _decode(content: bytes, name: str) -> Source:
    mark, encoding = _detect(content, name)
    try:
        text = content[len(mark) :].decode(encoding)
        if text.startswith("\ufeff"):
            # A parser would skip it and read on where the search for a DTD has stopped.
            raise ValueError("it starts with a second byte order mark")
        return Source(name, text, encoding, mark)
    except (LookupError, ValueError) as error:
        raise TransformError(
            f"{name}, line 1, column 1: the document is not text in the encoding {encoding}.",
            hint="Save the file in the encoding that its XML declaration names, preferably UTF-8.",
            details=str(error),
        ) from error


def _detect(content: bytes, name: str) -> tuple[bytes, str]:
    for mark, encoding in _MARKS:
        if (mark and content.startswith(mark)) or (not mark and content.startswith("<".encode(encoding))):
            return mark, encoding
    declared = _DECLARED.match(content)
    encoding = declared[1].decode("ascii").lower() if declared else "utf-8"
    if encoding.startswith(("utf-16", "utf16", "utf-32", "utf32", "ucs-", "iso-10646")):
        raise TransformError(
            f"{name}, line 1, column 1: the document declares the encoding {encoding} but is not written in it.",
            hint='Save the file as UTF-8 and declare encoding="utf-8".',
        )
    return b"", encoding


def root_offset(source: Source) -> int:
    """Where the root element starts. A DTD is refused here, before any parser has seen it."""
    end = 0
    for match in TOKEN.finditer(source.text):
        token = match[0]
        if token.startswith("<!DOCTYPE"):
            raise _dtd(source, match.start())
        # Anything else that cannot stand here is left to the parser; searching on would take quadratic time.
        if match.start() != end or not (token.isspace() or token.startswith(("<!--", "<?"))):
            return match.start()
        end = match.end()
    return end


def _dtd(source: Source, offset: int) -> TransformError:
    line = source.text.count("\n", 0, offset) + 1
    column = offset - source.text.rfind("\n", 0, offset)
    return TransformError(
        f"{source.name}, line {line}, column {column}: a DTD (<!DOCTYPE>) is not accepted, "
        "because it can declare entities that grow without limit or read files.",
        hint="Remove the DOCTYPE; a web.config and a transform need none.",
    )


def parse(source: Source) -> etree._Element:
    """The root of the parsed document."""
    root_offset(source)
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=False
    )
    try:
        return etree.fromstring(source.text.encode(), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position or (1, 1)
        sentence = re.sub(r",? line \d+, column \d+\s*$", "", str(error.msg)).strip()
        raise TransformError(
            f"{source.name}, line {line}, column {column}: the XML is malformed: {sentence}.",
            hint="Correct the file; any XML editor shows the position.",
        ) from error
    except (etree.LxmlError, ValueError) as error:
        raise TransformError(
            f"{source.name}, line 1, column 1: the XML cannot be parsed: {error}.",
            hint="Save the file as UTF-8 without control characters.",
        ) from error
