"""One setting: its option, environment variable and ini key, made from its name, and how its value is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from typing_extensions import Self

    Parse = Callable[[str], Any]

ValueT = TypeVar("ValueT")


_SWITCH = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False, "on": True, "off": False}


class Values:
    """The values of settings, by their names."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values


def parse_text(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty")
    return value.strip()


def parse_seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        raise ValueError("is not a number of seconds") from None
    if not 0 < seconds < float("inf"):
        raise ValueError("is not a positive number of seconds")
    return seconds


def parse_hours(value: str) -> float:
    try:
        hours = float(value)
    except ValueError:
        raise ValueError("is not a number of hours") from None
    if not 0 < hours < float("inf"):
        raise ValueError("is not a positive number of hours")
    return hours


def parse_switch(value: str) -> bool:
    word = value.strip().lower()
    if word not in _SWITCH:
        raise ValueError(f"is not one of {', '.join(_SWITCH)}")
    return _SWITCH[word]


def parse_names(value: str) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in value.split(","))))


def parse_count(value: str) -> int:
    if not value.strip().isdecimal():
        raise ValueError("is not a whole number of at least 0")
    return int(value)


def parse_positive(value: str) -> int:
    if not value.strip().isdecimal() or not int(value):
        raise ValueError("is not a whole number of at least 1")
    return int(value)


def one_of(*words: str) -> Parse:
    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(f"is not one of {', '.join(words)}")
        return value

    parse.__name__ = "|".join(words)
    return parse


class Secret:
    """A password from the environment, with a repr() that does not show it."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "***"

    def reveal(self) -> str:
        """The password itself."""
        return self._value


# Plain classes, as a dataclass takes a millisecond to make, and every pytest run in this environment pays it.


class Setting(Generic[ValueT]):
    """One row of the table, and the attribute of `Settings` that has its value.

    `default` is in the form that `parse` returns; `default_text` describes a default that is computed later. A
    `private` setting can only be set by its environment variable, as others can read command lines and files.
    """

    def __init__(
        self,
        parse: Parse,
        default: ValueT,
        metavar: str,
        help: str,  # noqa: A002 - argparse's own word
        *,
        default_text: str | None = None,
        private: bool = False,
    ) -> None:
        self.name = ""
        self.parse = parse
        self.default = default
        self.metavar = metavar
        self.private = private
        said = f"{default:g}" if isinstance(default, float) else "no" if default is False else default
        shown = default_text if default_text is not None else said
        self.help = help if private else f"{help} (default: {shown})"

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, settings: None, owner: type) -> Self: ...
    @overload
    def __get__(self, settings: Values, owner: type) -> ValueT: ...
    def __get__(self, settings: Values | None, owner: type) -> Self | ValueT:
        if settings is None:
            return self
        value: ValueT = settings.values[self.name]
        return value

    def __set__(self, settings: Values, value: ValueT) -> None:
        raise AttributeError("settings cannot be changed during a run")

    @property
    def option(self) -> str:
        return "--wincontainers-" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return "WINCONTAINERS_" + self.name.upper()

    @property
    def ini(self) -> str:
        return "wincontainers_" + self.name

    @property
    def destination(self) -> str:
        return self.ini
