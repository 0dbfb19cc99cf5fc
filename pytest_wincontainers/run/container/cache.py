"""The directory that a job keeps for later runs, as a tar archive for the root of a container."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from pytest_wincontainers.engines.base import ContainerSpec, ContainerState, Engine, Image
from pytest_wincontainers.errors import EngineError, JobFailed
from pytest_wincontainers.guests.text import decode_line
from pytest_wincontainers.packing import Folder, rebased
from pytest_wincontainers.plan import PlannedContainer
from pytest_wincontainers.reports.logs import lines_of
from pytest_wincontainers.run.container.follower import TAIL_LINES
from pytest_wincontainers.run.container.starter import Starter
from pytest_wincontainers.run.context import RunContext
from pytest_wincontainers.run.keeping import Keeping, key_of
from pytest_wincontainers.run.removal import labels
from pytest_wincontainers.services.job import Cache, Job


class JobCache:
    """The cache of one job. `say` shows what is being done, and raises when that has become pointless."""

    def __init__(
        self, context: RunContext, planned: PlannedContainer, job: Job, starter: Starter, say: Callable[[str], None]
    ) -> None:
        self._context = context
        self._planned = planned
        self._job = job
        self._starter = starter
        self._say = say
        self._kept = Keeping(context.locks.folder, "caches")

    def archives(
        self,
        image: Image,
        spec: ContainerSpec,
        folders: Sequence[Folder],
        end_of: Callable[[str, str], ContainerState],
    ) -> Sequence[Path]:
        """The archive for the job's container, once its cache is filled; none where the job is to fill it.

        `end_of` waits until a container has ended. Raises JobFailed if the cache's command fails.
        """
        cache = self._job.cache
        if cache is None:
            return ()
        key = self._key(image, cache)
        with self._context.locks.named(f"cache-{key}", partial(self._say, "waiting for another run to fill its cache")):
            found = self._kept.find(key)
            command = cache.command_for(self._context.info.guest)
            if found is None and command:
                self._say(f"filling {cache.path}")
                filling = replace(spec, name=f"{spec.name}.cache", command=command)
                self._fill(cache, filling, folders, key, end_of)
                found = self._kept.find(key)
        return [found] if found is not None else []

    def _key(self, image: Image, cache: Cache) -> str:
        files = [one.read_bytes() for one in self._job.key_files(self._planned.declaration.base)]
        guest = self._context.info.guest
        command, directory = repr(cache.command_for(guest)), self._job.inside("", guest)
        return key_of(image.id, cache.path, command, directory, *map(key_of, files))

    def _fill(
        self,
        cache: Cache,
        spec: ContainerSpec,
        folders: Sequence[Folder],
        key: str,
        end_of: Callable[[str, str], ContainerState],
    ) -> None:
        engine, name = self._context.engine, self._planned.name
        own = labels(self._context.plan.run, f"{name}-cache")
        container = self._starter.start(replace(spec, labels={**spec.labels, **own}, aliases=()), folders)
        try:
            what = f"the cache command of {name}"
            state = end_of(container, what)
            if state.exit_code != 0:
                raise JobFailed(
                    f"{what} exited with code {state.exit_code}",
                    details=last_lines(engine, container),
                    hint="its output is not in the logs of the run; run the command in a container of the same image",
                )
            self._save(cache, container, key)
        finally:
            engine.remove(container)

    def keep(self, image: Image, container: str) -> None:
        """Keep what the job itself has filled. What goes wrong is noted."""
        cache = self._job.cache
        if cache is None or cache.command or self._kept.find(key := self._key(image, cache)):
            return
        try:
            self._save(cache, container, key)
        except (EngineError, OSError) as problem:
            self._context.board.note(f"{self._planned.name}: {cache.path} was not kept: {problem}")

    def _save(self, cache: Cache, container: str, key: str) -> None:
        self._say(f"keeping {cache.path}")
        path = self._job.inside(cache.path, self._context.info.guest)

        def write(file: Path) -> None:
            with file.open("wb") as target:
                rebased(self._context.engine.copy_out(container, path), path, target)

        self._kept.keep(key, write)


def last_lines(engine: Engine, container: str) -> str:
    """The end of a container's output, for an error."""
    lines = lines_of(engine.logs(container, follow=False, tail=TAIL_LINES))
    return "\n".join(decode_line(line.partition(b" ")[2]) for line in lines) or "(no output)"
