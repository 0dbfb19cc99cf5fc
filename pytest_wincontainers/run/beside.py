"""A container for one command beside another that is being prepared."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_wincontainers.engines.base import ContainerSpec
from pytest_wincontainers.errors import PreparationError
from pytest_wincontainers.guests.text import decode_line
from pytest_wincontainers.packing import Folder
from pytest_wincontainers.plan import Planned
from pytest_wincontainers.reports.logs import lines_of
from pytest_wincontainers.run.images import ensure_image
from pytest_wincontainers.run.removal import labels
from pytest_wincontainers.run.starting import Starting

if TYPE_CHECKING:
    from pytest_wincontainers.run.run import Run

_POLL_SECONDS = 0.1


class Beside:
    """Runs commands on the network of a run, for one of its containers. `pause` raises when waiting is pointless."""

    def __init__(
        self,
        run: Run,
        planned: Planned,
        starting: Starting,
        making: Callable[[], AbstractContextManager[None]],
        pause: Callable[[float], None],
    ) -> None:
        self._run = run
        self._planned = planned
        self._starting = starting
        self._making = making
        self._pause = pause

    def __call__(
        self,
        image: str,
        words: Sequence[str],
        environment: Mapping[str, str],
        folders: Mapping[str, Path],
        seconds: float,
        progress: Callable[[str], None],
    ) -> tuple[int, str]:
        """Run a command in a container of that image; its exit code and output.

        `folders` are copied in before, by their paths in there. Raises WincontainersError, and PreparationError after
        `seconds`.
        """
        engine = self._run.engine
        reference, found = ensure_image(
            engine, image, self._run.locks, progress, lambda make: self._starting.retry("an image", make)
        )
        spec = ContainerSpec(
            name=f"{self._planned.container_name}-beside",
            image=reference,
            labels=labels(self._run.plan.run, f"{self._planned.name}-beside"),
            environment=environment,
            command=tuple(words),
            isolation=self._starting.isolation(found),
        )
        copied = tuple(Folder(source, target) for target, source in folders.items())
        container = self._starting.start(spec, copied, self._making)
        try:
            deadline = time.monotonic() + seconds
            while (state := engine.state(container)).running:
                if time.monotonic() > deadline:
                    raise PreparationError(
                        f"{words[0]} did not end within {seconds:g} s", hint="allow it longer with timeout="
                    )
                self._pause(_POLL_SECONDS)
            lines = lines_of(engine.logs(container, follow=False))
            return state.exit_code or 0, "\n".join(decode_line(line.partition(b" ")[2]) for line in lines)
        finally:
            engine.remove(container)
