"""Routines without DELIMITER: golang-migrate sends each file whole, and Flyway knows where a routine ends."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator

from pytest_wincontainers.migrations.split import DELIMITER, Splitter, Statement

_ROUTINE = re.compile(
    r"""create\s(?:[^('"`]|'[^']*'|`[^`]*`)*?\b(?:procedure|function|trigger|event|package)\s|begin\s+not\s+atomic\b""",
    re.IGNORECASE,
)
# Those of one statement end at the first semicolon.
_SEVERAL = re.compile(r"\b(?:begin|if|case|loop|repeat|while|package)\b", re.IGNORECASE)


def split_with_routines(lines: Iterable[str]) -> Iterator[Statement]:
    """The statements up to the first routine, and from there on the rest as one. Raises ScriptError.

    The server finds the statements in that itself. A file with DELIMITER, for the mysql client, is read as that does.
    """
    splitter = Splitter()
    given = enumerate(lines, 1)
    ahead: deque[tuple[int, str]] = deque()
    for_client = False
    while following := ahead.popleft() if ahead else next(given, None):
        number, line = following
        for statement in splitter.feed(line, number):
            if not for_client and splitter.delimiter == ";" and _is_of_several(statement.text):
                ahead.extend(given)
                for_client = any(DELIMITER.match(text) for _, text in ahead)
                if not for_client:
                    rest = [f"{statement.text};{line[splitter.position :]}", *(text for _, text in ahead)]
                    yield Statement("\n".join(rest).rstrip(), statement.line, single=False)
                    return
            yield statement
    yield from splitter.end()


def _is_of_several(text: str) -> bool:
    return bool(_ROUTINE.match(text) and _SEVERAL.search(text))
