"""Retrying transient failures: the one loop for starts, pulls, builds and removals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from pytest_wincontainers.errors import EngineError, ImageError
from pytest_wincontainers.failures.failure import Failure

ResultT = TypeVar("ResultT")

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before the second try, the third and so on; the last one goes on."""


def retrying(
    attempt: Callable[[], ResultT],
    *,
    retries: int,
    pause: Callable[[float], None],
    note: Callable[[Failure, str], None],
) -> ResultT:
    """What `attempt` returns, tried again up to `retries` times after failures that the catalogue calls transient.

    So it is after a port that the host excludes or uses.

    A failure of which the catalogue says so is tried again less often.

    `pause` waits so many seconds; `note` is told what is tried again and in which words it failed. Any other failure
    is raised at once: an unknown one may have done half of what it was to do.
    """
    seen: Counter[str] = Counter()
    for tried in range(retries + 1):
        try:
            return attempt()
        except (EngineError, ImageError) as problem:
            if problem.failure is None or not _passes(problem.failure):
                raise
            seen[problem.failure.id] += 1
            most = problem.failure.retries
            if tried == retries or (most is not None and seen[problem.failure.id] > most):
                if tried:
                    problem.message += f", {tried + 1} times"
                raise
            note(problem.failure, problem.details or problem.message)
        pause(PAUSES[min(tried, len(PAUSES) - 1)])
    raise AssertionError("the last try returns or raises")


def _passes(failure: Failure) -> bool:
    # The engine chooses another port the next time; those that `publish=` names are no matter of trying again.
    return failure.kind == "transient" or failure.implies == "excluded-port"
