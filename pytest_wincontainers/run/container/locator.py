"""The addresses of a container of a run, for tests and for other containers, and its DNS client cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pytest_wincontainers.endpoints import ContainerInfo
from pytest_wincontainers.engines.base import ContainerState
from pytest_wincontainers.errors import EngineError, NotReady
from pytest_wincontainers.plan import PlannedContainer
from pytest_wincontainers.run.context import RunContext

_POLL_SECONDS = 1.0
_ADDRESS_SECONDS = 0.05
_FLUSH_SECONDS = 60.0


class Locator:
    """Finds a container that was started. `pause` waits, or raises when waiting has become pointless."""

    def __init__(self, context: RunContext, planned: PlannedContainer, pause: Callable[[float], None]) -> None:
        self._context = context
        self._planned = planned
        self._pause = pause

    @property
    def log(self) -> Path:
        """The file that its output is written to."""
        return self._context.artifacts / f"{self._planned.name}.log"

    def find(self, container: str, seconds: float) -> ContainerInfo:
        """What is known of it once it has an address, which some engines give it after its start.

        Raises NotReady where that takes longer, and EngineError.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            state = self._context.engine.state(container)
            known = state.address if self._context.direct else len(state.ports) >= len(self._planned.service.ports)
            if known:
                return self._info(container, state)
            # The follower reports one that has ended, once it has all of its last words.
            self._pause(_POLL_SECONDS if not state.running else _ADDRESS_SECONDS)
        raise NotReady(
            f"the engine did not assign an address to {self._planned.name} within {seconds:g} s",
            hint="check the engine's log",
        )

    def without_address(self, container: str) -> ContainerInfo:
        """What is known of a container that has ended."""
        return self._known(container, self._planned.container_name, {})

    def _info(self, container: str, state: ContainerState) -> ContainerInfo:
        direct, info = self._context.direct, self._context.info
        ports = self._planned.inside_ports if direct else state.ports
        host = str(state.address) if direct else info.host
        return self._known(container, host, {inside: ports[inside] for inside in self._planned.service.ports})

    def _known(self, container: str, host: str, ports: Mapping[int, int]) -> ContainerInfo:
        info = self._context.info
        return ContainerInfo(
            name=self._planned.name,
            container_id=container,
            container_name=self._planned.container_name,
            host=host,
            ports=ports,
            secrets=self._planned.secrets,
            log=str(self.log),
            guest=info.guest,
            clock_offset=info.clock_offset,
            seconds=time.monotonic() - self._context.board.begun,
            workers=self._planned.workers,
        )

    def flush_dns(self, container: str, *, noting: bool = True) -> None:
        """Flush its DNS client cache. What goes wrong is noted, unless `noting` is off."""
        guest = self._context.guest
        try:
            done = self._context.engine.exec(
                container, guest.flush_dns, {}, user=guest.administrator, timeout=_FLUSH_SECONDS
            )
            problem = done.output.strip() if done.exit_code != 0 else ""
        except EngineError as refused:
            # An image without even a shell has no cache either.
            lacking = refused.failure is not None and refused.failure.implies == "no-program"
            problem = "" if lacking and guest.may_lack_shell else refused.details or refused.message
        if problem and noting:
            name = self._planned.name
            self._context.board.note(f"the DNS client cache of {name} was not flushed: {problem.splitlines()[0]}")
