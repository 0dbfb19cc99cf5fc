"""Settings in a JSON file, by the paths that ASP.NET Core has for them: `Logging:LogLevel:Default`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pytest_wincontainers.webconfig.content import detect, line_of
from pytest_wincontainers.webconfig.errors import TransformError
from pytest_wincontainers.webconfig.json_document import Value, parse

JsonValue = str | int | float | bool | None


def set_json(content: bytes, settings: Mapping[str, JsonValue], *, source: str) -> bytes:
    """Set values in a JSON file and return the new content; everything else is kept, comments as well.

    A path has its keys joined by ":", whose case does not matter, and numbers for positions in lists. What is missing
    is added: a key to its object, and the next free number to a list. `source` is the name of the content in errors.
    Raises TransformError for malformed JSON, and for a path that leads into a value or names more than one.
    """
    mark, encoding = detect(content)
    try:
        text = content[len(mark) :].decode(encoding)
    except ValueError as error:
        raise TransformError(
            f"{source} is not text in the encoding {encoding}.", hint="Save the file as UTF-8.", details=str(error)
        ) from error
    # Also without settings, for what is wrong with the file.
    parse(text, source)
    for path, value in settings.items():
        text = _Edit(text, source, path).with_value(value)
    try:
        return mark + text.encode(encoding)
    except ValueError as error:
        raise TransformError(
            f"{source}: a value has a character that cannot be written.", hint="Use text without surrogates."
        ) from error


class _Edit:
    """One setting of a file."""

    def __init__(self, text: str, source: str, path: str) -> None:
        self._text = text
        self._source = source
        self._path = path
        self._root = parse(text, source)
        self._newline = "\r\n" if "\r\n" in text else "\n"
        first = self._root.members[0].start if self._root.members else 0
        self._unit = self._indent(first) or "  "

    def with_value(self, value: JsonValue) -> str:
        keys = self._path.split(":")
        if not all(keys):
            raise self._error(
                f"{self._source}: the path {self._path!r} has an empty key.",
                'Write a path such as "Logging:LogLevel:Default".',
            )
        reached = _reached(self._root, keys)
        ends = [place for place, left in reached if not left]
        if len(ends) > 1:
            raise self._error(
                f"{self._at(ends[1])}: {self._path} is there more than once, which ASP.NET Core rejects.",
                "Remove all but one; the case of a name does not matter.",
            )
        if ends:
            return self._replaced(ends[0], value)
        # Where most of the path is there already, and something can be added.
        place, left = min(reached, key=lambda one: (len(one[1]), one[0].kind not in ("object", "list")))
        return self._added(place, left, value)

    def _replaced(self, place: Value, value: JsonValue) -> str:
        if place.members:
            first = place.members[0].name
            raise self._error(
                f"{self._at(place)}: {self._path} has settings in it, which one value would remove.",
                f"Set them one by one, for example {self._path}:{first}.",
            )
        return self._with(place, self._written(value, None))

    def _added(self, place: Value, left: Sequence[str], value: JsonValue) -> str:
        there = self._path[: -len(":".join(left))].rstrip(":")
        if place.kind == "list":
            count = len(place.members)
            if left[0] != str(count):
                raise self._error(
                    f"{self._at(place)}: {there} is a list of {count}, which has no place for {left[0]!r}.",
                    f"Use a number up to {count}, which adds to the list.",
                )
            return self._inserted(place, None, _nested(left[1:], value))
        if place.kind == "object":
            return self._inserted(place, left[0], _nested(left[1:], value))
        if self._text[place.start : place.end] not in ("null", '""'):
            raise self._error(
                f"{self._at(place)}: {there} is a {'string' if place.kind == 'string' else 'value'}, "
                f"so {self._path} cannot be in it.",
                f"Set {there} itself, or change the file.",
            )
        return self._with(place, self._written(_nested(left, value), self._indent_of_line(place.start)))

    # Text

    def _with(self, place: Value, written: str) -> str:
        return self._text[: place.start] + written + self._text[place.end :]

    def _inserted(self, place: Value, name: str | None, value: object) -> str:
        """The text with one more member at the end of an object or a list."""
        text, closing = self._text, place.end - 1
        key = f"{json.dumps(name, ensure_ascii=False)}: " if name is not None else ""
        in_lines = "\n" in text[place.start : closing] or (not place.members and "\n" in text)
        if not in_lines:
            written = key + self._written(value, None)
            last = place.members[-1].value.end if place.members else closing
            at = place.comma or last
            return text[:at] + (" " if place.comma else ", " if place.members else "") + written + text[at:]
        outer = self._indent_of_line(place.start)
        indent = (self._indent(place.members[0].start) if place.members else None) or outer + self._unit
        # Behind the comments that follow the last member, which get no comma between them and their line.
        at = len(text[:closing].rstrip(" \t\r\n"))
        before, between, after = text[:at], "", text[at:]
        if place.members and place.comma is None:
            last = place.members[-1].value.end
            before, between = text[:last] + ",", text[last:at]
        if not place.members and "\n" not in text[at:closing]:
            after = self._newline + outer + text[closing:]
        comma = "," if place.comma else ""
        return before + between + self._newline + indent + key + self._written(value, indent) + comma + after

    def _written(self, value: object, indent: str | None) -> str:
        """A value as JSON, in one line or with its lines indented."""
        try:
            lines = json.dumps(
                value, ensure_ascii=False, allow_nan=False, indent=None if indent is None else self._unit
            )
        except ValueError as error:
            raise self._error(
                f"{self._source}: the value of {self._path} cannot be written: JSON has no such number.",
                "Use a finite number, or a string.",
            ) from error
        return lines.replace("\n", self._newline + (indent or ""))

    def _indent(self, start: int) -> str | None:
        """The spaces before what starts a line; None if other things stand before it there."""
        before = self._text[:start].rpartition("\n")[2]
        return before if "\n" in self._text[:start] and not before.strip() else None

    def _indent_of_line(self, start: int) -> str:
        line = self._text[:start].rpartition("\n")[2]
        return line[: len(line) - len(line.lstrip())]

    def _at(self, place: Value) -> str:
        return f"{self._source}, line {line_of(self._text, place.start)}"

    def _error(self, message: str, hint: str) -> TransformError:
        return TransformError(message, hint=hint)


def _reached(value: Value, keys: Sequence[str]) -> list[tuple[Value, Sequence[str]]]:
    """Every place that a path leads to, as far as it goes, with the keys that are left.

    A name can have several keys of a path in it, and a name can be there twice: .NET joins the names of a file and
    compares whole paths.
    """
    found: list[tuple[Value, Sequence[str]]] = []
    for member in value.members:
        parts = member.name.lower().split(":")
        if [key.lower() for key in keys[: len(parts)]] == parts:
            found += _reached(member.value, keys[len(parts) :])
    return found or [(value, keys)]


def _nested(keys: Sequence[str], value: object) -> object:
    for key in reversed(keys):
        value = [value] if key == "0" else {key: value}
    return value
