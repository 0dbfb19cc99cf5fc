"""Following one container: its log while it runs, and its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers.engines.base import ContainerState, Engine
from pytest_wincontainers.errors import ContainerExited, EngineError, EngineUnavailable, WincontainersError
from pytest_wincontainers.reports.logs import LogWriter, tail

GATHER_SECONDS = 10.0
"""How long the logs of a run may take from the end of its containers until they are complete."""

TAIL_LINES = 40
_POLL_SECONDS = 1.0


@dataclass
class _Follow:
    """The following from one start to its end; after a restart there is another."""

    container: str
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
        writer: LogWriter,
        *,
        over: Callable[[], bool],
        note: Callable[[str], None],
        ended: Callable[[str, ContainerState | WincontainersError], None],
    ) -> None:
        self._name = name
        self._writer = writer
        self._over = over
        self._note = note
        self._ended = ended
        self._current: _Follow | None = None
        self._finishing = threading.Event()

    def follow(self, engine: Engine, container: str) -> None:
        """Begin, or go on after a restart, in the background."""
        follow = _Follow(container)
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

    def finish(self, deadline: float) -> None:
        """The container has ended: wait until its log is complete, until the deadline of time.monotonic()."""
        self._finishing.set()
        self.wait(max(0.0, deadline - time.monotonic()))
        if self._current is not None and self._current.thread is not None and self._current.thread.is_alive():
            limit = f"it could not be read within {GATHER_SECONDS:g} s"
            self._note(f"the log of {self._name} is incomplete: {limit}")
            self.stop(limit)

    def stop(self, why: str = "") -> None:
        """Write nothing more, whatever still comes; `why` tells in the log why the rest is missing."""
        self._finishing.set()
        with suppress(OSError):
            self._writer.close(why)

    def _follow(self, follow: _Follow, engine: Engine) -> None:
        container = follow.container
        follow.complete = self._write(engine, container, follow=True)
        reason: ContainerState | WincontainersError | None
        try:
            reason = self._end(follow, engine)
            if not follow.complete and not follow.expected:
                self._write(engine, container, follow=False)
        except EngineUnavailable as problem:
            reason = problem
        except EngineError:
            reason = ContainerExited(
                f"{self._name} was removed from the engine by someone else",
                hint="do not remove containers whose names start with wc-; the run that created them removes them",
            )
        if reason is not None and not follow.expected:
            self._ended(container, reason)

    def _write(self, engine: Engine, container: str, *, follow: bool) -> bool:
        """Write what is not in the file yet; whether that was all there is."""
        if self._writer.closed:
            return True
        pieces = engine.logs(container, follow=follow)
        try:
            self._writer.open()
            # After a restart, or where a stream broke off, the engine tells everything again from the first start on.
            telling = self._writer.telling()
            for piece in pieces:
                if not telling.add(piece):
                    break
            telling.end()
        except (EngineError, OSError) as problem:
            if not follow:
                self._note(f"the log of {self._name} is incomplete: {problem}")
            elif not self._over():
                self._note(f"the log of {self._name} could not be followed: {problem}")
            return False
        finally:
            # A stream that goes on holds its connection.
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
        return True

    def _end(self, follow: _Follow, engine: Engine) -> ContainerState | None:
        """The last state of the container, once it has ended by itself; None if it was ended. Raises EngineError."""
        # The stream ends with the container; an engine without a readable log is asked again and again.
        while not follow.expected:
            state = engine.state(follow.container)
            if not state.running:
                return state
            follow.complete = False
            if self._finishing.wait(_POLL_SECONDS):
                return None
        return None


def exited(name: str, state: ContainerState, log: Path, *, handed_over: bool) -> ContainerExited:
    """The error for a container that has ended by itself."""
    when = "during the tests" if handed_over else "before it was ready"
    memory = ", out of memory" if state.out_of_memory else ""
    return ContainerExited(
        f"{name} ended {when} with exit code {state.exit_code}{memory}",
        details=tail(log, TAIL_LINES) or "(no output)",
        hint="increase its limit with memory=…" if state.out_of_memory else f"its full log is {log}",
    )
