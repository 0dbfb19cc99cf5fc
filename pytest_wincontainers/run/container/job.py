"""The life of a container that runs a command to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import cast

from pytest_wincontainers.endpoints import ContainerInfo
from pytest_wincontainers.engines.base import ContainerState, Image
from pytest_wincontainers.errors import JobFailed, StartError, WincontainersError
from pytest_wincontainers.packing import Folder, digest
from pytest_wincontainers.plan import prefix
from pytest_wincontainers.run.container.cache import JobCache, last_lines
from pytest_wincontainers.run.container.follower import GATHER_SECONDS
from pytest_wincontainers.run.container.lifecycle import Lifecycle
from pytest_wincontainers.run.container.outputs import JobOutputs
from pytest_wincontainers.run.container.phases import Booting, Creating, Preparing
from pytest_wincontainers.run.keeping import Keeping, key_of
from pytest_wincontainers.services.job import Job
from pytest_wincontainers.services.recipe import Recipe

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.5
_GROWTH = 1.5


class JobLifecycle(Lifecycle):
    """One job of a run. It starts when all that it needs is ready, and is handed over when its command has ended."""

    @property
    def _job(self) -> Job:
        return cast("Job", self.planned.service)

    def restart(self) -> None:
        raise StartError(f"{self.name} is a job and cannot be restarted", hint="a job runs once in each run")

    def _ended(self, container: str, reason: ContainerState | WincontainersError) -> None:
        # To end is its purpose; whether it ended well is found out where it is waited for.
        if not isinstance(reason, ContainerState):
            super()._ended(container, reason)

    def _bring_up(self) -> ContainerInfo:
        # A job runs once in each run.
        self._reusing.give_up("")
        reference, image, recipe = self._image_and_recipe()
        self._wait_before_start()
        self.tracker.advance(Creating())
        self._progress("reading its files")
        folders = (*self._source(), *recipe.copied)
        outputs = JobOutputs(self._context, self.name, self._job, self._locator.log, self._progress)
        kept, key = Keeping(self._context.locks.folder, "jobs"), self._key(image, recipe, folders)
        entry = kept.find(key) if key else None
        if entry is not None:
            try:
                return self._reuse(outputs, entry)
            except (OSError, ValueError, LookupError) as problem:
                self._context.board.note(f"{self.name}: the outputs of an earlier run cannot be read: {problem}")
                kept.forget(entry)
        self._claim_aliases()
        spec = self._starter.spec(reference, image, recipe)
        cache = JobCache(self._context, self.planned, self._job, self._starter, self._progress)
        container = self._starter.start(spec, folders, cache.archives(image, spec, folders, self._end_of))
        self.tracker.advance(Booting(container))
        self._follower.follow(self._context.engine, container)
        state = self._end_of(container, f"the command of {self.name}")
        self._follower.wait(GATHER_SECONDS)
        info = self._locator.without_address(container)
        self.tracker.advance(Preparing(info))
        details = outputs.collect(container, state)
        if state.exit_code == 0:
            cache.keep(image, container)
        if key and state.exit_code == 0 and self._key(image, recipe, folders) == key:
            self._keep(kept, key, partial(outputs.write, details))
        return self._done(replace(info, details=details))

    def _keep(self, kept: Keeping, key: str, write: Callable[[Path], None]) -> None:
        try:
            kept.keep(key, write)
        except OSError as problem:
            self._context.board.note(f"{self.name}: its outputs were not kept for later runs: {problem}")

    def _done(self, info: ContainerInfo) -> ContainerInfo:
        return replace(info, seconds=time.monotonic() - self._context.board.begun)

    def _source(self) -> Sequence[Folder]:
        directory = self._job.directory(self._context.info.guest)
        if directory is None:
            return ()
        if self._job.source is None:
            # The directory in which the command runs must be there.
            return [Folder(None, directory, writable=True)]
        excluded = self._context.engine.excluding(self._job.excluded)
        taken_back = any(one.lstrip().startswith("!") for one in self._job.excluded)

        def wanted(name: PurePosixPath, is_directory: bool) -> bool:
            # A later pattern may take back a file of an excluded directory.
            return (is_directory and taken_back) or not excluded(str(Path(name)))

        return [Folder(self.planned.declaration.base / self._job.source, directory, wanted=wanted, writable=True)]

    def _key(self, image: Image, recipe: Recipe, folders: Sequence[Folder]) -> str:
        """A key of all that the job's outcome depends on; empty if it is not to be reused."""
        job = self._job
        if not job.reuse:
            return ""
        # Neighbours have another name in every run.
        own = prefix(self._context.plan.run)
        environment = sorted((name, value.replace(own, "")) for name, value in recipe.environment.items())
        command = [recipe.command, job.options.get("entrypoint"), job.user, job.directory(self._context.info.guest)]
        wanted = [sorted(job.collect.items()), list(job.patterns), job.cache]
        limits = [job.options.get(name) for name in ("memory", "mounts", "isolation")]
        settings = repr([version("pytest-wincontainers"), command, environment, wanted, limits])
        return key_of(image.id, settings, digest(folders, without=own.encode()))

    def _reuse(self, outputs: JobOutputs, entry: Path) -> ContainerInfo:
        """Take what an earlier run of the same job has left."""
        details = outputs.read(entry)
        info = replace(self._locator.without_address(""), details=details)
        self.tracker.advance(Booting(""))
        self.tracker.advance(Preparing(info))
        self._context.board.note(f"{self.name}: the outputs of an earlier run were used, as its inputs are the same")
        return self._done(info)

    def _end_of(self, container: str, what: str) -> ContainerState:
        """The state of the container once it has ended. Raises JobFailed if it takes too long."""
        deadline, delay = time.monotonic() + self._limit, _FIRST_PAUSE
        self._progress("running")
        while (state := self._context.engine.state(container)).running:
            if time.monotonic() > deadline:
                self._context.engine.kill(container)
                self._follower.wait(GATHER_SECONDS)
                raise JobFailed(
                    f"{what} timed out after {self._limit:g} s",
                    details=last_lines(self._context.engine, container),
                    hint="allow more time with timeout=",
                )
            self.tracker.pause(min(delay, max(0.0, deadline - time.monotonic())))
            delay = min(delay * _GROWTH, _LONGEST_PAUSE)
        return state
