"""The SQL that a server begins with: its database and its accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator


def sql(database: str, user: str, password: str, root_password: str) -> str:
    """The statements, each in a line of its own, as the server's `--init-file` has to be."""
    return "".join(f"{line};\n" for line in _statements(database, user, password, root_password))


def _statements(database: str, user: str, password: str, root_password: str) -> Iterator[str]:
    for host in ("localhost", "%"):
        root = f"{_text('root')}@{_text(host)}"
        yield from _account(root, root_password)
        yield f"GRANT ALL ON *.* TO {root} WITH GRANT OPTION"
    yield f"CREATE DATABASE IF NOT EXISTS `{_name(database)}`"
    owner = f"{_text(user)}@'%'"
    yield from _account(owner, password)
    # In a grant, _ and % in a database's name are wildcards unless escaped.
    pattern = re.sub(r"([_%])", r"\\\1", _name(database))
    yield f"GRANT ALL ON `{pattern}`.* TO {owner}"


def _account(account: str, password: str) -> Iterator[str]:
    # What it may do already, by migrations in a snapshot, it may go on doing.
    yield f"CREATE USER IF NOT EXISTS {account}"
    yield f"ALTER USER {account} IDENTIFIED BY {_text(password)}"


def _text(value: str) -> str:
    from pymysql.converters import escape_string

    return f"'{escape_string(value)}'"


def _name(value: str) -> str:
    return value.replace("`", "``")
