"""What a job leaves behind, as a value in other declarations: known only once the job has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class Output:
    """A directory or file that the job called `job` collects under `name`; stands in the place of a path."""

    job: str
    name: str

    def __str__(self) -> str:
        return f"the output {self.name!r} of {self.job}"


def outputs_in(value: object) -> Iterator[Output]:
    """All outputs in a value: itself, and those in its fields, entries and elements."""
    if isinstance(value, Output):
        yield value
        return
    for inner in _parts(value):
        yield from outputs_in(inner)


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, (list, tuple)):
        yield from value
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (getattr(value, one.name) for one in fields(value))


def with_paths(value: ValueT, path_of: Callable[[Output], Path]) -> ValueT:
    """The value with a path in the place of each output; a value without outputs is returned as it is."""
    return _with_paths(value, path_of) if any(outputs_in(value)) else value


def _with_paths(value: Any, path_of: Callable[[Output], Path]) -> Any:
    if isinstance(value, Output):
        return path_of(value)
    if not any(outputs_in(value)):
        return value
    if isinstance(value, Mapping):
        return {key: _with_paths(inner, path_of) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_with_paths(inner, path_of) for inner in value)
    return replace(value, **{one.name: _with_paths(getattr(value, one.name), path_of) for one in fields(value)})
