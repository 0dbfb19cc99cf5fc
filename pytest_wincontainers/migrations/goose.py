"""Files of goose (pressly/goose): their Up part, in which each StatementBegin block is one statement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pytest_wincontainers.migrations.split import ScriptError, Splitter, Statement

_ANNOTATION = re.compile(r"\s*--\s*\+goose\s+(.+?)\s*", re.IGNORECASE)
_SEARCHED = 1000
"""Lines in which a file of goose has its first annotation."""


def is_goose(lines: Iterable[str]) -> bool:
    """Whether these are the first lines of a file of goose's."""
    return any(_annotation(line) == "up" for _, line in zip(range(_SEARCHED), lines, strict=False))


def split_up(lines: Iterable[str]) -> Iterator[Statement]:
    """The statements of the Up part. Raises ScriptError."""
    splitter = Splitter()
    block: list[str] | None = None
    begun = 0
    for number, line in enumerate(_up(lines), 1):
        said = _annotation(line)
        if said == "statementbegin" and block is None:
            block, begun = [], number
        elif said == "statementend" and block is not None:
            text = "\n".join(block).strip().removesuffix(";").rstrip()
            if text:
                yield Statement(text, begun + 1, single=False)
            block = None
        elif said == "envsub on":
            raise ScriptError("ENVSUB is not supported; write out the values", number)
        elif said in {"statementbegin", "statementend"}:
            raise ScriptError(f"unexpected {line.strip()}", number)
        elif block is not None:
            block.append(line)
        else:
            yield from splitter.feed(line, number)
    if block is not None:
        raise ScriptError("this StatementBegin has no StatementEnd", begun)
    yield from splitter.end()


def _up(lines: Iterable[str]) -> Iterator[str]:
    """The lines, with those that are not of the Up part empty, so that lines keep their numbers."""
    up = False
    for line in lines:
        said = _annotation(line)
        up = said == "up" if said in {"up", "down"} else up
        yield line if up and said not in {"up", "down"} else ""


def _annotation(line: str) -> str:
    found = _ANNOTATION.fullmatch(line)
    return found[1].lower() if found else ""
