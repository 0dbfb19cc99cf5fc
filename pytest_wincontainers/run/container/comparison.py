"""Values as texts that are the same in every process, so that two runs can compare what they declare."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial
from pathlib import PurePath
from types import FunctionType, MethodType, ModuleType

_DEEPEST = 12


class NotComparable(Exception):
    """Nobody can tell whether a value is the same as one in another process."""


def described(value: object) -> str:
    """A value as a text. A function is its source, and that of what it uses of its own module. Raises NotComparable."""
    return "".join(_described(value, set(), 0))


def _described(value: object, seen: set[int], depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise NotComparable
    if value is None or isinstance(value, Enum | str | bytes | int | float | PurePath):
        yield f"{type(value).__name__}:{value!r},"
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield f"{key!r}={''.join(_described(value[key], seen, depth + 1))};"
    elif isinstance(value, AbstractSet):
        yield from sorted("".join(_described(one, seen, depth + 1)) for one in value)
    elif isinstance(value, Sequence):
        yield "["
        for one in value:
            yield from _described(one, seen, depth + 1)
        yield "]"
    elif is_dataclass(value) and not isinstance(value, type):
        yield type(value).__qualname__
        yield from _described({one.name: getattr(value, one.name) for one in fields(value)}, seen, depth + 1)
    else:
        yield from _code(value, seen, depth)


def _code(value: object, seen: set[int], depth: int) -> Iterator[str]:
    """A function, or what is like one."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, partial):
        yield from _described([value.func, value.args, value.keywords], seen, depth + 1)
    elif isinstance(value, MethodType):
        yield from _described([value.__func__, value.__self__], seen, depth + 1)
    elif isinstance(value, FunctionType):
        yield _source(value)
        used = inspect.getclosurevars(value)
        own = {name: one for name, one in used.globals.items() if _is_own(one, value.__module__)}
        yield from _described([value.__defaults__, value.__kwdefaults__, used.nonlocals, own], seen, depth + 1)
    elif isinstance(value, ModuleType):
        yield value.__name__
    elif isinstance(value, type):
        yield _source(value)
    elif callable(value) and hasattr(value, "__dict__"):
        yield from _described([type(value), vars(value)], seen, depth + 1)
    elif inspect.isbuiltin(value):
        yield value.__qualname__
    else:
        raise NotComparable


def _is_own(value: object, module: str) -> bool:
    """Whether a global name of a module is more than what it has imported."""
    return not isinstance(value, ModuleType) and getattr(value, "__module__", module) == module


def _source(value: FunctionType | type) -> str:
    try:
        return inspect.getsource(value)
    except (OSError, TypeError):
        raise NotComparable from None
