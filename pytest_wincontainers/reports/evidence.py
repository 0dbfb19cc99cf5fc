"""Evidence that tests have open, such as browsers, kept until it is known whether the test has failed.

A test fails outside its `with browser.driver()` as well as inside it, so a browser that a test has done with stays
open until the test's outcome is known. At most one at a time is kept so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers.endpoints import Evidence


@dataclass
class _Open:
    evidence: Evidence
    done: bool = False


class OpenEvidence:
    """The evidence that is open in this process; an `EvidenceKeeper`."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._testing = False

    def opened(self, evidence: Evidence) -> None:
        """Something has been opened."""
        self._close_done()
        self._open.append(_Open(evidence))

    def done_with(self, evidence: Evidence) -> None:
        """The test needs it no more."""
        for one in self._open:
            one.done = one.done or one.evidence is evidence
        if not self._testing:
            self._close_done()

    def start_test(self) -> None:
        """From now on, what is done with waits for the test's end."""
        # A test whose teardown failed has not said its end.
        self._close_done()
        self._testing = True

    def end_test(self) -> None:
        """Close what the test has done with."""
        self._testing = False
        self._close_done()

    def gather(self, *, folder: Callable[[], Path], mask: Callable[[str], str]) -> Iterator[tuple[Evidence, str]]:
        """Save what all of it shows, and return each with its text for the report. Raises what evidence raises.

        `folder` creates the directory to save in, and `mask` takes the secrets out of a text.
        """
        for number, one in enumerate(self._open, 1):
            name = one.evidence.name
            stem = name if number == 1 else f"{name}-{number}"
            yield one.evidence, mask(one.evidence.gather(folder(), stem, mask))

    def _close_done(self) -> None:
        for one in [one for one in self._open if one.done]:
            self._open.remove(one)
            # A browser that is gone is closed.
            with suppress(Exception):
                one.evidence.close()
