"""One run: the plan's containers started side by side, waited for, and removed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from pytest_wincontainers.endpoints import Handed
from pytest_wincontainers.engines.base import NETWORK, Engine, EngineInfo
from pytest_wincontainers.errors import Cancelled, EngineUnavailable, WincontainersError
from pytest_wincontainers.guests.builds import Isolation
from pytest_wincontainers.hosts.duties import HostDuties, duties
from pytest_wincontainers.plan import Plan
from pytest_wincontainers.reports.board import Board
from pytest_wincontainers.reports.logs import masked
from pytest_wincontainers.run import preflight
from pytest_wincontainers.run.ends import as_error
from pytest_wincontainers.run.handover import Handover
from pytest_wincontainers.run.lifecycle import Lifecycle
from pytest_wincontainers.run.locks import Locks, RunLock
from pytest_wincontainers.run.removal import REMOVAL_ROUNDS, remove_run, sweep
from pytest_wincontainers.run.retry import retrying
from pytest_wincontainers.run.watchdog import Watchdog
from pytest_wincontainers.settings import Settings

_PARALLEL_STARTS = {"linux": 8, "windows": 2}
_JOIN_SECONDS = 10.0
_LOG_SECONDS = 5.0


class Run:
    """The containers of one plan. Made, started, closed and asked by the owner alone."""

    info: EngineInfo
    hosts: HostDuties
    locks: Locks
    direct: bool
    parallel_starts: int

    def __init__(
        self, plan: Plan, make_engine: Callable[[], Engine], settings: Settings, artifacts: Path, handover: Handover
    ) -> None:
        self.plan = plan
        self.settings = settings
        self.artifacts = artifacts
        self.handover = handover
        self.board = Board((planned.name for planned in plan.containers), mask=lambda line: masked(line, plan.secrets))
        self.lifecycles = {planned.name: Lifecycle(self, planned) for planned in plan.containers}
        self.cancelled = False
        self._make_engine = make_engine
        self._engine: Engine | None = None
        self._lock = RunLock(settings.state, plan.run)
        self._watchdog: Watchdog | None = None
        self._thread = threading.Thread(target=self._start, name="wincontainers", daemon=True)

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            self._engine = self._make_engine()
        return self._engine

    def start(self) -> None:
        """Start everything in the background; returns at once."""
        self._thread.start()

    def _start(self) -> None:
        try:
            self._connect()
        except Exception as problem:  # noqa: BLE001 - whatever it is, tests wait for an outcome
            skip = isinstance(problem, EngineUnavailable) and self.settings.missing_engine == "skip"
            for lifecycle in self.all:
                lifecycle.settle(as_error(problem, "the engine cannot be used"), skip=skip)
            return
        for lifecycle in self.all:
            lifecycle.start()
        try:
            for line in sweep(self.engine, self.settings.state, self.plan.run):
                self.board.note(line)
        except (WincontainersError, OSError) as problem:
            self.board.note(f"what earlier runs left could not be looked for: {problem}")

    def _connect(self) -> None:
        self.info = self.engine.info()
        self.board.engine = f"{self.info.name} {self.info.version} ({self.info.guest}) on {self.info.system}"
        if self.info.unprotected:
            self.board.note(
                f"the way to the engine on {self.info.host} is not protected; use TLS (DOCKER_TLS_VERIFY, "
                "DOCKER_CERT_PATH)"
            )
        self.check()
        preflight.check(self.plan, self.engine, self.isolation)
        self.hosts = duties(self.info, self.settings, self.board.note)
        reach = self.settings.reach
        self.direct = reach == "direct" or (reach == "auto" and self.info.near)
        self.parallel_starts = self.settings.parallel_starts or _PARALLEL_STARTS[self.info.guest]
        self.locks = Locks(self.settings.state, self.info.id, self.check)
        self._lock.hold()
        if self.engine.address is not None:
            self._watchdog = Watchdog(self.plan.run, self.engine.address, self.handover.folder, self.settings.state)
        # Engines accept a second network of the same name, and then nobody knows which one is meant.
        with self.locks.named("network"):
            retrying(
                lambda: self.engine.ensure_network(NETWORK),
                retries=self.settings.retries,
                pause=self._pause,
                note=lambda failure, words: self.board.note(
                    f"the network {NETWORK} was looked for again after {failure.id}: {words.splitlines()[0]}"
                ),
            )

    @property
    def isolation(self) -> Isolation | None:
        """The isolation of containers that name none; None leaves it to what fits."""
        return None if self.settings.isolation == "auto" else self.settings.isolation

    def _pause(self, seconds: float) -> None:
        with self.board.changed:
            self.board.changed.wait_for(lambda: self.cancelled, timeout=seconds)
        self.check()

    def restart(self, name: str) -> Handed:
        """Restart a container, in the calling thread. Raises WincontainersError."""
        return self.lifecycles[name].restart()

    def flush_dns_around(self, name: str) -> None:
        """Empty the DNS client caches of all containers that may know this one by an old address."""
        around = [one for one in self.all if name in self._needs_of(one.name)]
        threads = [threading.Thread(target=one.flush_dns, daemon=True) for one in around]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _needs_of(self, name: str) -> set[str]:
        direct = self.lifecycles[name].planned.needs
        return set(direct).union(*(self._needs_of(need) for need in direct))

    def check(self) -> None:
        """Raise Cancelled once the run is over."""
        if self.cancelled:
            raise Cancelled("the run ended while containers were starting")

    def wait(self, name: str, tick: Callable[[], None], seconds: float) -> None:
        """Return once the outcome of a container is published; meanwhile call `tick` every so many seconds."""
        lifecycle = self.lifecycles[name]
        while True:
            with self.board.changed:
                self.board.changed.wait_for(lambda: lifecycle.outcome is not None, timeout=seconds)
                if lifecycle.outcome is not None:
                    return
            tick()

    @property
    def all(self) -> list[Lifecycle]:
        return list(self.lifecycles.values())

    def close(self) -> None:
        """Gather the logs and remove everything. Never raises for what an engine does; may be called again."""
        with self.board.changed:
            if self.cancelled:
                return
            self.cancelled = True
            self.board.changed.notify_all()
        self._thread.join(_JOIN_SECONDS)
        if not hasattr(self, "locks"):
            return
        deadline = time.monotonic() + _JOIN_SECONDS
        ended = [one.stopped(deadline) for one in self.all]
        idle = all(ended)
        problems = remove_run(
            self.engine, self.plan.run, rounds=REMOVAL_ROUNDS[self.info.guest], between=self._finish_logs
        )
        for problem in problems:
            self.board.note(problem)
        if self._watchdog is not None:
            if idle and not problems:
                self._watchdog.dismiss()
            else:
                self._watchdog.take_over()
        if idle and not problems:
            self._lock.release()
        self.hosts.close()
        self.engine.close()

    def _finish_logs(self) -> None:
        for lifecycle in self.all:
            lifecycle.finish_log(_LOG_SECONDS)
