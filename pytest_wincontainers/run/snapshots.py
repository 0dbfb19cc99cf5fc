"""Images of prepared containers, so that the next run starts where this one's preparation ended.

Found by a key that has in it everything the preparation depends on. One is made by one run while others wait, of a
container that does not run, as Windows refuses the rest (moby/moby daemon/commit.go).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version

from pytest_wincontainers.engines.base import Engine, Image
from pytest_wincontainers.errors import WincontainersError
from pytest_wincontainers.run.locks import Locks
from pytest_wincontainers.run.removal import HOST, NAME, RUN

LABEL = "pytest-wincontainers.snapshot"
WORTH_SECONDS = 1.0
"""A preparation that is faster than this is done again: shutting down, committing and starting take as long."""

_KEPT = 10
_KEPT_SECONDS = 30 * 24 * 3600


@dataclass
class Snapshot:
    """The snapshot for one container; `image` is None where there is none yet."""

    reference: str
    key: str
    image: Image | None = None


def key_of(image: Image, parts: str) -> str:
    """The key for a container of that image, prepared as `parts` says."""
    whole = "\0".join([version("pytest-wincontainers"), image.id, parts])
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


@contextmanager
def claimed(
    engine: Engine, locks: Locks, name: str, key: str, waiting: Callable[[], None], *, refresh: bool
) -> Iterator[Snapshot]:
    """The snapshot of that key; while this lasts and there is none, nobody else makes it."""
    found = Snapshot(f"wincontainers/snapshot-{name.lower().replace('_', '-')}:{key}", key)
    if not refresh:
        found.image = engine.image(found.reference)
    if found.image is not None:
        yield found
        return
    with locks.named(f"snapshot-{key}", waiting):
        # Whoever held the lock before may have made it.
        if not refresh:
            found.image = engine.image(found.reference)
        yield found


def commit(engine: Engine, container: str, snapshot: Snapshot) -> None:
    """Make the snapshot of a container that has ended."""
    engine.commit(container, snapshot.reference, {LABEL: snapshot.key, RUN: "", NAME: "", HOST: ""})


def prune(engine: Engine, keep: str) -> None:
    """Remove snapshots that are old or many, but not the one called `keep`; what is in use stays."""
    with suppress(WincontainersError):
        found = sorted(engine.images(LABEL), key=lambda one: one.created, reverse=True)
        oldest = time.time() - _KEPT_SECONDS
        for number, one in enumerate(found):
            if (number >= _KEPT or one.created < oldest) and one.reference != keep:
                with suppress(WincontainersError):
                    engine.remove_image(one.reference)
