"""Evidence that tests have open, such as browsers, kept until it is known whether the test has failed.

A test fails outside its `with browser.driver()` as well as inside it, so a browser that a test has done with stays
open until the test's outcome is known. At most one at a time is kept so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pytest_wincontainers.errors import WincontainersError
from pytest_wincontainers.evidence import Evidence, OpenedEvidence
from pytest_wincontainers.limits import OutOfTime, within

_LONGEST_SECONDS = 30.0


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

    @property
    def any(self) -> bool:
        """Whether the test has something open."""
        return bool(self._open)

    def gather(
        self, held: Iterable[Evidence], *, folder: Path, phase: str, mask: Callable[[str], str]
    ) -> tuple[list[OpenedEvidence], list[str]]:
        """Save what all of it, and what the test holds besides, shows in the folder; also what could not be saved.

        `mask` takes the secrets out of a text.
        """
        found, missing = [], []
        for evidence in [*(one.evidence for one in self._open), *held]:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                stem = _free(folder, evidence.name if phase == "call" else f"{evidence.name}-{phase}")
                # A browser may hang, and what asks it has no limit of its own.
                shown = within(_LONGEST_SECONDS, partial(evidence.gather, folder, stem, mask))
                found.append(OpenedEvidence(evidence.name, evidence.kind, mask(shown.text), shown.attachments))
            except OutOfTime:  # noqa: PERF203 - each says for itself
                missing.append(f"{evidence.name}: the {evidence.kind} did not answer within {_LONGEST_SECONDS:g} s")
            except Exception as problem:  # noqa: BLE001 - the others go on
                missing.append(f"{evidence.name}: the {evidence.kind} could not be saved: {said(problem)}")
        return found, missing

    def _close_done(self) -> None:
        for one in [one for one in self._open if one.done]:
            self._open.remove(one)
            # A browser that is gone is closed.
            with suppress(Exception):
                within(_LONGEST_SECONDS, one.evidence.close)


def said(problem: Exception) -> str:
    """What an error says, with its kind where it is none of this package's."""
    ours = isinstance(problem, (WincontainersError, OSError))
    return str(problem) if ours else f"{type(problem).__name__}: {problem}"


def _free(folder: Path, stem: str) -> str:
    """A beginning of file names that is not used yet: by another browser, or for another subtest."""
    used = {path.name.partition(".")[0] for path in folder.iterdir()}
    return next(name for name in (stem, *(f"{stem}-{number}" for number in range(2, 10_000))) if name not in used)
