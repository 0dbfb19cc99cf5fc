"""Tokens in text files, `#{Name}`, as Octopus Deploy and the Replace Tokens task of Azure Pipelines have them.

Neither of them escapes a value for a .config file on its own: Octopus inserts values as they are (its documentation,
"Variable filters"), and the task looks at the ending, .xml or .json (qetza/replacetokens-task, README.md). Here a value
is escaped for the format of the file, as a password that is made for one run may have any character in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from pytest_wincontainers.errors import closest
from pytest_wincontainers.webconfig.content import detect, line_of
from pytest_wincontainers.webconfig.errors import TransformError

TokenStyle = Literal["octopus", "azure"]

# In the order of Octostache's parser: of ###{Name}, the first # stands for itself, and ##{ is an escaped #{.
_OCTOPUS = re.compile(r"(?P<hash>##(?=#\{))|(?P<escaped>##\{)|(?P<token>#\{(?P<name>[^{}\r\n]*)\})|#[^{]")
_AZURE = re.compile(r"(?P<token>#\{(?P<name>[^{}\r\n]*)\}#)")
_PATTERNS: Mapping[TokenStyle, re.Pattern[str]] = {"octopus": _OCTOPUS, "azure": _AZURE}

# What XML 1.0 has no way to write.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_XML = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\n": "&#xA;", "\r": "&#xD;", "\t": "&#x9;"}
)


class Filled(NamedTuple):
    """A file with its tokens replaced, and one sentence for each token that was left as it is."""

    content: bytes
    warnings: tuple[str, ...]


def replace_tokens(content: bytes, values: Mapping[str, str], *, source: str, style: TokenStyle = "octopus") -> Filled:
    """Replace the tokens in a file; the case of their names does not matter, and values are not searched for tokens.

    In Octopus's style, `##{` is written for a `#{` that is no token, and the filters XmlEscape, HtmlEscape and
    JsonEscape say how a value is escaped. `source` is the file's name, whose ending tells JSON. A token without a value
    stays, as it does in Octopus. Raises TransformError for a value that the file's format or encoding cannot hold.
    """
    mark, encoding = detect(content)
    try:
        text = content[len(mark) :].decode(encoding, "surrogateescape")
    except (LookupError, ValueError) as error:
        raise TransformError(
            f"{source} is not text in the encoding {encoding}.",
            hint="Save the file as UTF-8, or do not replace tokens in it.",
        ) from error
    filling = _Filling(text, {name.lower(): value for name, value in values.items()}, tuple(values), source)
    filled = _PATTERNS[style].sub(filling.replacement, text)
    # Only XML has another way to write a character that its encoding lacks; other bytes stay what they were.
    errors = "xmlcharrefreplace" if filling.is_xml and filling.is_clean else "surrogateescape"
    try:
        return Filled(mark + filled.encode(encoding, errors), tuple(dict.fromkeys(filling.warnings)))
    except ValueError as error:
        raise TransformError(
            f"{source} is in the encoding {encoding}, which lacks a character of a token's value.",
            hint="Save the file as UTF-8.",
        ) from error


class _Filling:
    """One file's tokens."""

    def __init__(self, text: str, values: Mapping[str, str], names: tuple[str, ...], source: str) -> None:
        self._text = text
        self._values = values
        self._names = names
        self._source = source
        self.warnings: list[str] = []
        self.is_clean = not re.search("[\udc80-\udcff]", text)
        self.is_xml = text.lstrip().startswith("<")
        self._escape: Callable[[str], str] = str
        if source.lower().endswith(".json"):
            self._escape = _json
        elif self.is_xml:
            self._escape = _xml

    def replacement(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        if found.get("hash"):
            return "#"
        if found.get("escaped"):
            return "#{"
        if found["token"] is None:
            return match[0]
        name, *filters = (part.strip() for part in found["name"].split("|"))
        value = self._values.get(name.lower())
        unknown = [one for one in filters if one.lower() not in _FILTERS]
        if value is None or unknown:
            why = f"the filter {unknown[0]} is not supported" if value is not None else self._missing(name)
            end = "" if why.endswith("?") else "."
            self.warnings.append(f"{self._place(match)}: {match[0]} stays as it is: {why}{end}")
            return match[0]
        return self._escaped(name, value, filters, match)

    def _missing(self, name: str) -> str:
        if re.match(r"/|(if|unless|each)\s|else$", name):
            return "conditions and loops are not supported"
        return f"the token {name!r} has no value{closest(name, self._names)}"

    def _escaped(self, name: str, value: str, filters: list[str], match: re.Match[str]) -> str:
        if self.is_xml and _NO_XML.search(value):
            raise TransformError(
                f"{self._place(match)}: the value of the token {name!r} has a character that XML cannot hold.",
                hint="Use values without control characters.",
            )
        if filters:
            for one in filters:
                value = _FILTERS[one.lower()](value)
            return value
        start = match.start()
        in_section = self._text.rfind("<![CDATA[", 0, start) > self._text.rfind("]]>", 0, start)
        return value if self._escape is _xml and in_section else self._escape(value)

    def _place(self, match: re.Match[str]) -> str:
        return f"{self._source}, line {line_of(self._text, match.start())}"


def _xml(value: str) -> str:
    return value.translate(_XML)


def _json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


_FILTERS: Mapping[str, Callable[[str], str]] = {"xmlescape": _xml, "htmlescape": _xml, "jsonescape": _json}
