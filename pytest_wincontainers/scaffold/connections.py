"""Connection strings: whether they lead to MySQL, to which database, and what else they say."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = re.compile(r"""([^=;]+)=\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|\{[^}]*\}|[^;]*)\s*(?:;|$)""")
_PROVIDERS = re.compile(r"mysql|mariadb", re.IGNORECASE)
_DATABASE = ("database", "initial catalog")
_ACCOUNT = ("uid", "user id", "userid", "user name", "username", "user")
_SERVER = ("server", "host", "data source", "datasource", "addr", "address", "network address")
# What says where the server is, who connects, and how they trust each other: it is the container's in tests.
_REPLACED = {
    *(_DATABASE + _ACCOUNT + _SERVER),
    *("port", "pwd", "password", "integrated security", "trusted_connection"),
    *("protocol", "connection protocol", "pipe", "pipe name", "pipename", "socket", "unix socket"),
    *("sslmode", "ssl mode", "sslca", "sslcert", "sslkey", "certificatefile", "certificatepassword", "encrypt"),
    *("shared memory name", "dsn"),
}
_INNER = re.compile(r"""provider connection string\s*=\s*(["'])(.*?)\1""", re.IGNORECASE | re.DOTALL)
_NAME = 64
_LONGEST = 4096


@dataclass(frozen=True)
class MySqlString:
    """A connection string for MySQL; `before` and `after` are to be kept around one for another server."""

    database: str
    before: str
    after: str
    reason: str


def mysql_string(value: str, provider: str = "") -> MySqlString | None:
    """What a connection string says, or None if it is not for MySQL or names no database."""
    if len(value) > _LONGEST:
        return None
    if inner := _INNER.search(value):
        if not _PROVIDERS.search(value[: inner.start()]):
            return None
        # Entity Framework's: the connection string is in it, in quotes.
        found = mysql_string(inner[2], "MySql.Data.MySqlClient")
        if found is None or inner[1] in found.before + found.after:
            return None
        before = value[: inner.start(2)] + found.before
        return MySqlString(found.database, before, found.after + value[inner.end(2) :], "its provider is MySQL's")
    parts = [(name.strip().lower(), name.strip(), text.strip()) for name, text in _PART.findall(value)]
    said = {key: text for key, _, text in parts}
    reason = _reason(said, provider)
    database = next((_bare(said[key]) for key in _DATABASE if said.get(key)), "")
    if not reason or not database or len(database) > _NAME or "\\" in database or not database.isprintable():
        return None
    before = "".join(f"{name}={text};" for key, name, text in parts if key == "driver")
    others = [f";{name}={text}" for key, name, text in parts if key not in _REPLACED | {"driver"}]
    return MySqlString(database, before, "".join(others), reason)


def _reason(said: dict[str, str], provider: str) -> str:
    """Why it is for MySQL, or nothing if it is not."""
    if provider and _PROVIDERS.search(provider):
        return f"its provider is {provider}"
    if "driver" in said:
        return f"its driver is {_bare(said['driver'])}" if _PROVIDERS.search(said["driver"]) else ""
    if provider:
        return ""
    if "integrated security" in said or "trusted_connection" in said or not any(key in said for key in _SERVER):
        return ""
    if _bare(said.get("port", "")) == "3306":
        return "it names MySQL's port, 3306"
    # SQL Server's have these words rarely, and names of instances.
    if "uid" in said and "\\" not in said.get("server", ""):
        return "it has Server= and Uid=, as MySQL's have"
    return ""


def _bare(text: str) -> str:
    return text[1:-1] if text[:1] in {'"', "'", "{"} and len(text) > 1 else text
