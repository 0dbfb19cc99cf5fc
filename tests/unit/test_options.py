"""Checks of values by their annotations; what they say of declarations is in test_refusals.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Optional, Protocol, TypeVar

import pytest

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.services.options import check_fields, check_value

if TYPE_CHECKING:
    from decimal import Decimal

T = TypeVar("T")


class Check(Protocol):
    def __call__(self, endpoint: Any) -> str | None: ...


class Named(Protocol):
    name: str


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0


@dataclass(frozen=True)
class Made:
    value: int
    made_by: ClassVar[str] = "make"


class Callable0:
    def __call__(self):
        return None


def one(endpoint):
    return None


def many(endpoint, *more, flag=False):
    return None


def two(a, b):
    return None


FITS = [
    ("a", str),
    (1, int),
    (1, float),
    (1.5, float),
    (True, bool),
    (None, str | None),
    ("a", Optional[str]),  # noqa: UP045 - as some write it
    ("a", str | Path),
    (Path("a"), str | Path),
    ("a", Path),
    ([], Sequence[str]),
    (("a", "b"), Sequence[str]),
    (["a"], tuple[str, ...]),
    ([1, "a"], Sequence[int | str]),
    (["anything", 1], Sequence),
    ({}, Mapping[str, str]),
    ({"a": "b"}, Mapping[str, str]),
    ({"a": 1}, Mapping),
    ("auto", Literal["auto", "never"]),
    (3, Literal["auto", 3]),
    (one, Callable[[Any], object]),
    (many, Check),
    (Callable0, Callable[[], object]),
    (lambda: None, Callable[..., object]),
    (two, Callable),
    (print, Check),
    (object(), Named),
    (one, Check | Sequence[Check]),
    ([one, many], Check | Sequence[Check]),
    (Point(1), Point),
    ([Point(1, 2)], Sequence[Point]),
    (object(), T),
    (object(), Any),
    (object(), "a name that means nothing"),
]


@pytest.mark.parametrize(("value", "annotation"), FITS, ids=map(repr, range(len(FITS))))
def test_what_fits(value, annotation):
    check_value(value, annotation, "given=")


REFUSED = [
    (1, str, "given= must be a string, not 1", 'write it as a string, for example "8080"'),
    (b"a", str, "given= must be a string, not a bytes", "pass a string"),
    ("a", int, "given= must be an integer, not 'a'", "pass an integer"),
    ("8080", int, "given= must be an integer, not '8080'", "write 8080 without quotes"),
    (True, int, "given= must be an integer, not True", "pass an integer"),
    (True, float, "given= must be a number, not True", "pass a number"),
    (1, bool, "given= must be True or False, not 1", "pass True or False"),
    (None, int, "given= must be an integer, not None", "omit it"),
    (1.0, int | None, "given= must be an integer, not 1.0", "pass an integer"),
    (1, str | Path, "given= must be a string or a path, not 1", 'write it as a string, for example "8080"'),
    ("ab", Sequence[str], "given= must be a list, not 'ab'", "write given=['ab']"),
    (b"ab", Sequence[str], "given= must be a list, not a bytes", "pass a list"),
    ({"a"}, Sequence[str], "given= must be a list, not a set", "pass a list"),
    (7, Sequence[str], "given= must be a list, not 7", "pass a list"),
    (["a", 1], Sequence[str], "given[1] must be a string, not 1", 'write it as a string, for example "8080"'),
    ([["a"]], Sequence[Sequence[int]], "given[0][0] must be an integer, not 'a'", "pass an integer"),
    ("a", Mapping[str, str], "given= must be a dictionary, not 'a'", "pass a dictionary"),
    ({1: "a"}, Mapping[str, str], "each key of given must be a string, not 1", "write it as a string"),
    ({"a": {"b": 1}}, Mapping[str, Mapping[str, str]], 'given["a"]["b"] must be a string, not an int', "write it as"),
    ("off", Literal["auto", 3], "given= must be \"auto\" or 3, not 'off'", 'pass "auto" or 3'),
    ("a", Check, "given= must be a function with 1 parameter, not 'a'", "pass a function"),
    (two, Check, "given= must be a function with 1 parameter, not two(a, b)", "write def two(endpoint)"),
    (Callable0(), Check, "given= must be a function with 1 parameter, not Callable0()", "write def"),
    (one, Callable[[], object], "given= must be a function with 0 parameters, not one(endpoint)", "pass a function"),
    ([one, 1], Check | Sequence[Check], "given[1] must be a function with 1 parameter, not 1", "pass a function"),
    ((1, 2), Point, "given= must be a Point, not a tuple", "pass a Point"),
    (Point("a"), Point, "Point(): x= must be an integer, not 'a'", "pass an integer"),
    ([Made("a")], Sequence[Made], "make(): value= must be an integer, not 'a'", "pass an integer"),
    ("x" * 100, int, "given= must be an integer, not a str", "pass an integer"),
    (1, Annotated[Sequence[int], "a hint", 3], "given= must be a list, not 1", "a hint"),
    ([Point("a")], Annotated[Sequence[Point], "a hint"], "Point(): x= must be an integer, not 'a'", "pass an integer"),
]


@pytest.mark.parametrize(("value", "annotation", "sentence", "hint"), REFUSED, ids=[one[2] for one in REFUSED])
def test_what_does_not_fit(value, annotation, sentence, hint):
    with pytest.raises(DeclarationError) as refused:
        check_value(value, annotation, "given=")
    assert refused.value.message == sentence
    assert refused.value.hint.startswith(hint)


@dataclass(frozen=True)
class Fields:
    name: str = None  # as some write it
    count: int = 1
    password: str = field(default="", repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    kind: ClassVar[int] = "no field"


def test_fields_are_checked_and_defaults_are_not():
    check_fields(Fields(), "Fields()")
    with pytest.raises(DeclarationError, match=r"^Fields\(\): count= must be an integer, not 'a'"):
        check_fields(Fields(count="a"), "Fields()")


@pytest.mark.parametrize("options", [{"password": 12345}, {"settings": {"Pwd": 12345}}])
def test_what_may_be_a_secret_is_not_shown(options):
    with pytest.raises(DeclarationError, match="must be a string, not an int") as refused:
        check_fields(Fields(**options), "Fields()")
    assert "12345" not in str(refused.value)


@dataclass(frozen=True)
class Unresolved:
    price: Decimal
    count: int = 0


def test_annotations_that_only_a_type_checker_knows_are_not_checked():
    check_fields(Unresolved("cheap", "many"), "Unresolved()")
