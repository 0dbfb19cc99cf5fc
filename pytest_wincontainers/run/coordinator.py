"""One run: connects to the engine, starts the plan's containers in parallel, waits for them and removes them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers.engines.base import NETWORK, Engine
from pytest_wincontainers.errors import EngineUnavailable, StartError, WincontainersError
from pytest_wincontainers.hosts.duties import duties
from pytest_wincontainers.plan import Plan
from pytest_wincontainers.reports.board import Board
from pytest_wincontainers.reports.masks import masked
from pytest_wincontainers.run import preflight
from pytest_wincontainers.run.aliases import AliasClaims
from pytest_wincontainers.run.cancellation import Cancellation
from pytest_wincontainers.run.container.job import JobLifecycle
from pytest_wincontainers.run.container.lifecycle import Lifecycle
from pytest_wincontainers.run.container.phases import Failed
from pytest_wincontainers.run.container.reuse import Earlier
from pytest_wincontainers.run.container.tracker import PhaseTracker
from pytest_wincontainers.run.context import Outcomes, RunContext
from pytest_wincontainers.run.ending import Ending, Stay
from pytest_wincontainers.run.errors import as_error
from pytest_wincontainers.run.locks import Locks, RunLock
from pytest_wincontainers.run.places import state_folder
from pytest_wincontainers.run.ports import check_ports
from pytest_wincontainers.run.removal import sweep
from pytest_wincontainers.run.retry import retrying
from pytest_wincontainers.run.stack import Stack, Stacks, TakenStack
from pytest_wincontainers.run.watchdog import Watchdog
from pytest_wincontainers.services.job import Job
from pytest_wincontainers.settings import Settings

_JOIN_SECONDS = 10.0


@dataclass(frozen=True)
class RunRequest:
    """What a run is made of. `private` is the folder that goes with the run."""

    plan: Plan
    settings: Settings
    artifacts: Path
    private: Path
    outcomes: Outcomes
    record: Callable[..., None]
    """Takes what happens, for the journal: a kind and its values."""
    make_engine: Callable[[], Engine]
    taken: TakenStack | None = None
    """The containers of an earlier run, for this one to use."""
    restores: bool = True
    """Whether their prepared state is restored."""

    @property
    def state(self) -> Path:
        """The folder of what runs on this machine share. Raises StartError."""
        return state_folder(self.settings.state)

    def earlier(self, name: str) -> Earlier | None:
        """The container of that name of the earlier run."""
        kept = self.taken.stack.containers.get(name) if self.taken is not None else None
        return Earlier(kept, self.restores) if kept is not None else None


class Coordinator:
    """The containers of one plan. Made, started, closed and asked by the owner alone."""

    def __init__(self, request: RunRequest) -> None:
        plan = request.plan
        self._request = request
        self.board = Board(
            (one.name for one in plan.containers),
            mask=lambda line: masked(line, plan.secrets),
            record=request.record,
        )
        self.cancellation = Cancellation(self.board.changed)
        self.trackers = {one.name: self._tracker(one.name) for one in plan.containers}
        self._lifecycles: dict[str, Lifecycle] = {}
        self._opened = ExitStack()
        self._ending = Ending(request.taken.stack if request.taken is not None else None, request.record)
        self._engine: Engine | None = None
        self._thread = threading.Thread(target=self._run, name="wincontainers", daemon=True)

    def _tracker(self, name: str) -> PhaseTracker:
        plan, outcomes = self._request.plan, self._request.outcomes
        return PhaseTracker(name, self.board, self.cancellation, outcomes, lambda text: masked(text, plan.secrets))

    @property
    def left(self) -> Stack | None:
        """What stays on the engine, after the end."""
        return self._ending.left

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
            swept = sweep(context.engine, self._request.state, context.plan.run)
            for line in [*swept.removed, *swept.problems]:
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
            self.board.connected(f"{info.name} {info.version} ({info.guest}) on {info.system}")
            if info.unprotected:
                self.board.note(
                    f"the connection to the engine on {info.host} is not protected; use TLS (DOCKER_TLS_VERIFY, "
                    "DOCKER_CERT_PATH)"
                )
            hosts = duties(info, request.settings, self.board.note)
            opened.callback(hosts.close)
            locks = Locks(request.state, info.id, self.cancellation.check)
            names = [one for planned in request.plan.containers for one in planned.service.options.get("aliases", ())]
            aliases = AliasClaims(engine, locks, request.state, request.plan.run, names)
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
            check_ports(request.plan, engine, info, request.settings, hosts)
            lock = request.taken.lock if request.taken is not None else RunLock(request.state, request.plan.run)
            opened.callback(self._ending.release, lock)
            self._check_stack(info.id)
            lock.hold(info.id, request.private)
            if engine.address is not None:
                watchdog = Watchdog(request.plan.run, engine.address, request.private, request.artifacts)
                opened.callback(self._ending.dismiss, watchdog)
            self._ensure_network(context)
            for planned in request.plan.containers:
                name, needs = planned.name, [self._lifecycles[one] for one in planned.needs]
                kind = JobLifecycle if isinstance(planned.service, Job) else Lifecycle
                tracker = self.trackers[name]
                self._lifecycles[name] = kind(context, planned, tracker, needs, aliases, request.earlier(name))
            opened.callback(self._ending.end, context, self._lifecycles.values(), Stacks(request.state))
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

    def close(self, stay: Stay | None = None) -> None:
        """Gather the logs and remove everything, but for what is to stay. May be called again.

        Never raises for what an engine does.
        """
        self._ending.stay = stay
        self.cancellation.cancel()
        self._thread.join(_JOIN_SECONDS)
        with self.board.changed:
            opened = self._opened.pop_all()
        opened.close()

    def _check_stack(self, engine_id: str) -> None:
        stack = self._request.taken.stack if self._request.taken is not None else None
        if stack is not None and stack.engine_id != engine_id:
            raise StartError(
                f"the containers that run {stack.run} has left are on another engine",
                hint=f"connect to that engine, or forget them with `wincontainers down --forget --run {stack.run}`",
            )
