"""Stack traces of .NET in texts for people: each is told once, and the framework's own frames are folded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

# "at" in English; Windows in other languages has another word of a few letters there.
_FRAME = re.compile(r"^\s+\w{1,4} (?P<method>[\w.<>`+|$\[\],]+(?: \(|\())")
_FRAMEWORK = re.compile(r"(System|Microsoft|Mono|MS|MySql|Interop)\.|lambda_method")
# What Mono has for a place in code without debug information.
_NOWHERE = re.compile(r" \[0x[0-9a-f]+\] in <[0-9a-f]+>:0 ?$")
_LEAST = 2


class StackFolder:
    """Folds the stacks of one report; what it has told it does not tell again."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def fold(self, lines: Iterable[str]) -> list[str]:
        """The lines, with stacks that are for people."""
        folded: list[str] = []
        for is_stack, group in groupby(lines, lambda line: _method(line) is not None):
            run = list(group)
            folded += self._stack(run) if is_stack else run
        return folded

    def _stack(self, frames: list[str]) -> Iterator[str]:
        methods = {_method(frame) or "" for frame in frames}
        if methods <= self._told and len(frames) >= _LEAST:
            yield f"{_indent(frames[0])}(the same stack as above)"
            return
        self._told |= methods
        # Where it was thrown, whoever wrote that.
        yield _NOWHERE.sub("", frames[0])
        for is_framework, group in groupby(frames[1:], _is_framework):
            run = list(group)
            if is_framework and len(run) >= _LEAST:
                rooms = sorted({(_method(frame) or "").partition(".")[0] for frame in run})
                yield f"{_indent(run[0])}({len(run)} frames of {', '.join(rooms)})"
            else:
                yield from (_NOWHERE.sub("", frame) for frame in run)


def has_stack(lines: Iterable[str]) -> bool:
    """Whether there is a frame of a stack among the lines."""
    return any(_method(line) is not None for line in lines)


def _method(line: str) -> str | None:
    found = _FRAME.match(line)
    return found["method"].rstrip(" (") if found else None


def _is_framework(frame: str) -> bool:
    return _FRAMEWORK.match(_method(frame) or "") is not None


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
