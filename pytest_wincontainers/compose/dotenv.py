"""Files of environment variables: `.env` and `env_file`.

The package python-dotenv reads another format: it replaces `$NAME` only in braces, knows no `${NAME:?message}`,
replaces variables between single quotes, does not read `NAME: value`, and skips lines that it cannot read. These files
are therefore read here, by Docker Compose's rules (the package dotenv of compose-spec/compose-go).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pytest_wincontainers.compose.interpolation import InterpolationError, Lookup, substitute
from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.tree import Place

_KEY = re.compile(r"(?:export[ \t]+)?([\w.\-\[\]]+(?:[ \t]+[\w.\-\[\]]+)*)?[ \t]*(?:([=:])[ \t]*|(?=\n|$))")
_ESCAPE = re.compile(r"\\([abcfnrtv$\"\\])")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "c": "\\c", "$": "$$"}


def read_variables(
    file: Path, lookup: Lookup, problems: Problems, *, earlier: Mapping[str, str] | None = None, raw: bool = False
) -> dict[str, str]:
    """The variables of a file; a name without a value has that of `lookup`, if it has one there.

    A variable in a value is looked up with `lookup`, then above it in the file, then in `earlier`, the variables of
    earlier files. With `raw`, values are taken as they are.
    """
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        problems.add(Place(file, 1), f"the file of variables cannot be read: {reason}")
        return {}
    lines = text.replace("\r\n", "\n")
    return dict(_raw(lines) if raw else _Reading(lines, file, lookup, problems, earlier or {}).variables())


def _raw(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        name, found, value = line.partition("=")
        if found and not line.lstrip().startswith("#"):
            yield name.strip(), value


class _Reading:
    """Goes through the text of one file."""

    def __init__(self, text: str, file: Path, lookup: Lookup, problems: Problems, earlier: Mapping[str, str]) -> None:
        self._text = text
        self._file = file
        self._lookup = lookup
        self._problems = problems
        self._earlier = earlier
        self._position = 0
        self._found: dict[str, str] = {}

    def variables(self) -> dict[str, str]:
        while self._skip_to_statement():
            if not self._statement():
                break
        return self._found

    @property
    def _place(self) -> Place:
        return Place(self._file, self._text.count("\n", 0, self._position) + 1)

    def _skip_to_statement(self) -> bool:
        match = re.compile(r"(?:\s+|#[^\n]*)*").match(self._text, self._position)
        self._position = match.end() if match else self._position
        return self._position < len(self._text)

    def _statement(self) -> bool:
        match = _KEY.match(self._text, self._position)
        name = match.group(1) if match else None
        if match is None or not name:
            line = self._text[self._position :].partition("\n")[0]
            self._problems.add(self._place, f"{line!r} is not NAME=value", "begin a comment with #")
            return False
        if re.search(r"\s", name):
            self._problems.add(self._place, f"the name of the variable {name!r} has a space")
            return False
        place = self._place
        self._position = match.end()
        if match.group(2) is None:
            inherited = self._lookup(name)
            if inherited is not None:
                self._found[name] = inherited
            return True
        value = self._value(place)
        if value is None:
            return False
        self._found[name] = value
        return True

    def _value(self, place: Place) -> str | None:
        quote = self._text[self._position : self._position + 1]
        if quote not in {'"', "'"} or not quote:
            line = re.compile(r"[^\n]*").match(self._text, self._position)
            written = line.group() if line else ""
            self._position += len(written)
            return self._expanded(re.split(r"[ \t]#", f" {written}")[0].strip(), place)
        end = re.compile(rf"(?<!\\){quote}").search(self._text, self._position + 1)
        if end is None:
            self._problems.add(place, f"the value begins with {quote} and does not end with it")
            return None
        written = self._text[self._position + 1 : end.start()]
        self._position = end.end()
        if quote == "'":
            return written.replace("\\'", "'")
        return self._expanded(_ESCAPE.sub(lambda one: _ESCAPED.get(one[1], one[1]), written), place)

    def _expanded(self, text: str, place: Place) -> str:
        def value(name: str) -> str | None:
            known = self._lookup(name)
            return known if known is not None else self._found.get(name, self._earlier.get(name))

        def unset(name: str) -> None:
            self._problems.note(
                place, f"the variable {name} is not set; it is replaced by an empty string", warning=True
            )

        try:
            return substitute(text, value, unset)
        except InterpolationError as error:
            self._problems.add(place, str(error), error.hint)
            return text
