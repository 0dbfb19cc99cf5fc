"""Splitting a SQL script into statements, the way the mysql client does before the server sees anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# What may hold a delimiter without being one. An unclosed one matches up to the end of the script.
_OPAQUE = re.compile(
    r"""
      (?P<string> '(?:[^'\\]|\\.|'')*(?P<s>')? | "(?:[^"\\]|\\.|"")*(?P<d>")? | `(?:[^`]|``)*(?P<b>`)? )
    | (?P<line> (?:\#|--(?=\s|\Z))[^\n]* )
    | (?P<run> /\*M?!.*?(?:(?P<r>\*/)|\Z) )
    | (?P<block> /\*.*?(?:(?P<e>\*/)|\Z) )
    """,
    re.VERBOSE | re.DOTALL,
)
_DELIMITER = re.compile(r"delimiter(?:[ \t]+(\S+))?[^\n]*", re.IGNORECASE)
_CLIENT = re.compile(r"(?:source\b|\\[.!a-z])[^\n]*", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Statement:
    """One statement and the line it begins on, counted from 1."""

    text: str
    line: int


class ScriptError(ValueError):
    """The script cannot be split. `line` is where, counted from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def split(script: str) -> Iterator[Statement]:
    """The statements of a script, without their delimiters.

    Knows DELIMITER, all kinds of comments, strings and quoted names. Comments before a statement are left out,
    those inside one go to the server with it. Raises ScriptError for the mysql client's own commands, and for
    a string or comment without an end.
    """
    delimiter = ";"
    position = 0
    line = _Lines(script)
    while True:
        position = _skip(script, position, line)
        if position >= len(script):
            return
        command = _DELIMITER.match(script, position)
        if command and (command[1] or command[0].strip().lower() == "delimiter"):
            if not command[1]:
                raise ScriptError("DELIMITER without a delimiter", line.at(position))
            delimiter = command[1]
            position = command.end()
            continue
        if client := _CLIENT.match(script, position):
            raise ScriptError(f"{client[0].split()[0]} is a command of the mysql client, not SQL", line.at(position))
        end = _end(script, position, delimiter, line)
        text = script[position:end].rstrip()
        if text:
            yield Statement(text, line.at(position))
        position = end + len(delimiter)


def _skip(script: str, position: int, line: _Lines) -> int:
    """Past white space and comments that the server would not run."""
    while True:
        if space := _SPACE.match(script, position):
            position = space.end()
        opaque = _OPAQUE.match(script, position)
        if opaque is None or not (opaque["line"] or opaque["block"]):
            return position
        _closed(opaque, line)
        position = opaque.end()


def _end(script: str, position: int, delimiter: str, line: _Lines) -> int:
    """Where the statement at `position` ends: at a delimiter outside strings and comments, or at the script's end."""
    # A delimiter comes first, as some are made of what else would begin a comment or a string.
    token = re.compile(
        f"(?P<delimiter>{re.escape(delimiter)})|{_OPAQUE.pattern}", re.VERBOSE | re.DOTALL | re.IGNORECASE
    )
    for found in token.finditer(script, position):
        if found["delimiter"]:
            return found.start()
        _closed(found, line)
    return len(script)


def _closed(found: re.Match[str], line: _Lines) -> None:
    if found["string"] and not (found["s"] or found["d"] or found["b"]):
        raise ScriptError(f"the {found['string'][0]} that opens here is never closed", line.at(found.start()))
    if (found["run"] and not found["r"]) or (found["block"] and not found["e"]):
        raise ScriptError("the comment that opens here is never closed", line.at(found.start()))


class _Lines:
    """Line numbers of rising positions, without counting from the start each time."""

    def __init__(self, script: str) -> None:
        self._script = script
        self._position = 0
        self._line = 1

    def at(self, position: int) -> int:
        if position < self._position:
            self._position, self._line = 0, 1
        self._line += self._script.count("\n", self._position, position)
        self._position = position
        return self._line
