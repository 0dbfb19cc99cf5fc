"""Names of databases and accounts: what a server does not take is refused before one starts."""

from __future__ import annotations

import re

from pytest_wincontainers.errors import DeclarationError

_DATABASE = 64
_USER = 32
_WORKER = len("_gw99")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

DEFAULT_DATABASE = "test"
RESERVED_USERS = frozenset({"root", "mysql", "mariadb.sys", "mysql.sys", "mysql.session", "mysql.infoschema"})
"""The server's own."""


def check_database(name: str, *, per_worker: bool) -> None:
    """Raise DeclarationError if this cannot be a database's name; `per_worker`, if workers' names come of it."""
    _check("database", name, _DATABASE - _WORKER if per_worker else _DATABASE)
    # Grants take it for the escape of a wildcard, and the account would not get at the database.
    if "\\" in name:
        raise _refused("database", name, "has a backslash")
    if name.endswith(" "):
        raise _refused("database", name, "ends in a space")
    if max(name) > "\uffff":
        raise _refused("database", name, "has a character that MySQL does not allow in names")


def check_user(name: str) -> None:
    """Raise DeclarationError if this cannot be an account's name."""
    _check("user", name, _USER)


def check_user_of(database: str) -> None:
    """Raise DeclarationError if an account cannot be called as the database."""
    if len(database) > _USER:
        raise DeclarationError(
            f"the account is called as the database and would be longer than {_USER} characters", hint="add user="
        )


def _check(option: str, name: str, longest: int) -> None:
    if not name:
        raise _refused(option, name, "is empty")
    if len(name) > longest:
        raise _refused(option, name, f"is longer than {longest} characters")
    if _CONTROL.search(name):
        raise _refused(option, name, "has a control character")


def _refused(option: str, name: str, why: str) -> DeclarationError:
    return DeclarationError(f"{option}={name!r} {why}", hint="choose another name")
