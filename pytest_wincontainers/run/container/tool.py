"""A container that runs one command while another container is being prepared."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pytest_wincontainers.engines.base import ContainerSpec
from pytest_wincontainers.errors import PreparationError
from pytest_wincontainers.guests.text import decode_line
from pytest_wincontainers.packing import Folder
from pytest_wincontainers.plan import PlannedContainer
from pytest_wincontainers.reports.logs import lines_of
from pytest_wincontainers.run.container.starter import Starter
from pytest_wincontainers.run.context import RunContext
from pytest_wincontainers.run.images import ensure_image
from pytest_wincontainers.run.removal import labels

_POLL_SECONDS = 0.1
_LINES = 10_000


class ToolContainer:
    """Runs commands on the network of a run, for one of its containers; a `ToolRunner`.

    `pause` waits so many seconds, or raises when waiting has become pointless.
    """

    def __init__(
        self, context: RunContext, planned: PlannedContainer, starter: Starter, pause: Callable[[float], None]
    ) -> None:
        self._context = context
        self._planned = planned
        self._starter = starter
        self._pause = pause

    def __call__(
        self,
        image: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        folders: Mapping[str, Path],
        seconds: float,
        progress: Callable[[str], None],
    ) -> tuple[int, str]:
        """Run a command in a container of that image; its exit code, and the last 10,000 lines of its output.

        `folders` are copied in before, by their paths in there. Raises WincontainersError, and PreparationError after
        `seconds`.
        """
        engine = self._context.engine
        reference, found = ensure_image(
            engine, image, self._context.locks, progress, lambda make: self._starter.retry("getting an image", make)
        )
        spec = ContainerSpec(
            name=f"{self._planned.container_name}-tool",
            image=reference,
            labels=labels(self._context.plan.run, f"{self._planned.name}-tool"),
            environment=environment,
            command=tuple(command),
            isolation=self._starter.isolation(found),
        )
        copied = tuple(Folder(source, target) for target, source in folders.items())
        container = self._starter.start(spec, copied)
        try:
            deadline = time.monotonic() + seconds
            while (state := engine.state(container)).running:
                if time.monotonic() > deadline:
                    raise PreparationError(
                        f"{command[0]} timed out after {seconds:g} s", hint="allow more time with timeout="
                    )
                self._pause(_POLL_SECONDS)
            lines = lines_of(engine.logs(container, follow=False, tail=_LINES))
            return state.exit_code or 0, "\n".join(decode_line(line.partition(b" ")[2]) for line in lines)
        finally:
            engine.remove(container)
