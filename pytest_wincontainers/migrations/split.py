"""Splitting a SQL script into statements, the way the mysql client does before the server sees anything.

The client knows little SQL: it reads lines, and looks in them for quotes, comments, delimiters and its own commands. So
does this, a line at a time, so that a script of any length takes no more memory than its longest statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# What a quoted text goes on to. Backticks know no backslash.
_IN_QUOTES = {"'": re.compile(r"['\\]"), '"': re.compile(r'["\\]'), "`": re.compile("`")}
DELIMITER = re.compile(
    r"""\s*delimiter(?:\s+(?P<quote>['"`])?(?P<new>(?(quote).+?(?=(?P=quote))|\S+))|\s*$)""", re.IGNORECASE
)
# In the middle of a statement the client takes it for a part of that.
_FORGOTTEN = re.compile(r"\s*delimiter\s+[^\w\s]+\s*", re.IGNORECASE)
_USE = re.compile(r"\s*use\s+\S", re.IGNORECASE)
# Those that begin a line, when no statement has begun (`mysql --help`).
_COMMANDS = re.compile(
    r"charset|clear|connect|costs|edit|ego|exit|go|help|nopager|notee|nowarning|pager|print|prompt|query_attributes|quit"
    r"|rehash|resetconnection|sandbox|source|ssl_session_data_print|status|system|tee|warnings",
    re.IGNORECASE,
)
# With which MariaDB's dumps begin, to keep its own client from running commands; there are none to be run here.
_SANDBOX = re.compile(r"/\*M!999999\\- [^*]*\*/\s*")
_WORD = re.compile(r"\s*(\\[.!]|[a-z_]+)(?=\s|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """One statement and the line it begins on, counted from 1.

    Where it is not `single`, another delimiter than ; ended it, and it may be several statements to the server.
    """

    text: str
    line: int
    single: bool = True


class ScriptError(ValueError):
    """The script cannot be split. `line` is where, counted from 1; `hint` may say what to do."""

    def __init__(self, message: str, line: int, *, hint: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.hint = hint


def split(script: str) -> Iterator[Statement]:
    """The statements of a script, as `Splitter` gives them."""
    return Splitter().split(script.split("\n"))


class Splitter:
    """Splits the lines of one script; `delimiter` is the one in force, and `position` is behind the last one found.

    Knows DELIMITER, all kinds of comments, strings and quoted names. Comments before a statement are left out, those
    inside one go to the server with it. As in the client, a delimiter inside of /*! */ ends a statement.
    """

    def __init__(self) -> None:
        self.delimiter = ";"
        self.position = 0
        self._token, self._plain = _token(self.delimiter), _plain(self.delimiter)
        self._pieces: list[str] = []
        self._quote = ""
        self._comment = False
        self._opened = 0
        self._begun = 0

    def split(self, lines: Iterable[str]) -> Iterator[Statement]:
        """The statements of the lines, which are without their ends, and without their delimiters.

        Raises ScriptError for the mysql client's own commands, and for a string or comment without an end.
        """
        for number, line in enumerate(lines, 1):
            yield from self.feed(line.removesuffix("\r"), number)
        yield from self.end()

    def end(self) -> Iterator[Statement]:
        """What is left at the end of the script. Raises ScriptError."""
        if self._quote:
            raise ScriptError(f"the {self._quote} opened here is never closed", self._opened)
        if self._comment:
            raise ScriptError("the comment opened here is never closed", self._opened)
        yield from self._end()

    def feed(self, line: str, number: int) -> Iterator[Statement]:
        """The statements that end in the next line. Raises ScriptError."""
        if not (self._pieces or self._quote or self._comment) and self._is_command(line, number):
            if _USE.match(line):
                yield Statement(line.strip(), number)
            return
        if self._pieces and not (self._quote or self._comment) and _FORGOTTEN.fullmatch(line):
            raise ScriptError(f"DELIMITER inside the statement that starts in line {self._begun}", number)
        position = 0
        while position < len(line):
            if self._quote:
                position = self._in_quote(line, position)
            elif self._comment:
                position = self._in_comment(line, position)
            else:
                plain = self._plain.match(line, position)
                end = plain.end() if plain else position
                self._add(line[position:end], number)
                found = self._token.match(line, end)
                if found is None:
                    # The first of a delimiter's characters, or a quote that opens here and ends in a later line.
                    self._add(line[end : end + 1], number)
                    position = end + 1
                    continue
                position = found.end()
                if found["delimiter"]:
                    self.position = position
                    yield from self._end()
                    if DELIMITER.match(line, position):
                        raise ScriptError("DELIMITER must be at the start of a line", number)
                    continue
                position = self._opens(found, line, number)
        if self._pieces:
            self._pieces.append("\n")

    def _is_command(self, line: str, number: int) -> bool:
        """Whether the client takes the whole line for itself; only where it has no delimiter in it."""
        if _SANDBOX.fullmatch(line):
            return True
        found = DELIMITER.match(line)
        if found:
            if not found["new"]:
                raise ScriptError("DELIMITER without a delimiter", number)
            if set(found["new"]) & set("\\'\"`"):
                raise ScriptError("the delimiter contains a quote or a backslash", number)
            self.delimiter = found["new"]
            self._token, self._plain = _token(self.delimiter), _plain(self.delimiter)
            return True
        word = _WORD.match(line)
        if word is None or self.delimiter in line or "\\g" in line:
            return False
        if _USE.match(line):
            return True
        if _COMMANDS.fullmatch(word[1]) or word[1].startswith("\\"):
            raise ScriptError(f"{word[1]} is a command of the mysql client, not SQL", number)
        return False

    def _opens(self, found: re.Match[str], line: str, number: int) -> int:
        """Go on behind a quote, comment or backslash; where."""
        text, position = found[0], found.end()
        if found["dashes"] and self._pieces:
            # The second may begin a comment with a third.
            text, position = "-", found.start() + 1
        if found["line"] or (found["dashes"] and not self._pieces):
            if "\r" in line[found.start() :].rstrip():
                # Editors, and Flyway, take what follows it for a new line.
                raise ScriptError(
                    "there is a carriage return inside a comment, which hides what follows it from the server",
                    number,
                    hint="save the file with the line ends of Windows or Unix",
                )
            # Within a statement it goes along, for whoever reads a routine's text.
            self._add(line[found.start() :] if self._pieces else "", number)
            return len(line)
        if found["block"]:
            self._comment, self._opened = True, number
            if self._pieces:
                self._pieces.append(text)
            return position
        if found["backslash"]:
            if text == "\\N":
                self._add(text, number)
                return position
            raise ScriptError(f"{text} is a command of the mysql client, not SQL", number)
        if found["quote"]:
            self._quote, self._opened = text, number
        self._add(text, number)
        return position

    def _in_quote(self, line: str, position: int) -> int:
        end = position
        while found := _IN_QUOTES[self._quote].search(line, end):
            if found[0] != "\\":
                self._quote = ""
                self._pieces.append(line[position : found.end()])
                return found.end()
            end = found.end() + 1
        # A backslash at the end of a line escapes the line's end, to the same effect.
        self._pieces.append(line[position:-1] if end > len(line) else line[position:])
        return len(line)

    def _in_comment(self, line: str, position: int) -> int:
        end = line.find("*/", position)
        if self._pieces:
            self._pieces.append(line[position:] if end < 0 else line[position : end + 2])
        if end < 0:
            return len(line)
        self._comment = False
        return end + 2

    def _add(self, text: str, number: int) -> None:
        if not self._pieces:
            text = text.lstrip()
            if text:
                self._begun = number
        if text:
            self._pieces.append(text)

    def _end(self) -> Iterator[Statement]:
        text = "".join(self._pieces).rstrip()
        self._pieces.clear()
        if re.match(r"source\b", text, re.IGNORECASE):
            raise ScriptError("source is a command of the mysql client, not SQL", self._begun)
        if text:
            yield Statement(text, self._begun, self.delimiter == ";" or ";" not in text)


def _token(delimiter: str) -> re.Pattern[str]:
    # The backslash first, as in the client; then the delimiter, as some are made of what else would begin a comment.
    return re.compile(
        rf"""(?P<backslash>\\.?)|(?P<delimiter>{re.escape(delimiter)})|(?P<line>\#|--(?=\s|$))|(?P<dashes>--)|(?P<block>/\*(?!M?!))"""
        r"""|(?P<quote>['"`])"""
    )


def _plain(delimiter: str) -> re.Pattern[str]:
    """What opens and ends nothing, whole quoted texts included: most of a script, at C's speed."""
    first = re.escape(delimiter[0])
    # Bounded, as a match takes memory for each repetition, and lines of dumps have millions.
    texts = "|".join([*(rf"{one}[^{one}\\]*(?:\\.[^{one}\\]*){{0,200}}{one}" for one in "'\""), "`[^`]*`"])
    return re.compile(rf"""(?:[^'"`\\\#/\-{first}]+|(?!{first})(?:{texts})){{0,200}}""")
