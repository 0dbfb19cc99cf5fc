"""Names on the shared network that a run asks for: each belongs to one run of the engine at a time.

Two containers of one name on a network get each other's requests, so a run waits until the names are free.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from pytest_wincontainers.engines.base import Engine, ListedContainer
from pytest_wincontainers.errors import StartError
from pytest_wincontainers.run.locks import Locks, RunLock
from pytest_wincontainers.run.removal import ALIASES, RUN

_COMPOSE_SERVICE = "com.docker.compose.service"
_FOREIGN_SECONDS = 60.0
_POLL_SECONDS = 0.5

Pause = Callable[[float], None]
"""Waits so many seconds, or raises when waiting has become pointless."""


class AliasClaims:
    """The names that the containers of a run have on the network, besides their own."""

    def __init__(self, engine: Engine, locks: Locks, state: Path, run: str, aliases: Collection[str]) -> None:
        self._engine = engine
        self._locks = locks
        self._state = state
        self._run = run
        self._aliases = sorted({alias.lower() for alias in aliases})
        self._lock = threading.Lock()
        self._held = ExitStack()
        self._claimed = False

    def claim(self, say: Callable[[str], None], pause: Pause) -> None:
        """Wait until all of them are this run's. Raises StartError if what has one stays."""
        # All at once and in one order, or two runs would each wait for what the other has.
        with self._lock:
            if self._claimed:
                return
            try:
                for alias in self._aliases:
                    self._check_compose(alias)
                    waiting = partial(self._say_whose, alias, say)
                    self._held.enter_context(self._locks.named(f"alias-{alias}", waiting))
                    self._wait_for(alias, say, pause)
            except BaseException:
                # Else the next container of this run would wait for what the run itself holds.
                self._held.close()
                raise
            self._claimed = True

    def release(self) -> None:
        """Give them to others."""
        self._held.close()

    def _wait_for(self, alias: str, say: Callable[[str], None], pause: Pause) -> None:
        """Wait for containers of runs that this machine's locks know nothing of, or of one that was killed."""
        waited = 0.0
        while others := self._others(alias):
            for one in others:
                run = one.labels.get(RUN, "")
                if RunLock(self._state, run).stays:
                    raise StartError(
                        f"the network name {alias} is used by {one.name}, which run {run} has left",
                        hint=f"remove it with `wincontainers down --run {run}`, or use it with "
                        "--wincontainers-reuse in its project",
                    )
            if waited >= _FOREIGN_SECONDS:
                raise StartError(
                    f"the network name {alias} is used by {self._who(alias)}",
                    details="\n".join(one.name for one in others),
                    hint="wait until that run has ended, or use another name in aliases=",
                )
            self._say_whose(alias, say)
            pause(_POLL_SECONDS)
            waited += _POLL_SECONDS

    def _check_compose(self, alias: str) -> None:
        """Raise StartError if a stack of Docker Compose has the name: it stays until somebody ends it."""
        for one in self._engine.containers([f"{_COMPOSE_SERVICE}={alias}"]):
            # Only on the same network: by its address there.
            if one.running and self._engine.state(one.id).address is not None:
                raise StartError(
                    f"the network name {alias} is used by {one.name}, which Docker Compose has started on this network",
                    hint="end it with `docker compose down`; else both would get each other's requests",
                )

    def _say_whose(self, alias: str, say: Callable[[str], None]) -> None:
        say(f"waiting for the network name {alias}, which {self._who(alias)} has")

    def _others(self, alias: str) -> Sequence[ListedContainer]:
        found = self._engine.containers([ALIASES])
        return [
            one
            for one in found
            if one.running and one.labels.get(RUN) != self._run and alias in one.labels[ALIASES].lower().split()
        ]

    def _who(self, alias: str) -> str:
        runs = sorted({one.labels.get(RUN, "") for one in self._others(alias)})
        return f"run {runs[0]}" if runs else "another run"
