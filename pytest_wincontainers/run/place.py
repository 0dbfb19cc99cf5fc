"""Where one container of a run is, for tests and for its neighbours, and its DNS client cache."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_wincontainers.endpoints import Handed
from pytest_wincontainers.engines.base import ContainerState
from pytest_wincontainers.errors import EngineError, NotReady
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.plan import Planned

if TYPE_CHECKING:
    from pytest_wincontainers.run.run import Run

_POLL_SECONDS = 1.0
_ADDRESS_SECONDS = 0.05
_FLUSH_SECONDS = 60.0


class Place:
    """The place of a container that was started. `pause` waits, or raises when waiting has become pointless."""

    def __init__(self, run: Run, planned: Planned, log: Path, pause: Callable[[float], None]) -> None:
        self._run = run
        self._planned = planned
        self._log = log
        self._pause = pause

    def find(self, container: str, seconds: float) -> Handed:
        """What is known of it once it has an address, which some engines give it after its start.

        Raises NotReady where that takes longer, and EngineError.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            state = self._run.engine.state(container)
            known = state.address if self._run.direct else len(state.ports) >= len(self._planned.service.inside_ports)
            if known:
                return self._handed(container, state)
            # Of one that has ended the follower tells, once it has all of its last words.
            self._pause(_POLL_SECONDS if not state.running else _ADDRESS_SECONDS)
        raise NotReady(
            f"the engine gave {self._planned.name} no address within {seconds:g} s", hint="look into its own log"
        )

    def _handed(self, container: str, state: ContainerState) -> Handed:
        ports = self._planned.inside_ports if self._run.direct else state.ports
        return Handed(
            name=self._planned.name,
            container_id=container,
            container_name=self._planned.container_name,
            host=str(state.address) if self._run.direct else self._run.info.host,
            ports={inside: ports[inside] for inside in self._planned.service.inside_ports},
            secrets=self._planned.secrets,
            log=str(self._log),
            guest=self._run.info.guest,
            clock_offset=self._run.info.clock_offset,
            seconds=time.monotonic() - self._run.board.begun,
        )

    def flush_dns(self, container: str) -> None:
        """Empty its DNS client cache. What goes wrong is noted."""
        rules = RULES[self._run.info.guest]
        try:
            done = self._run.engine.exec(
                container, rules.flush_dns, {}, user=rules.administrator, timeout=_FLUSH_SECONDS
            )
            problem = done.output.strip() if done.exit_code != 0 else ""
        except EngineError as refused:
            # An image without even a shell has no cache either.
            known = refused.failure is not None and refused.failure.id == "exec-not-found"
            problem = "" if known and self._run.info.guest == "linux" else refused.details or refused.message
        if problem:
            name = self._planned.name
            self._run.board.note(f"the DNS client cache of {name} was not flushed: {problem.splitlines()[0]}")
