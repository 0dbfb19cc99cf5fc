"""One entry of the catalogue of failures."""

from __future__ import annotations

from typing import Literal, NamedTuple

Phase = Literal[
    "connect", "daemon", "pull", "build", "create", "start", "network", "exec", "copy", "commit", "stop", "remove"
]
Kind = Literal["transient", "environment", "permanent"]
Implication = Literal["", "crowding", "excluded-port", "newer-base", "no-program"]


class Failure(NamedTuple):
    """A failure that is known by its text. `phase` is where it was seen.

    `kind` says what helps: "transient", the same call a little later; "environment", a change to the host;
    "permanent", another request.
    """

    id: str
    phase: Phase
    kind: Kind
    pattern: str
    remedy: str
    """The next step, as a hint."""
    source: str
    """Where it was reported, as owner/repo#number, or the file that has the text."""
    implies: Implication = ""
    """What the caller can conclude: too many calls at once, a port that the host excludes, an image that is newer than the
    host, or a program that the container does not have."""
    retries: int | None = None
    """How often a transient one is tried again at the most, where each try takes long and may be for nothing."""
