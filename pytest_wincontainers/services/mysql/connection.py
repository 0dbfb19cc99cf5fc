"""Connections to a MySQL server."""

from __future__ import annotations

import ssl
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pymysql


def connect(**options: Any) -> pymysql.Connection[Any]:
    """Open a connection, with pymysql.connect's options. Raises pymysql.Error."""
    return _connection_class()(**options)


@cache
def _connection_class() -> type[pymysql.Connection[Any]]:
    import pymysql

    class Connection(pymysql.Connection):
        """Encrypted where the server can, as PyMySQL's own, but without what PyMySQL loads for it and never uses.

        PyMySQL reads all certificates that this machine trusts for each connection, and verifies nothing with them: 50
        ms and more, for connections that are there in two.
        """

        def _create_ssl_ctx(self, sslp: Any) -> ssl.SSLContext:
            if sslp:
                found: ssl.SSLContext = super()._create_ssl_ctx(sslp)  # type: ignore[misc]
                return found
            return _unverified()

    return Connection


@cache
def _unverified() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made
