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
from pytest_wincontainers.errors import PreparationError, WincontainersError
from pytest_wincontainers.packing import digest
from pytest_wincontainers.plan import PlannedContainer, prefix
from pytest_wincontainers.reports.masks import masked
from pytest_wincontainers.run.context import RunContext
from pytest_wincontainers.run.locks import Locks
from pytest_wincontainers.run.removal import ALIASES, HOST, NAME, RUN
from pytest_wincontainers.services.recipe import Recipe
from pytest_wincontainers.services.roles import SnapshotSupport

LABEL = "pytest-wincontainers.snapshot"
WORTH_SECONDS = 1.0
"""A preparation that is faster than this is done again: shutting down, committing and starting take as long."""

_KEPT_OPTIONS = ("entrypoint", "working_dir", "healthcheck", "labels")
_KEPT = 10
_KEPT_SECONDS = 30 * 24 * 3600
_COMMIT_SECONDS = 3600
"""How old an image without a name must be: the engine names it only after it has made it."""


class MadeMeanwhile(Exception):
    """Another run has made the snapshot that one was about to make."""


class Snapshot:
    """The snapshot of one prepared container; `image` is what was found of it.

    The lock is held by who prepares and makes it, and while it is given up; never while one waits for anything of the
    run's, as others wait for the lock.
    """

    def __init__(
        self,
        service: SnapshotSupport,
        engine: Engine,
        locks: Locks,
        name: str,
        key: str,
        key_now: Callable[[], str | None],
        *,
        refresh: bool,
    ) -> None:
        self.service = service
        self._engine = engine
        self._locks = locks
        self._key_now = key_now
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
        """Make it of a container that has ended. Raises PreparationError where the files are others by now."""
        if self._key_now() != self.key:
            raise PreparationError("its files have changed in the meantime", hint="the next run will create one")
        replaced = self._engine.image(self.reference)
        self._engine.commit(container, self.reference, {LABEL: self.key, RUN: "", NAME: "", HOST: "", ALIASES: ""})
        # Where there are many that takes its time.
        threading.Thread(target=prune, args=(self._engine, self.reference, replaced), daemon=True).start()

    def give_up(self) -> None:
        """Remove what does not work, unless another run has put a new one in its place."""
        with self._locks.named(self._lock):
            broken, self.image = self.image, None
            there = self._engine.image(self.reference)
            if broken is not None and there is not None and there.id == broken.id:
                with suppress(WincontainersError):
                    self._engine.remove_image(self.reference)


def snapshot_of(context: RunContext, planned: PlannedContainer, image: Image, recipe: Recipe) -> Snapshot | None:
    """The snapshot for a container of that image; None where none is to be used or made."""
    service = planned.service
    if not isinstance(service, SnapshotSupport) or not context.info.capabilities.commit:
        return None
    modes = {service.snapshots, context.settings.snapshots}
    # An image keeps its container's command and environment, for everybody to read.
    words = [*(recipe.command or ()), *recipe.environment.values()]
    kept = [*words, *(one.source.decode("latin-1") for one in recipe.files if isinstance(one.source, bytes))]
    if "never" in modes or any(word != masked(word, context.plan.secrets) for word in kept):
        return None
    # Neighbours have another name in every run, and what they are called matters to no preparation.
    environment = {name: value.replace(prefix(context.plan.run), "") for name, value in recipe.environment.items()}

    def key_now() -> str | None:
        parts = service.snapshot_parts(planned.declaration.base, environment)
        if parts is None:
            return None
        # An image keeps these, too.
        given = repr([planned.service.options.get(name) for name in _KEPT_OPTIONS])
        files = digest(recipe.files, without=prefix(context.plan.run).encode())
        whole = "\0".join([version("pytest-wincontainers"), image.id, given, files, parts])
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    key = key_now()
    if key is None:
        return None
    return Snapshot(
        service, context.engine, context.locks, planned.declaration.name, key, key_now, refresh="refresh" in modes
    )


def prune(engine: Engine, keep: str, replaced: Image | None = None) -> None:
    """Remove snapshots that are old or many, and the one that `keep` has replaced; `keep` and what is in use stay."""
    with suppress(WincontainersError):
        found = sorted(engine.images(LABEL), key=lambda one: one.created, reverse=True)
        now = time.time()
        for number, one in enumerate(found):
            if one.reference:
                useless = one.reference != keep and (number >= _KEPT or one.created < now - _KEPT_SECONDS)
            else:
                useless = one.created < now - _COMMIT_SECONDS or (replaced is not None and one.id == replaced.id)
            if useless:
                with suppress(WincontainersError):
                    engine.remove_image(one.reference or one.id)
