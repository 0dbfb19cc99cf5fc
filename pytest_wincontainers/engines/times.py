"""The times that engines tell."""

from __future__ import annotations

import re
from datetime import datetime

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")


def timestamp(text: str) -> float:
    """Seconds since 1970 of an engine's timestamp, which has up to nine decimals. Raises ValueError."""
    # Python 3.10 reads exactly three or six decimals and no Z.
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a timestamp")
    whole, fraction, zone = found.groups()
    seconds = datetime.fromisoformat(whole + ("+00:00" if zone == "Z" else zone)).timestamp()
    return seconds + float("0" + (fraction or ""))
