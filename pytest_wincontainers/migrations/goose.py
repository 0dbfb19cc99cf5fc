"""Files of goose (pressly/goose): their Up part, in which each StatementBegin block is one statement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pytest_wincontainers.migrations.split import ScriptError, Splitter, Statement

_ANNOTATION = re.compile(r"\s*--\s*\+goose\b\s*(.*?)\s*", re.IGNORECASE)
_KNOWN = frozenset({"up", "down", "statementbegin", "statementend", "no transaction", "envsub on", "envsub off"})
_SEARCHED = 1000
"""Lines in which a file of goose has its first annotation."""


def is_goose(lines: Iterable[str]) -> bool:
    """Whether these are the first lines of a file of goose's."""
    return any(_annotation(line) is not None for _, line in zip(range(_SEARCHED), lines, strict=False))


def split_up(lines: Iterable[str]) -> Iterator[Statement]:
    """The statements of the Up part. Raises ScriptError for what goose refuses, and for ENVSUB."""
    splitter = Splitter()
    part = ""
    block: list[str] | None = None
    begun = 0
    for number, line in enumerate(lines, 1):
        said = _annotation(line)
        if said is not None and said not in _KNOWN:
            raise ScriptError(f"unknown annotation: {line.strip()}", number)
        if said in {"up", "down"}:
            if block is not None:
                raise _unfinished(begun)
            if part != ("" if said == "up" else "up"):
                raise _unexpected(line, number)
            part = said
        elif part == "down":
            continue
        elif said == "envsub on":
            raise ScriptError("ENVSUB is not supported", number, hint="write out the values")
        elif said == "statementbegin" and part and block is None:
            block, begun = [], number
        elif said == "statementend" and block is not None:
            text = "\n".join(block).strip().removesuffix(";").rstrip()
            if text:
                yield Statement(text, begun + 1, single=False)
            block = None
        elif said in {"statementbegin", "statementend"}:
            raise _unexpected(line, number)
        elif said is not None:
            continue
        elif not part and line.strip() and not line.lstrip().startswith("--"):
            raise ScriptError("there is SQL before -- +goose Up", number)
        elif block is not None:
            block.append(line)
        elif part:
            yield from splitter.feed(line, number)
    if block is not None:
        raise _unfinished(begun)
    yield from splitter.end()


def _unexpected(line: str, number: int) -> ScriptError:
    return ScriptError(
        f"unexpected {line.strip()}", number, hint="a file has one Up part, and after it at most one Down part"
    )


def _unfinished(begun: int) -> ScriptError:
    return ScriptError("this StatementBegin has no StatementEnd", begun)


def _annotation(line: str) -> str | None:
    found = _ANNOTATION.fullmatch(line)
    return found[1].lower() if found else None
