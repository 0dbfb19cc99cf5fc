"""One run: connects to the engine, starts the plan's containers in parallel, waits for them and removes them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers.engines.base import NETWORK, Engine
from pytest_wincontainers.errors import EngineUnavailable, StartError, WincontainersError
from pytest_wincontainers.hosts.duties import duties
from pytest_wincontainers.machine import MACHINE
from pytest_wincontainers.plan import Plan
from pytest_wincontainers.reports.board import Board
from pytest_wincontainers.reports.logs import masked
from pytest_wincontainers.run import preflight
from pytest_wincontainers.run.aliases import AliasClaims
from pytest_wincontainers.run.cancellation import Cancellation
from pytest_wincontainers.run.container.follower import GATHER_SECONDS
from pytest_wincontainers.run.container.job import JobLifecycle
from pytest_wincontainers.run.container.lifecycle import Lifecycle
from pytest_wincontainers.run.container.phases import Failed
from pytest_wincontainers.run.container.tracker import PhaseTracker
from pytest_wincontainers.run.context import Outcomes, RunContext
from pytest_wincontainers.run.errors import as_error
from pytest_wincontainers.run.locks import Locks, RunLock
from pytest_wincontainers.run.removal import remove_run, sweep
from pytest_wincontainers.run.retry import retrying
from pytest_wincontainers.run.watchdog import Watchdog
from pytest_wincontainers.services.job import Job
from pytest_wincontainers.settings import Settings

_JOIN_SECONDS = 10.0
_SLICE_SECONDS = 0.2


@dataclass(frozen=True)
class RunRequest:
    """What a run is made of. `private` is the folder that goes with the run."""

    plan: Plan
    settings: Settings
    artifacts: Path
    private: Path
    outcomes: Outcomes
    make_engine: Callable[[], Engine]

    @property
    def state(self) -> Path:
        """The folder of what runs on this machine share. Raises StartError."""
        try:
            return self.settings.state or MACHINE.state_folder(os.environ) / "pytest-wincontainers"
        except RuntimeError:
            raise StartError(
                "this account has no home directory for the locks that all its runs share",
                hint="set WINCONTAINERS_STATE or --wincontainers-state to a directory that belongs to this account",
            ) from None


class Coordinator:
    """The containers of one plan. Made, started, closed and asked by the owner alone."""

    def __init__(self, request: RunRequest) -> None:
        plan = request.plan
        self._request = request
        self.board = Board((one.name for one in plan.containers), mask=lambda line: masked(line, plan.secrets))
        self.cancellation = Cancellation(self.board.changed)
        self.trackers = {one.name: self._tracker(one.name) for one in plan.containers}
        self._lifecycles: dict[str, Lifecycle] = {}
        self._opened = ExitStack()
        self._leftovers = False
        self._engine: Engine | None = None
        self._thread = threading.Thread(target=self._run, name="wincontainers", daemon=True)

    def _tracker(self, name: str) -> PhaseTracker:
        plan, outcomes = self._request.plan, self._request.outcomes
        return PhaseTracker(name, self.board, self.cancellation, outcomes, lambda text: masked(text, plan.secrets))

    @property
    def engine(self) -> Engine:
        """The engine of this run, for commands that a test runs in one of its containers."""
        if self._engine is None:
            raise EngineUnavailable("the engine is not connected yet", hint="wait until a container is ready")
        return self._engine

    def start(self) -> None:
        """Start everything in the background; returns at once."""
        self._thread.start()

    def _run(self) -> None:
        try:
            context = self._connect()
        except Exception as problem:  # noqa: BLE001 - whatever it is, tests wait for an outcome
            skip = isinstance(problem, EngineUnavailable) and self._request.settings.missing_engine == "skip"
            for tracker in self.trackers.values():
                tracker.move(Failed(as_error(problem, "the engine cannot be used"), skip))
            return
        for lifecycle in self._lifecycles.values():
            lifecycle.start()
        try:
            for line in sweep(context.engine, self._request.state, context.plan.run):
                self.board.note(line)
        except (WincontainersError, OSError) as problem:
            self.board.note(f"could not check for containers left by earlier runs: {problem}")

    def _connect(self) -> RunContext:
        """Open all that the run needs. What was opened is closed in the reverse order, also where this fails."""
        request = self._request
        with ExitStack() as opened:
            engine = self._engine = request.make_engine()
            opened.callback(engine.close)
            info = engine.info().with_base(request.settings.windows_base)
            self.board.engine = f"{info.name} {info.version} ({info.guest}) on {info.system}"
            if info.unprotected:
                self.board.note(
                    f"the connection to the engine on {info.host} is not encrypted; use TLS (DOCKER_TLS_VERIFY, "
                    "DOCKER_CERT_PATH)"
                )
            hosts = duties(info, request.settings, self.board.note)
            opened.callback(hosts.close)
            locks = Locks(request.state, info.id, self.cancellation.check)
            names = [one for planned in request.plan.containers for one in planned.service.options.get("aliases", ())]
            aliases = AliasClaims(engine, locks, request.plan.run, names)
            opened.callback(aliases.release)
            context = RunContext(
                plan=request.plan,
                settings=request.settings,
                engine=engine,
                info=info,
                hosts=hosts,
                locks=locks,
                board=self.board,
                cancellation=self.cancellation,
                outcomes=request.outcomes,
                artifacts=request.artifacts,
            )
            self.cancellation.check()
            preflight.check(request.plan, engine, info, context.isolation)
            lock = RunLock(request.state, request.plan.run)
            lock.hold(info.id, request.private)
            opened.callback(self._release, lock)
            if engine.address is not None:
                watchdog = Watchdog(request.plan.run, engine.address, request.private)
                opened.callback(self._dismiss, watchdog)
            self._ensure_network(context)
            for planned in request.plan.containers:
                name, needs = planned.name, [self._lifecycles[one] for one in planned.needs]
                kind = JobLifecycle if isinstance(planned.service, Job) else Lifecycle
                self._lifecycles[name] = kind(context, planned, self.trackers[name], needs, aliases)
            opened.callback(self._remove, context)
            with self.board.changed:
                # Either this sees the end of the run, or the end sees what is open.
                self.cancellation.check()
                self._opened = opened.pop_all()
            return context

    def _ensure_network(self, context: RunContext) -> None:
        # Engines accept a second network of the same name, and then nobody knows which one is meant.
        with context.locks.named("network"):
            retrying(
                lambda: context.engine.ensure_network(NETWORK),
                retries=context.settings.retries,
                pause=self.cancellation.pause,
                note=lambda failure, words: self.board.note(
                    f"looking up the network {NETWORK} was retried after {failure.id}: {words.splitlines()[0]}"
                ),
            )

    def restart(self, name: str) -> None:
        """Restart a container, in the calling thread. Raises WincontainersError."""
        self._lifecycles[name].restart()

    def wait(self, name: str, tick: Callable[[], None], seconds: float) -> None:
        """Return once the outcome of a container is published; meanwhile call `tick` every so many seconds."""
        tracker = self.trackers[name]
        while True:
            with self.board.changed:
                if self.board.changed.wait_for(lambda: tracker.settled, timeout=seconds):
                    return
            tick()

    def close(self) -> None:
        """Gather the logs and remove everything. Never raises for what an engine does; may be called again."""
        self.cancellation.cancel()
        self._thread.join(_JOIN_SECONDS)
        with self.board.changed:
            opened = self._opened.pop_all()
        opened.close()

    def _remove(self, context: RunContext) -> None:
        # Whatever keeps this from its end, Ctrl+C too, leaves the rest to the watchdog.
        self._leftovers = True
        idle = self.cancellation.wait_until_idle(_JOIN_SECONDS)
        self._flush_logs()
        try:
            problems = remove_run(
                context.engine,
                context.plan.run,
                rounds=context.guest.removal_rounds,
                between=self._finish_logs,
            )
        finally:
            for lifecycle in self._lifecycles.values():
                lifecycle.close_log()
        for problem in problems:
            self.board.note(problem)
        self._leftovers = bool(problems) or not idle

    def _flush_logs(self) -> None:
        threads = [threading.Thread(target=one.flush_log, daemon=True) for one in self._lifecycles.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            # In slices, as Windows does not interrupt a wait without a timeout.
            while thread.is_alive():
                thread.join(_SLICE_SECONDS)

    def _finish_logs(self) -> None:
        deadline = time.monotonic() + GATHER_SECONDS
        for lifecycle in self._lifecycles.values():
            lifecycle.finish_log(deadline)

    def _dismiss(self, watchdog: Watchdog) -> None:
        if self._leftovers:
            watchdog.take_over()
        else:
            watchdog.dismiss()

    def _release(self, lock: RunLock) -> None:
        # Held until this process ends: by it a later run knows that what is left is nobody's any more.
        if not self._leftovers:
            lock.release()
