"""Every error of this package.

WincontainersError
├── DeclarationError         a declaration or a mark is wrong
│   └── LinkError            a directory to copy has a link that leads out of it
├── EngineError              the engine refused a call
│   └── EngineUnavailable    no engine answers
├── StartError               a container did not become ready
│   ├── ImageError           its image is missing or does not build
│   ├── ContainerExited      it ended by itself
│   ├── JobFailed            the command of a job did not exit with 0
│   └── NotReady             it runs, but did not answer in time
├── PreparationError         it was ready, but a preparation step failed
│   └── MigrationError       a migration failed
├── CommandFailed            a command that was run with check=True did not exit with 0
└── Cancelled                the run ended while the container was starting

Each is one sentence, followed by details if there are any, and by a hint that says what to do next.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pytest_wincontainers.failures.failure import Failure

DeclaredT = TypeVar("DeclaredT")


class WincontainersError(Exception):
    """The base of all errors of this package.

    `message` is the sentence, `hint` the next step, and `details` is text from elsewhere: log lines, output.
    """

    def __init__(self, message: str, *, hint: str = "", details: str = "") -> None:
        super().__init__(message, hint, details)
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        parts = [self.message]
        if self.details:
            parts.append("\n".join(f"  | {line}" for line in self.details.splitlines()))
        if self.hint:
            parts.append(f"hint: {self.hint}")
        return "\n".join(parts)


class WincontainersWarning(UserWarning):
    """Something that works, but hardly as it was meant."""


_SHOWN_FRAMES = 3


def users_frames(problem: BaseException) -> str:
    """Where an exception passed through the user's own files, the last few places; not those of libraries."""
    import sysconfig
    import traceback

    libraries = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    others = (str(Path(__file__).parent), *libraries)
    every = traceback.extract_tb(problem.__traceback__)
    # The library of Windows' embeddable Python names its files relative to itself.
    frames = [one for one in every if Path(one.filename).is_absolute() and not one.filename.startswith(others)]
    return "\n".join(f"{one.filename}:{one.lineno}: in {one.name}\n    {one.line}" for one in frames[-_SHOWN_FRAMES:])


class DeclarationError(WincontainersError):
    """A declaration or a mark is wrong."""


class LinkError(DeclarationError):
    """A directory to copy has a link that leads out of it, to a directory that contains the link, or nowhere."""


class EngineError(WincontainersError):
    """The engine refused a call.

    `status` is the HTTP status, or 0; `failure` is the catalogue's entry for it, if there is one.
    """

    def __init__(
        self, message: str, *, hint: str = "", details: str = "", status: int = 0, failure: Failure | None = None
    ) -> None:
        super().__init__(message, hint=hint, details=details)
        self.status = status
        self.failure = failure


class EngineUnavailable(EngineError):
    """No engine answers."""


class StartError(WincontainersError):
    """A container did not become ready."""


class ImageError(StartError):
    """An image is missing, cannot be pulled or does not build; `failure` is the catalogue's entry for it."""

    def __init__(self, message: str, *, hint: str = "", details: str = "", failure: Failure | None = None) -> None:
        super().__init__(message, hint=hint, details=details)
        self.failure = failure


class ContainerExited(StartError):
    """A container ended by itself."""


class JobFailed(StartError):
    """The command of a job did not exit with 0, or did not end in time."""


class NotReady(StartError):
    """A container runs, but did not answer in time."""


class PreparationError(WincontainersError):
    """The preparation of a ready container failed."""


class MigrationError(PreparationError):
    """A migration failed."""


class CommandFailed(WincontainersError):
    """A command that was run with `check=True` did not exit with 0."""

    def __init__(self, message: str, *, exit_code: int, hint: str = "", details: str = "") -> None:
        super().__init__(message, hint=hint, details=details)
        self.exit_code = exit_code


class Cancelled(WincontainersError):
    """The run ended while the container was still starting."""


def closest(word: str, words: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing."""
    import difflib

    near = difflib.get_close_matches(word, list(words), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def no_option(title: str, name: str, known: Sequence[str]) -> DeclarationError:
    """The error for an option that something does not have; `title` is how users write it, such as "Site()"."""
    return DeclarationError(
        f"{title} has no option {name!r}{closest(name, known)}", hint=f"its options are {', '.join(known)}"
    )


def with_known_options(declared: type[DeclaredT]) -> type[DeclaredT]:
    """Have a dataclass that users write refuse an option that it does not have, with the closest that it has."""
    original = declared.__init__
    title, known = f"{declared.__name__}()", [one.name for one in dataclasses.fields(declared)]  # type: ignore[arg-type]

    @functools.wraps(original)
    def initialize(self: DeclaredT, *values: Any, **options: Any) -> None:
        __tracebackhide__ = True
        for name in options:
            if name not in known:
                raise no_option(title, name, known)
        original(self, *values, **options)

    setattr(declared, "__init__", initialize)  # noqa: B010 - mypy lets nobody assign to it
    return declared
