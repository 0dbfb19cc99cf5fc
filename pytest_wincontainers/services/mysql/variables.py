"""The variables of the official MySQL and MariaDB images, as compose files have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.services.mysql.names import DEFAULT_DATABASE, RESERVED_USERS

_NAMES = (
    *("DATABASE", "USER", "PASSWORD", "ROOT_PASSWORD"),
    # A password at random, or none, would not be known here.
    *("RANDOM_ROOT_PASSWORD", "ALLOW_EMPTY_PASSWORD", "ALLOW_EMPTY_ROOT_PASSWORD"),
)
"""What MYSQL_ or MARIADB_ stands in front of."""


@dataclass(frozen=True)
class Account:
    """A server's database, the account that owns it, and the passwords that are known."""

    database: str
    user: str | None
    passwords: Mapping[str, str]
    """By the names that a service's secrets have."""


def account_in(environment: Mapping[str, str], database: str, user: str | None) -> tuple[Account, Mapping[str, str]]:
    """The declared database and account with what variables say of them, and the other variables.

    Raises DeclarationError where the two contradict each other.
    """
    left = dict(environment)
    _refuse_unknown_passwords(left)
    found = {}
    for name in _NAMES:
        either = [left.pop(f"{prefix}_{name}", "") for prefix in ("MYSQL", "MARIADB")]
        found[name] = next(filter(None, either), "")
    for option, own, given in (("database", database, found["DATABASE"]), ("user", user, found["USER"])):
        if given and own not in {given, None, DEFAULT_DATABASE}:
            raise DeclarationError(
                f"{option}={own!r} is not what MYSQL_{option.upper()} in the compose file says: {given!r}",
                hint=f"omit {option}=",
            )
    if found["USER"].lower() in RESERVED_USERS:
        found["USER"] = ""  # the server has it anyway
    passwords = {"password": found["PASSWORD"], "root_password": found["ROOT_PASSWORD"]}
    known = {name: password for name, password in passwords.items() if password}
    return Account(found["DATABASE"] or database, found["USER"] or user, known), left


def _refuse_unknown_passwords(environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        prefix, _, rest = name.partition("_")
        if prefix not in {"MYSQL", "MARIADB"} or not value:
            continue
        if rest.endswith("PASSWORD_FILE"):
            raise DeclarationError(
                f"{name} is not supported for the kind mysql, which must know the password",
                hint=f"set {name.removesuffix('_FILE')} instead, for example in an override file",
            )
        if rest in {"ALLOW_EMPTY_PASSWORD", "ALLOW_EMPTY_ROOT_PASSWORD"}:
            raise DeclarationError(
                f"{name} is not supported for the kind mysql, whose accounts have passwords",
                hint=f"set {prefix}_ROOT_PASSWORD instead, for example in an override file",
            )
