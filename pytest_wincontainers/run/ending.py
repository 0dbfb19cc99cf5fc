"""The end of a run: its logs are gathered, and its containers are removed or left for a later run."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

from pytest_wincontainers.engines.base import EngineAddress
from pytest_wincontainers.limits import beside
from pytest_wincontainers.run.container.follower import GATHER_SECONDS
from pytest_wincontainers.run.container.lifecycle import Lifecycle
from pytest_wincontainers.run.context import RunContext
from pytest_wincontainers.run.locks import RunLock
from pytest_wincontainers.run.removal import remove_run
from pytest_wincontainers.run.stack import KeptContainer, Stack, Stacks
from pytest_wincontainers.run.watchdog import Watchdog

_IDLE_SECONDS = 10.0


@dataclass(frozen=True)
class Stay:
    """That containers stay after the end of their run: for so many seconds, and on whose behalf (see `Stack.why`)."""

    seconds: float
    why: str
    project: str
    engine: EngineAddress
    declared: frozenset[str]
    """What the suite declares: of what it does not declare any more, nothing stays."""
    failed_too: bool
    """Whether containers that did not become ready stay, for a person to look at."""


class Ending:
    """Ends one run. `left` is the stack that it has taken, which stays as it is until the run's containers start."""

    def __init__(self, left: Stack | None, record: Callable[..., None]) -> None:
        self.left = left
        """What stays on the engine."""
        self.stay: Stay | None = None
        """Whether anything is to stay."""
        self._record = record
        self._leftovers = False

    def end(self, context: RunContext, lifecycles: Collection[Lifecycle], stacks: Stacks) -> None:
        """Gather the logs, and remove the containers or leave them."""
        # Whatever keeps this from its end, Ctrl+C too, leaves the rest to the watchdog.
        self._leftovers = True
        earlier, self.left = self.left, None
        try:
            idle = context.cancellation.wait_until_idle(_IDLE_SECONDS)
            if self.stay is not None:
                problems = self._leave(context, lifecycles, stacks, self.stay, earlier)
            else:
                problems = self._remove(context, lifecycles, stacks)
        except KeyboardInterrupt:
            # The watchdog leaves nothing of this run, so nothing is to be listed or taken up either.
            self.left = None
            stacks.forget(context.plan.run)
            raise
        for problem in problems:
            context.board.note(problem)
        self._leftovers = self.left is None and (bool(problems) or not idle)

    def _remove(self, context: RunContext, lifecycles: Collection[Lifecycle], stacks: Stacks) -> list[str]:
        self._record("removal", done=False)
        beside(one.flush_log for one in lifecycles)()
        try:
            problems = remove_run(
                context.engine,
                context.plan.run,
                rounds=context.guest.removal_rounds,
                between=partial(_finish_logs, lifecycles),
            )
        finally:
            for lifecycle in lifecycles:
                lifecycle.close_log()
        self._record("removal", done=True)
        if not problems:
            stacks.forget(context.plan.run)
        return problems

    def _leave(
        self,
        context: RunContext,
        lifecycles: Collection[Lifecycle],
        stacks: Stacks,
        stay: Stay,
        earlier: Stack | None,
    ) -> list[str]:
        staying = _staying(lifecycles, stay, earlier)
        if not staying:
            return self._remove(context, lifecycles, stacks)
        beside(one.flush_log for one in lifecycles)()
        stack = Stack(
            run=context.plan.run,
            project=stay.project,
            engine=stay.engine,
            engine_id=context.info.id,
            until=time.time() + stay.seconds,
            why=stay.why,
            containers=staying,
        )
        try:
            stacks.save(stack)
        except (OSError, TypeError, ValueError) as problem:
            # A service of somebody else may have what JSON has not.
            return [
                f"the containers could not be kept: {problem}",
                *self._remove(context, lifecycles, stacks),
            ]
        for lifecycle in lifecycles:
            lifecycle.close_log()
        self.left = stack
        return remove_run(
            context.engine,
            stack.run,
            rounds=context.guest.removal_rounds,
            keep={one.info.container_id for one in staying.values()},
        )

    def dismiss(self, watchdog: Watchdog) -> None:
        """Tell the watchdog whether there is something left to do."""
        if self._leftovers:
            watchdog.take_over()
        else:
            watchdog.dismiss()

    def release(self, lock: RunLock) -> None:
        """Let go of the sign of life, if nothing is left that somebody must find by it."""
        if self.left is not None:
            lock.lease(self.left.until)
        # Else held until this process ends: by it a later run knows that what is left is nobody's any more.
        elif not self._leftovers:
            lock.release()


def _staying(lifecycles: Collection[Lifecycle], stay: Stay, earlier: Stack | None) -> dict[str, KeptContainer]:
    """What stays: of this run's containers, and of an earlier run's those that this one did not need."""
    mine = {one.name: kept for one in lifecycles if (kept := one.kept()) is not None}
    before = earlier.containers if earlier is not None else {}
    replaced = any(
        name in before and before[name].info.container_id != one.info.container_id for name, one in mine.items()
    )
    planned = {one.planned.declaration.name for one in lifecycles}
    others = {
        # They know a container that was replaced by its old address.
        name: replace(one, outdated=one.outdated or replaced)
        for name, one in before.items()
        if one.declaration in stay.declared - planned
    }
    return others | {name: one for name, one in mine.items() if one.ready or stay.failed_too}


def _finish_logs(lifecycles: Collection[Lifecycle]) -> None:
    deadline = time.monotonic() + GATHER_SECONDS
    for lifecycle in lifecycles:
        lifecycle.finish_log(deadline)
