"""What a web.config says about databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element

from pytest_wincontainers.scaffold.connections import MySqlString, mysql_string
from pytest_wincontainers.scaffold.documents import elements, xml_of
from pytest_wincontainers.scaffold.project import SettingKind
from pytest_wincontainers.scaffold.solutions import inside
from pytest_wincontainers.scaffold.tree import Tree, Unreadable


@dataclass(frozen=True)
class Entry:
    """A connection string, where it stands; `mysql` is None if it is not for MySQL or names no database."""

    kind: SettingKind
    name: str
    file: PurePosixPath
    mysql: MySqlString | None


@dataclass(frozen=True)
class Configuration:
    """The connection strings of a web.config, among them app settings that are for MySQL, and notes."""

    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()
    windows_accounts: bool = False
    """Whether visitors need Windows accounts."""


def configuration_of(tree: Tree, path: PurePosixPath) -> Configuration:
    """What a web.config says, and the file that its connection strings may be in. Raises Unreadable."""
    root = xml_of(tree.read(path))
    entries = list(_connections(elements(root, "connectionStrings", "add"), path))
    notes = []
    for section in elements(root, "connectionStrings"):
        if source := section.get("configSource"):
            try:
                entries += _in_file(tree, path, source)
            except Unreadable as problem:
                notes.append(f"{path}: the file of its connection strings, {source}, {problem}")
    for add in elements(root, "appSettings", "add"):
        name, mysql = add.get("key"), mysql_string(add.get("value", ""))
        if name and mysql:
            entries.append(Entry("app_settings", name, path, mysql))
    modes = {one.get("mode") for one in elements(root, "authentication")}
    denied = any("?" in one.get("users", "") for one in elements(root, "authorization", "deny"))
    return Configuration(tuple(entries), tuple(notes), "Windows" in modes and denied)


def _in_file(tree: Tree, path: PurePosixPath, source: str) -> Iterator[Entry]:
    file = inside(path.parent, source)
    if file is None:
        raise Unreadable("is outside of the directory")
    real = tree.on_disk(file)
    if real is None:
        raise Unreadable("is missing")
    return _connections(xml_of(tree.read(real)).iterfind("{*}add"), real)


def _connections(adds: Iterator[Element], file: PurePosixPath) -> Iterator[Entry]:
    for add in adds:
        if name := add.get("name"):
            mysql = mysql_string(add.get("connectionString", ""), add.get("providerName", ""))
            yield Entry("connection_strings", name, file, mysql)
