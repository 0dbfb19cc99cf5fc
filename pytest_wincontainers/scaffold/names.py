"""Names of fixtures."""

from __future__ import annotations

import re
import unicodedata
from itertools import count


def unique(name: str, taken: set[str]) -> str:
    """A name, with a number if it is taken already; it is taken from now on.

    Names differ in more than upper and lower case, as those of declarations must; `taken` has them in lower case.
    """
    names = (name if number == 1 else f"{name}_{number}" for number in count(1))
    found = next(one for one in names if one.lower() not in taken)
    taken.add(found.lower())
    return found


def identifier(text: str) -> str:
    """A name for Python that resembles a text; "" if nothing of it can be in one."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", plain)
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_").lstrip("0123456789_")
