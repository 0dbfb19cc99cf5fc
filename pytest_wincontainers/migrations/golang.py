"""Files of golang-migrate, which sends each file whole: the body of a routine needs no DELIMITER."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pytest_wincontainers.migrations.split import Splitter, Statement

_ROUTINE = re.compile(
    r"create\b[^('\"]*?\b(?:procedure|function|trigger|event|package)\b|begin\s+not\s+atomic\b", re.IGNORECASE
)


def split_whole(lines: Iterable[str]) -> Iterator[Statement]:
    """The statements up to the first routine, and from there on the rest as one. Raises ScriptError.

    In pieces as far as that makes no difference to the server, so that an error has its line, and a file of any length
    takes little memory. Files with DELIMITER, for the mysql client, are read as that does.
    """
    splitter = Splitter()
    numbered = enumerate(lines, 1)
    for number, line in numbered:
        for statement in splitter.feed(line, number):
            if splitter.delimiter == ";" and _ROUTINE.match(statement.text):
                rest = [f"{statement.text};{line[splitter.position :]}", *(later for _, later in numbered)]
                yield Statement("\n".join(rest).rstrip(), statement.line, single=False)
                return
            yield statement
    yield from splitter.end()
