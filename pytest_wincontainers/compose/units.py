"""Durations, sizes and command lines, as Docker Compose reads and writes them."""

from __future__ import annotations

import re
import shlex
from decimal import Decimal

_NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|h|m|s)")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+) ?([kmgtp]?)i?b?", re.IGNORECASE)


def nanoseconds(text: str) -> int | None:
    """A duration such as `1m30s` in nanoseconds, or None if it is none."""
    if text in {"0", ""}:
        return 0 if text else None
    parts = list(_PART.finditer(text))
    if "".join(one.group() for one in parts) != text:
        return None
    return sum(int(Decimal(one[1]) * _NANOSECONDS[one[2]]) for one in parts)


def duration(amount: int) -> str:
    """Nanoseconds as Go writes a duration: `1h0m0s`, `1.5s`, `100ms`."""
    for unit in ("ns", "µs", "ms"):
        if 0 < amount < 1000 * _NANOSECONDS[unit]:
            return f"{_decimal(amount, _NANOSECONDS[unit])}{unit}"
    minutes, seconds = divmod(amount, _NANOSECONDS["m"])
    hours, minutes = divmod(minutes, 60)
    large = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{large}{_decimal(seconds, _NANOSECONDS['s'])}s"


def _decimal(amount: int, unit: int) -> str:
    written = f"{Decimal(amount) / unit:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def size(text: str) -> int | None:
    """A size such as `64m` or `1.5gb` in bytes, or None if it is none. Units are powers of 1024."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        return None
    power = " kmgtp".index(found[2].lower() or " ")
    return int(Decimal(found[1]) * 1024**power)


def words(text: str) -> list[str] | None:
    """The words of a command line, as a POSIX shell splits it; None if a quotation mark is not closed."""
    try:
        return shlex.split(text)
    except ValueError:
        return None
