"""Removing everything that a run has created: found by label, not from memory, and without ever raising.

Used by the owner at the end of its run, by its watchdog when the owner died, and by the next run for what a
power cut left.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pytest_wincontainers.engines.base import Engine, ListedContainer
from pytest_wincontainers.errors import EngineUnavailable, WincontainersError
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.limits import beside
from pytest_wincontainers.run.locks import RunLock
from pytest_wincontainers.run.stack import Stacks

RUN = "pytest-wincontainers.run"
NAME = "pytest-wincontainers.name"
HOST = "pytest-wincontainers.host"
ALIASES = "pytest-wincontainers.aliases"
"""Which further names it has on the network, for other runs that want them."""

_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)


def labels(run: str, name: str, aliases: Sequence[str] = ()) -> Mapping[str, str]:
    """The labels of a container of that run. They hold no secrets: anyone who reaches the engine reads them."""
    return {RUN: run, NAME: name, HOST: platform.node(), ALIASES: " ".join(aliases)}


def remove_run(
    engine: Engine,
    run: str,
    *,
    rounds: int,
    between: Callable[[], None] = lambda: None,
    keep: Collection[str] = (),
) -> list[str]:
    """Remove every container of a run, but for those with ids in `keep`, and return what went wrong, a line each.

    `rounds` is how often that is tried. `between` is called after all are killed and before the first is removed:
    their logs are complete then.
    """
    problems: list[str] = []
    for attempt in range(rounds):
        try:
            found = [one for one in engine.containers([f"{RUN}={run}"]) if one.id not in keep]
        except WincontainersError as problem:
            return [*problems, f"containers of run {run} could not be removed: {problem.message}"]
        if not found:
            return []
        if attempt:
            time.sleep(_PAUSES[min(attempt, len(_PAUSES)) - 1])
        # First all are stopped, then all removed: on Windows engines the two mixed fail (moby/moby#37562).
        problems = _each(engine.kill, [one for one in found if one.running])
        if attempt == 0:
            between()
        problems += _each(engine.remove, found)
        if not problems:
            return []
    return problems


def _each(call: Callable[[str], None], containers: Sequence[ListedContainer]) -> list[str]:
    problems: dict[str, str] = {}

    def attempt(container: ListedContainer) -> None:
        try:
            call(container.id)
        except WincontainersError as problem:
            problems[container.id] = f"{container.name} could not be removed: {problem.details or problem.message}"

    beside(partial(attempt, one) for one in containers)()
    return [problems[one.id] for one in containers if one.id in problems]


@dataclass
class Swept:
    """What a sweep has done, as lines to show."""

    removed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def sweep(engine: Engine, state: Path, run: str) -> Swept:
    """Remove what is nobody's any more: of runs that are provably dead, and what was kept longer than its lease.

    Raises OSError.
    """
    swept = Swept()
    stacks = Stacks(state)
    with ExitStack() as held:
        # Not even for a moment is a lock taken that a run may be about to take together with its containers.
        locks = [lock for lock in RunLock.all(state) if lock.run != run and not lock.is_leased]
        dead = []
        for lock in filter(RunLock.take_over, locks):
            held.callback(lock.let_go)
            # It may have ended in between, and left its containers.
            if not lock.is_leased:
                dead.append(lock)
                lock.remove_private()
        try:
            mine = [one for one in engine.containers([RUN]) if one.labels.get(HOST) == platform.node()]
        except EngineUnavailable:
            return swept
        left = {one.labels[RUN] for one in mine}
        for lock in dead:
            if lock.run in left:
                problems = remove_run(engine, lock.run, rounds=RULES[engine.info().guest].removal_rounds)
                why = "whose lease has run out" if lock.was_leased else "which was killed"
                past = not problems
                swept.problems += problems
                if past:
                    swept.removed.append(f"removed the containers left by run {lock.run}, {why}")
            else:
                past = lock.is_past(engine.info().id)
            if past:
                stacks.forget(lock.run)
                lock.release()
    return swept
