"""JSON as ASP.NET Core reads its settings: with comments and trailing commas, and each value where it is in the text.

Libraries that read such files either drop the comments, or read JSON5, which is more than ASP.NET Core accepts
(JsonConfigurationFileParser.cs in dotnet/runtime).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Literal

from pytest_wincontainers.webconfig.content import line_of
from pytest_wincontainers.webconfig.errors import TransformError

Kind = Literal["object", "list", "string", "number", "word", "end", ""]

_PIECE = re.compile(
    r"""(?P<space>[ \t\r\n]+|//[^\r\n]*|/\*.*?\*/)
    |(?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")
    |(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    |(?P<word>true|false|null)
    |(?P<mark>[{}\[\]:,])""",
    re.DOTALL | re.VERBOSE,
)
# System.Text.Json reads no deeper by default.
_DEPTH = 64


@dataclass
class Value:
    """A value, and where it is in the text."""

    kind: Kind
    start: int
    end: int = 0
    members: list[Member] = field(default_factory=list)
    """Of an object or a list, whose names are the numbers."""
    comma: int | None = None
    """Where a trailing comma ends."""


@dataclass
class Member:
    """A value in an object or a list; its text begins with its name, if it has one."""

    name: str
    start: int
    value: Value


def parse(text: str, source: str) -> Value:
    """The object in a file. Raises TransformError for malformed JSON, and for a value that is not an object."""
    parser = _Parser(text, source)
    root = parser.value(1)
    if parser.kind != "end":
        raise parser.malformed("nothing may follow the first value")
    if root.kind != "object":
        raise TransformError(
            f"{source}, line {line_of(text, root.start)}: the file's value is not an object.",
            hint="Settings are in braces, with a name for each.",
        )
    return root


class _Parser:
    def __init__(self, text: str, source: str) -> None:
        self._text = text
        self._source = source
        self._position = 0
        self.kind: str = ""
        self._start = 0
        self._word = ""
        self._advance()

    def _advance(self) -> None:
        """Go to the next piece that is neither space nor comment."""
        self.kind = "space"
        while self.kind == "space":
            self._start = self._position
            found = _PIECE.match(self._text, self._position)
            if found is None:
                self.kind, self._word = ("end", "") if self._position == len(self._text) else ("", "")
                if not self.kind:
                    raise self.malformed("this is not a JSON value")
                return
            self.kind, self._word, self._position = str(found.lastgroup), found[0], found.end()

    def malformed(self, why: str) -> TransformError:
        """The error for what is at the current place."""
        line = line_of(self._text, self._start)
        column = self._start - self._text.rfind("\n", 0, self._start)
        return TransformError(
            f"{self._source}, line {line}, column {column}: the JSON is malformed: {why}.",
            hint="Correct the file; any editor for JSON with comments shows the position.",
        )

    def value(self, depth: int) -> Value:
        """Read a value; the next piece is then the one behind it."""
        if depth > _DEPTH:
            raise self.malformed(f"it is nested more than {_DEPTH} levels deep, which .NET does not read")
        if self._word == "{":
            return self._container(Value("object", self._start), "}", depth)
        if self._word == "[":
            return self._container(Value("list", self._start), "]", depth)
        if self.kind == "end":
            raise self.malformed("it ends too early")
        if self.kind == "mark":
            raise self.malformed(f"a value is missing before {self._word!r}")
        found = Value(self.kind, self._start, self._position)  # type: ignore[arg-type]
        self._advance()
        return found

    def _container(self, made: Value, close: str, depth: int) -> Value:
        self._advance()
        while self._word != close:
            made.comma = None
            start, name = self._start, str(len(made.members))
            if made.kind == "object":
                if self.kind != "string":
                    raise self.malformed("a name in quotes or a closing brace is missing")
                name = json.loads(self._word)
                self._advance()
                self._expect(":")
            made.members.append(Member(name, start, self.value(depth + 1)))
            if self._word == ",":
                made.comma = self._position
                self._advance()
            elif self._word != close:
                raise self.malformed(f"a comma or {close!r} is missing")
        made.end = self._position
        self._advance()
        return made

    def _expect(self, mark: str) -> None:
        if self._word != mark:
            raise self.malformed(f"{mark!r} is missing")
        self._advance()
