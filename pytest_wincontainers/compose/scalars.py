"""What an unquoted word in a compose file means, and how values are written as text: as Go does both.

Docker Compose reads YAML with Go's yaml package, which follows neither YAML 1.1 nor 1.2: `yes`, `on` and `22:22` are
strings as in 1.2, but `0123` is octal as in 1.1, and so is `0o123`. A value of `environment` or `labels` is then
written as Go's `%v` writes it: `8.0` becomes `8`.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from decimal import Decimal

from pytest_wincontainers.compose.tree import Scalar

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TIME = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d?):(\d\d?)(?:\.(\d+))?(?:Z|([-+])(\d\d):(\d\d))?)?"
)


def resolve(word: str) -> Scalar:
    """The value of a plain scalar."""
    if word in _WORDS:
        return _WORDS[word]
    if word[0] not in "+-.0123456789":
        return word
    digits = word.replace("_", "")
    integer = _INTEGER.fullmatch(digits)
    if integer is not None:
        sign, *parts = integer.groups()
        for base, part in zip((16, 8, 2, 10), parts, strict=True):
            if part:
                value = int(f"{sign}{part}", base)
                if -(2**63) <= value < 2**64:
                    return value
    if _FLOAT.fullmatch(digits):
        return float(digits)
    return _time(word) or word


def _time(word: str) -> str | None:
    # A date without quotes is a time in Go, and is then written with its zone.
    found = _TIME.fullmatch(word)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, *zone = found.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=timezone.utc
        )
    except ValueError:
        return None
    decimals = (fraction or "").rstrip("0")
    offset = f"{sign}{''.join(zone)}" if sign else ""
    ending = f"{offset} {offset}" if offset else "+0000 UTC"
    return f"{moment:%Y-%m-%d %H:%M:%S}{'.' if decimals else ''}{decimals} {ending}"


def as_text(value: Scalar) -> str:
    """A value as it is written to the environment of a container."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    return "" if value is None else str(value)


def _float(value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    number = Decimal(repr(value))
    exponent = number.adjusted()
    if value and not -4 <= exponent < 21:  # the bounds of %v
        digits = "".join(map(str, number.as_tuple().digits)).rstrip("0")
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{'-' if value < 0 else ''}{digits[0]}{fraction}e{exponent:+03d}"
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written
