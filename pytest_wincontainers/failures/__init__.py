"""Known failures of Windows container hosts: the catalogue, and the search in it."""

from __future__ import annotations

import functools
import re

from pytest_wincontainers.failures.catalogue import CATALOGUE
from pytest_wincontainers.failures.failure import Failure


@functools.lru_cache(maxsize=1)
def _compiled() -> list[tuple[re.Pattern[str], Failure]]:
    # Compiled at the first failure, as a run without one needs none of them.
    return [(re.compile(failure.pattern, re.IGNORECASE), failure) for failure in CATALOGUE]


def find_failure(text: str) -> Failure | None:
    """The first entry of the catalogue that matches an engine's error message, or None."""
    return next((failure for pattern, failure in _compiled() if pattern.search(text)), None)
