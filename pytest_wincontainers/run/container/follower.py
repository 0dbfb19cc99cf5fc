"""Following one container: its log while it runs, and its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers.engines.base import ContainerState, Engine
from pytest_wincontainers.errors import ContainerExited, EngineError, EngineUnavailable, WincontainersError
from pytest_wincontainers.reports.logs import tail, write_log

TAIL_LINES = 40
_POLL_SECONDS = 1.0


@dataclass
class _Follow:
    """The following from one start to its end; after a restart there is another."""

    container: str
    lines: int
    """Of the log, in the file so far."""
    complete: bool = False
    expected: bool = False
    """Whether the container is ended on purpose."""
    thread: threading.Thread | None = None


class Follower:
    """Writes the log of a container, and calls `ended` when the container ends by itself.

    `ended` gets its id, and its last state or an error where the engine no longer has that.

    `over` tells whether the run is; what ends then, ends as it should.
    """

    def __init__(
        self,
        name: str,
        log: Path,
        secrets: Collection[str],
        *,
        over: Callable[[], bool],
        note: Callable[[str], None],
        ended: Callable[[str, ContainerState | WincontainersError], None],
    ) -> None:
        self._name = name
        self._log = log
        self._secrets = secrets
        self._over = over
        self._note = note
        self._ended = ended
        self._current: _Follow | None = None

    def follow(self, engine: Engine, container: str) -> None:
        """Begin, or go on after a restart, in the background."""
        # After a restart the engine tells everything again from the first start on.
        follow = _Follow(container, lines=self._current.lines if self._current else 0)
        follow.thread = threading.Thread(
            target=self._follow, args=(follow, engine), name=f"wincontainers-log-{self._name}", daemon=True
        )
        # Before anybody can wait for it, who may be the end of the run in another thread.
        follow.thread.start()
        self._current = follow

    def expect_end(self) -> None:
        """The container is about to be ended on purpose."""
        if self._current is not None:
            self._current.expected = True

    def wait(self, seconds: float) -> None:
        """Wait until the log is complete, as it is once the container has ended."""
        if self._current is not None and self._current.thread is not None:
            self._current.thread.join(seconds)

    def finish(self, engine: Engine, seconds: float) -> None:
        """Wait until the log is complete; read it again where it broke off."""
        follow = self._current
        if follow is None:
            return
        self.wait(seconds)
        if not follow.complete:
            # Beside the file, as what is in it so far may be all that can be had.
            whole = self._log.with_suffix(".whole")
            try:
                write_log(whole, engine.logs(follow.container, follow=False), self._secrets)
                whole.replace(self._log)
            except (WincontainersError, OSError) as problem:
                whole.unlink(missing_ok=True)
                self._note(f"the log of {self._name} is incomplete: {problem}")

    def _follow(self, follow: _Follow, engine: Engine) -> None:
        container = follow.container

        def count(lines: int) -> None:
            follow.lines = lines

        try:
            write_log(self._log, engine.logs(container, follow=True), self._secrets, skip=follow.lines, written=count)
            follow.complete = True
        except (EngineError, OSError) as problem:
            if not self._over():
                self._note(f"the log of {self._name} could not be followed: {problem}")
        try:
            # The stream ends with the container; an engine without a readable log is asked again and again.
            while not follow.expected and (state := engine.state(container)).running and not self._over():
                follow.complete = False
                time.sleep(_POLL_SECONDS)
            if follow.expected:
                return
            ended: ContainerState | WincontainersError = state
        except EngineUnavailable as problem:
            ended = problem
        except EngineError:
            ended = ContainerExited(
                f"{self._name} was removed from the engine by someone else",
                hint="do not remove containers whose names start with wc-; the run that created them removes them",
            )
        if not follow.expected:
            self._ended(container, ended)


def exited(name: str, state: ContainerState, log: Path, *, handed_over: bool) -> ContainerExited:
    """The error for a container that has ended by itself."""
    when = "during the tests" if handed_over else "before it was ready"
    memory = ", out of memory" if state.out_of_memory else ""
    return ContainerExited(
        f"{name} ended {when} with exit code {state.exit_code}{memory}",
        details=tail(log, TAIL_LINES) or "(no output)",
        hint="increase its limit with memory=…" if state.out_of_memory else f"its full log is {log}",
    )
