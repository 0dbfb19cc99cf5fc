"""What goes wrong on Windows container hosts: finding an engine's words in the catalogue."""

from __future__ import annotations

import functools
import re

from pytest_wincontainers.failures.catalogue import CATALOGUE, Failure


@functools.lru_cache(maxsize=1)
def _compiled() -> list[tuple[re.Pattern[str], Failure]]:
    # At the first failure, as a run without one needs none of them.
    return [(re.compile(failure.pattern, re.IGNORECASE), failure) for failure in CATALOGUE]


def find_failure(words: str) -> Failure | None:
    """The catalogue's first entry that knows these words."""
    return next((failure for pattern, failure in _compiled() if pattern.search(words)), None)
