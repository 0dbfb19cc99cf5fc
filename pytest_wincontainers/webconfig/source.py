"""Reading XML: bytes to text and text to a tree, with nothing fetched and no DTD."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from pytest_wincontainers.webconfig.content import Named, declared_encoding, detect, is_wide, line_of
from pytest_wincontainers.webconfig.errors import TransformError

# One piece of markup, or the text up to the next. Exact for well-formed XML without a DTD, in linear time.
TOKEN = re.compile(
    r"""<!--.*?-->|<!DOCTYPE|<\?.*?\?>|<!\[CDATA\[.*?\]\]>|<[^<>"']*(?:(?:"[^"]*"|'[^']*')[^<>"']*)*>|[^<]+""",
    re.DOTALL,
)

_VALUE = re.compile(r"""("[^"]*"|'[^']*')""")
_BREAK = re.compile(r"[\n\r\t]")
_BREAKS = str.maketrans({"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


@dataclass(frozen=True)
class Source:
    """The text of a document, and what turns it back into the same bytes."""

    name: str
    text: str
    encoding: str
    mark: bytes

    def can_hold(self, text: str) -> bool:
        """Whether the encoding has all characters of the text."""
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def encode(self, text: str) -> bytes:
        # A character that the encoding lacks is written as a reference, not refused.
        return self.mark + text.encode(self.encoding, "xmlcharrefreplace")


def read(given: bytes | os.PathLike[str] | Named, name: str, *, strict: bool = True) -> Source:
    """The document in a file or in bytes; `name` names bytes in messages, a file has its own.

    `strict`: one in UTF-8 must not declare UTF-16, nor the other way round. .NET does not read such a web.config, but
    Microsoft's engine such a transform.
    """
    if isinstance(given, os.PathLike):
        name = os.fsdecode(given)
        try:
            content = Path(name).read_bytes()
        except (OSError, ValueError) as error:
            raise TransformError(
                f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.",
                hint="Check the path; a relative path is resolved against the current directory.",
            ) from error
    elif isinstance(given, Named):
        name, content = given.name, given.content
    elif isinstance(given, bytes):
        content = given
    else:
        raise TransformError(
            f"XML must be given as a path or as bytes, not as {type(given).__name__}.",
            hint="Write Path('Web.Release.config') for a file, or encode the text for XML content.",
        )
    return _decode(content, name, strict=strict)


def _decode(content: bytes, name: str, *, strict: bool) -> Source:
    mark, encoding = detect(content)
    try:
        text = content[len(mark) :].decode(encoding)
        if text.startswith("\ufeff"):
            # A parser would skip it and read on where the search for a DTD has stopped.
            raise ValueError("it starts with a second byte order mark")
    except (LookupError, ValueError) as error:
        raise TransformError(
            f"{name}, line 1, column 1: the document is not text in the encoding {encoding}.",
            hint="Save the file in the encoding that its XML declaration names, preferably UTF-8.",
            details=str(error),
        ) from error
    declared = declared_encoding(text)
    if strict and declared and is_wide(declared) != is_wide(encoding):
        raise TransformError(
            f"{name}, line 1, column 1: the document declares the encoding {declared} but is not written in it.",
            hint='Save the file as UTF-8 and declare encoding="utf-8".',
        )
    return Source(name, text, encoding, mark)


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
    column = offset - source.text.rfind("\n", 0, offset)
    return TransformError(
        f"{source.name}, line {line_of(source.text, offset)}, column {column}: a DTD (<!DOCTYPE>) is not accepted, "
        "because it can declare entities that grow without limit or read files.",
        hint="Remove the DOCTYPE; a web.config and a transform need none.",
    )


def parse(source: Source) -> etree._Element:
    """The root of the parsed document; attributes have the line breaks and tabs that stand in the text."""
    root_offset(source)
    root = _parsed(source, source.text)
    kept = TOKEN.sub(_with_references, source.text)
    return root if kept == source.text else _parsed(source, kept)


def _with_references(token: re.Match[str]) -> str:
    """A start tag with references for line breaks and tabs in values, which a parser turns into spaces otherwise."""
    tag = token[0]
    if not _BREAK.search(tag) or not tag.startswith("<") or tag.startswith(("<!", "<?", "</")):
        return tag
    # Each break stays in the tag, behind the value: the lines keep their numbers.
    return _VALUE.sub(lambda value: value[0].translate(_BREAKS) + "\n" * value[0].count("\n"), tag)


def _parsed(source: Source, text: str) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=False
    )
    try:
        return etree.fromstring(text.encode(), parser)
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
