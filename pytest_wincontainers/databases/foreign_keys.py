"""Foreign keys that change rows by themselves, which a server neither logs nor tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from pytest_wincontainers.databases.schema import Definition, Key

_NAME = r"`((?:[^`]|``)+)`"
_NAMES = r"\(((?:`(?:[^`]|``)+`(?:, ?)?)+)\)"
# As SHOW CREATE TABLE writes them.
_REFERENCE = re.compile(rf"FOREIGN KEY {_NAMES} REFERENCES (?:{_NAME}\.)?{_NAME} {_NAMES}((?: ON [A-Z ]+)?)")


class Reference(NamedTuple):
    """A table on whose rows those of another depend, and the columns that are referred to."""

    table: Key
    columns: frozenset[str]


def parents(definitions: Mapping[Key, Definition]) -> dict[Key, list[Reference]]:
    """Of each table, the foreign keys that delete or change its rows together with those of another."""
    return {
        key: list(_parents(key, what.sql))
        for key, what in definitions.items()
        if key.kind == "table" and "FOREIGN KEY" in what.sql
    }


def _parents(key: Key, sql: str) -> Iterator[Reference]:
    for _, schema, table, columns, actions in _REFERENCE.findall(sql):
        if "CASCADE" in actions or "SET NULL" in actions:
            names = re.findall(_NAME, columns)
            yield Reference(Key("table", _plain(schema) or key.schema, _plain(table)), frozenset(map(_plain, names)))


def refers_to(sql: str, named: Callable[[str], bool]) -> bool:
    """Whether a table's definition has a foreign key, of any kind, to a table that is named."""
    return "FOREIGN KEY" in sql and any(named(_plain(found[2])) for found in _REFERENCE.findall(sql))


def _plain(name: str) -> str:
    return name.replace("``", "`")


def dependents(known: Mapping[Key, Collection[Reference]], is_hit: Callable[[Reference], bool]) -> set[Key]:
    """The tables that depend on rows that were hit, and those that depend on these, and so on."""
    found: set[Key] = set()
    while True:
        more = {
            child
            for child, references in known.items()
            if child not in found and any(one.table in found or is_hit(one) for one in references)
        }
        if not more:
            return found
        found |= more
