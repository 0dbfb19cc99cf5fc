"""Checks of values by the annotations of what they are for, so that a wrong value is refused where it is declared.

Libraries for this (typeguard, beartype, cattrs) take the annotations literally: to them "sleep 100" is a
Sequence[str] and True is an int, and those are the mistakes that people make. They also take longer to import than
all of this package. An annotation that is not known here is not checked.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints, is_typeddict

from pytest_wincontainers.errors import DeclarationError

_PLAIN: Mapping[object, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a string"),
    int: ((int,), "an integer"),
    float: ((int, float), "a number"),
    bool: ((bool,), "True or False"),
    bytes: ((bytes,), "bytes"),
    NoneType: ((NoneType,), "None"),
}
_SHOWN_LENGTH = 60


class _Place(NamedTuple):
    """Where a value is: as users write it, how deep, and whether it may be a secret."""

    path: str
    depth: int = 0
    secret: bool = False

    def inside(self, path: str, *, secret: bool = False) -> _Place:
        return _Place(path, self.depth + 1, self.secret or secret)

    def inside_brackets(self, index: object, *, secret: bool = False) -> _Place:
        return self.inside(f"{self.path.removesuffix('=')}[{index}]", secret=secret)

    def misfit(self, value: object, wanted: str, hint: str = "") -> _Misfit:
        hint = hint or ("omit it" if value is None else "")
        return _Misfit(self, wanted, _kind_of(value) if self.secret else _shown(value), hint)


class _Misfit(NamedTuple):
    """A value that does not fit: what is wanted in its place, what is given, and what to write instead."""

    place: _Place
    wanted: str
    given: str
    hint: str


def check_fields(instance: Any, title: str) -> None:
    """Raise DeclarationError for the first field of a dataclass that does not fit its annotation.

    `title` is how users write it, for the message: "Site()". A text in `Annotated` is the hint for that field. The
    dataclasses in its fields are checked as well; default values are not.
    """
    _refuse(_in_dataclass(instance, title, _Place(title)))


def check_value(value: object, annotation: Any, path: str) -> None:
    """Raise DeclarationError if a value does not fit an annotation; `path` is its name in the message.

    A dictionary's values are not shown, as they may be passwords.
    """
    _refuse(_misfit(value, annotation, _Place(path)))


def _refuse(found: _Misfit | None) -> None:
    if found is not None:
        raise DeclarationError(
            f"{found.place.path} must be {found.wanted}, not {found.given}", hint=found.hint or f"pass {found.wanted}"
        )


def _in_dataclass(instance: Any, title: str, place: _Place) -> _Misfit | None:
    hints = _annotations(type(instance))
    given = [(one, getattr(instance, one.name)) for one in fields(instance)]
    # The names in a TypedDict are given as the fields are.
    named = ((one, "" if is_typeddict(hints.get(one.name)) else f"{one.name}=", value) for one, value in given)
    return _first(
        (value, hints[one.name], place.inside(f"{title}: {name}", secret=not one.repr))
        for one, name, value in named
        if one.name in hints and not _is_default(one, value)
    )


def _annotations(kind: Any) -> Mapping[str, Any]:
    try:
        return get_type_hints(kind, include_extras=True)
    except Exception:  # noqa: BLE001 - a name that only type checkers import, or worse: then there is nothing to check
        return {}


def _is_default(one: Field[Any], value: object) -> bool:
    return one.default is not MISSING and one.default is value


def _misfit(value: Any, annotation: Any, place: _Place) -> _Misfit | None:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        found = _misfit(value, parts[0], place)
        notes = [one for one in parts[1:] if isinstance(one, str)]
        # A dataclass in it has hints of its own.
        own = found is not None and found.place.path.startswith(place.path.removesuffix("="))
        return found._replace(hint=notes[0]) if found is not None and own and notes else found
    if origin in {Union, UnionType}:
        return _in_union(value, parts, place)
    if origin is Literal:
        wanted = " or ".join(f'"{one}"' if isinstance(one, str) else repr(one) for one in parts)
        return None if value in list(parts) else place.misfit(value, wanted)
    if annotation in _PLAIN:
        return _plain(value, annotation, place)
    kind = origin or annotation
    if kind is Callable or getattr(kind, "_is_protocol", False):
        return _as_function(value, kind, parts, place)
    # Any is a class, too, since Python 3.11.
    return _in_class(value, kind, parts, place) if isinstance(kind, type) and kind is not Any else None


def _plain(value: object, annotation: Any, place: _Place) -> _Misfit | None:
    kinds, wanted = _PLAIN[annotation]
    # True is an int to Python, and never meant as one.
    if isinstance(value, kinds) and isinstance(value, bool) == (annotation is bool):
        return None
    hint = ""
    if annotation is str and type(value) in {int, float}:
        hint = 'write it as a string, for example "8080"'
    elif annotation is str and value is None:
        hint = 'omit it, or use ""'
    elif annotation is str:
        # The face of a container.
        known = [f".{name}" for name in ("connection_string", "url", "host") if name in dir(value)]
        hint = f"use one of its attributes, for example {' or '.join(known)}" if known else ""
    elif annotation is int and isinstance(value, str) and value.isdecimal():
        hint = f"write {value} without quotes"
    return place.misfit(value, wanted, hint)


def _in_union(value: object, arms: Sequence[Any], place: _Place) -> _Misfit | None:
    found = [_misfit(value, arm, place) for arm in arms]
    misfits = [one for one in found if one is not None]
    if len(misfits) < len(arms):
        return None
    # The kind that was meant is the one in which more of the value fits.
    deepest = max(misfits, key=lambda one: one.place.depth)
    if deepest.place.depth > place.depth:
        return deepest
    wanted = " or ".join(one.wanted for one, arm in zip(misfits, arms, strict=True) if arm is not NoneType)
    return place.misfit(value, wanted, next((one.hint for one in misfits if one.hint), ""))


def _in_class(value: Any, kind: Any, parts: Sequence[Any], place: _Place) -> _Misfit | None:
    if is_typeddict(kind):
        hints = _annotations(kind)
        known = ((one, hints[name], f"{place.path}{name}=") for name, one in value.items() if name in hints)
        return _first((one, annotation, place.inside(path)) for one, annotation, path in known)
    if issubclass(kind, Mapping):
        return _in_mapping(value, parts, place)
    if issubclass(kind, Sequence):
        return _in_sequence(value, parts, place)
    if issubclass(kind, os.PathLike):
        return None if isinstance(value, (str, os.PathLike)) else place.misfit(value, "a path")
    if not isinstance(value, kind):
        return place.misfit(value, _a(kind.__name__))
    return _in_dataclass(value, _title(value), place) if is_dataclass(value) else None


def _in_mapping(value: Any, parts: Sequence[Any], place: _Place) -> _Misfit | None:
    if not isinstance(value, Mapping):
        return place.misfit(value, "a dictionary")
    if not parts:
        return None
    keys = ((key, parts[0], place.inside(f"each key of {place.path.removesuffix('=')}")) for key in value)
    values = ((one, parts[1], place.inside_brackets(f'"{key}"', secret=True)) for key, one in value.items())
    return _first(keys) or _first(values)


def _in_sequence(value: Any, parts: Sequence[Any], place: _Place) -> _Misfit | None:
    # Text is a sequence of letters to Python, and never meant as one.
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        alone = bool(parts) and _misfit(value, parts[0], place) is None
        name = place.path.rpartition(" ")[2]
        # Not the text of a dataclass, which may have passwords in it.
        shown = repr(value) if isinstance(value, (str, int, float)) and not place.secret else "…"
        hint = f"write {name}[{shown}]" if name.endswith("=") else f"put it into a list: [{shown}]"
        return place.misfit(value, "a list", hint if alone else "")
    if not parts:
        return None
    return _first((one, parts[0], place.inside_brackets(number)) for number, one in enumerate(value))


def _first(inner: Iterable[tuple[Any, Any, _Place]]) -> _Misfit | None:
    found = (_misfit(value, annotation, place) for value, annotation, place in inner)
    return next((one for one in found if one is not None), None)


def _as_function(value: Any, kind: Any, parts: Sequence[Any], place: _Place) -> _Misfit | None:
    if kind is not Callable and "__call__" not in vars(kind):
        return None
    count = _parameters(kind, parts)
    wanted = f"a function with {count} parameter{'' if count == 1 else 's'}" if count is not None else "a function"
    if not callable(value):
        return place.misfit(value, wanted)
    if is_dataclass(value) and not isinstance(value, type):
        return _in_dataclass(value, _title(value), place)
    if count is None:
        return None
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        # Some functions that are not written in Python have none.
        return None
    try:
        signature.bind(*[None] * count)
    except TypeError:
        name = getattr(value, "__name__", type(value).__name__)
        return _Misfit(place, wanted, f"{name}{signature}", f"write def {name}(endpoint)" if count == 1 else "")
    return None


def _parameters(kind: Any, parts: Sequence[Any]) -> int | None:
    """How many parameters a function must have, if that is known."""
    if kind is not Callable:
        return len(inspect.signature(kind.__call__).parameters) - 1
    return len(parts[0]) if parts and isinstance(parts[0], list) else None


def _shown(value: object) -> str:
    text = repr(value)
    plain = value is None or isinstance(value, (str, int, float))
    return text if plain and len(text) <= _SHOWN_LENGTH else _kind_of(value)


def _kind_of(value: object) -> str:
    return "None" if value is None else _a(type(value).__name__)


def _title(value: Any) -> str:
    """How users write a value of a dataclass: its name, or that of the function that makes it."""
    return f"{getattr(value, 'made_by', type(value).__name__)}()"


def _a(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
