"""Images of prepared containers, so that the next run starts where this one's preparation ended.

Found by a key that has in it everything the preparation depends on. One is made by one run while others wait, of a
container that does not run, as Windows refuses the rest (moby/moby daemon/commit.go).
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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


class MadeMeanwhile(Exception):
    """Another run has made the snapshot that one was about to make."""


class Snapshot:
    """The snapshot of one prepared container; `image` is what was found of it.

    The lock is held by who prepares and makes it, and while it is given up; never while one waits for anything of the
    run's, as others wait for the lock.
    """

    def __init__(self, engine: Engine, locks: Locks, name: str, key: str, *, refresh: bool) -> None:
        self._engine = engine
        self._locks = locks
        self._lock = f"snapshot-{name}-{key}"
        self._refresh = refresh
        self.reference = f"wincontainers/snapshot-{name.lower().replace('_', '-')}:{key}"
        self.key = key
        self.image: Image | None = None
        self.find()

    def find(self) -> None:
        """Look whether there is one by now."""
        self.image = None if self._refresh else self._engine.image(self.reference)

    @contextmanager
    def making(self, waiting: Callable[[], None]) -> Iterator[None]:
        """While this lasts, nobody else makes it. Raises MadeMeanwhile."""
        with self._locks.named(self._lock, waiting):
            self.find()
            if self.image is not None:
                raise MadeMeanwhile
            yield

    def make(self, container: str) -> None:
        """Make it of a container that has ended."""
        self._engine.commit(container, self.reference, {LABEL: self.key, RUN: "", NAME: "", HOST: ""})
        # Where there are many that takes its time.
        threading.Thread(target=prune, args=(self._engine, self.reference), daemon=True).start()

    def give_up(self) -> None:
        """Remove what does not work, unless another run has put a new one in its place."""
        with self._locks.named(self._lock):
            broken, self.image = self.image, None
            there = self._engine.image(self.reference)
            if broken is not None and there is not None and there.id == broken.id:
                with suppress(WincontainersError):
                    self._engine.remove_image(self.reference)


def key_of(image: Image, parts: str) -> str:
    """The key for a container of that image, prepared as `parts` says."""
    whole = "\0".join([version("pytest-wincontainers"), image.id, parts])
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def prune(engine: Engine, keep: str) -> None:
    """Remove snapshots that are old or many, but not the one called `keep`; what is in use stays."""
    with suppress(WincontainersError):
        found = sorted(engine.images(LABEL), key=lambda one: one.created, reverse=True)
        oldest = time.time() - _KEPT_SECONDS
        for number, one in enumerate(found):
            # Where a new one has got its name, it has none.
            useless = number >= _KEPT or one.created < oldest or not one.reference
            if useless and one.reference != keep:
                with suppress(WincontainersError):
                    engine.remove_image(one.reference or one.id)
