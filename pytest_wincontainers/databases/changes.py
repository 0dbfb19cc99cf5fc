"""How many changes a server has executed, whoever made them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_CHANGING = re.compile(
    r"Com_((insert|replace|update|delete)(_select|_multi)?|load|truncate|call_procedure|(alter|create|drop)_\w+)",
    re.IGNORECASE,
)


def changes(cursor: Cursor) -> int:
    """The statements since the server's start that change data or definitions, and calls of procedures."""
    cursor.execute("SHOW GLOBAL STATUS LIKE 'Com\\_%'")
    return sum(int(count) for name, count in cursor.fetchall() if _CHANGING.fullmatch(name))
