"""Gathering the facts: from the engine, from this machine, and from the engine's machine.

Nothing here raises; what cannot be gathered is missing, with the reason.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from functools import partial
from typing import TypeVar

from pytest_wincontainers.doctor.facts import Fact, Facts, HostFacts, Missing, NoAnswer, Suite, WinRm
from pytest_wincontainers.doctor.windows_host import CONDITIONS, SERVICES, facts_of
from pytest_wincontainers.engines.addresses import host_of, is_local
from pytest_wincontainers.engines.base import Engine, EngineInfo
from pytest_wincontainers.engines.diagnostics import Diagnosable, Diagnostics
from pytest_wincontainers.errors import EngineError, EngineUnavailable, WincontainersError
from pytest_wincontainers.hosts.base import EXCLUDED_PORTS, Host, HostCommand
from pytest_wincontainers.hosts.local import LocalHost
from pytest_wincontainers.limits import OutOfTime, begin, within
from pytest_wincontainers.machine import MACHINE
from pytest_wincontainers.machine.base import Machine
from pytest_wincontainers.settings import Settings

ResultT = TypeVar("ResultT")

HOST_SECONDS = 20.0
"""How long the engine's machine may take for its answers, once the engine has answered."""
_ELSEWHERE = "set --winrm to ask the engine's machine"


def address_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> str:
    """The engine's address as it is set; empty where the current docker context has it."""
    return settings.engine or environ.get("DOCKER_HOST") or ""


def host_for(settings: Settings, address: str, machine: Machine = MACHINE) -> Host | Missing | WinRm:
    """The engine's machine, if commands can be run on it; else why not."""
    if settings.winrm is not None:
        from pytest_wincontainers.hosts.winrm import WinRmHost

        try:
            return WinRmHost(settings)
        except WincontainersError as problem:
            return WinRm(settings.winrm, _line(problem), problem.hint)
    if not is_local(host_of(address)):
        return Missing(_ELSEWHERE)
    return LocalHost() if machine.has_dns_cache else Missing("this machine does not run Windows")


def gather(
    engine: Engine,
    host: Host | Missing | WinRm,
    address: str,
    *,
    images: Sequence[str] = (),
    ports: Sequence[int] = (),
    suite: Callable[[], Fact[Suite]] = Suite,
    seconds: float,
) -> Facts:
    """Everything that can be known. `seconds` is how long the engine may take for an answer.

    Where it gives none, nothing else is waited for any longer, and `suite` is not asked.
    """
    deadline = time.monotonic() + seconds
    asking = None if isinstance(host, (Missing, WinRm)) else _Asking(host)
    answer = _identity(engine, seconds)
    info = None if isinstance(answer, NoAnswer) else answer
    diagnostics: Fact[Diagnostics] = Missing("the engine does not answer")
    if info is not None:
        diagnostics = _diagnostics(engine, seconds)
    read = suite() if info else Suite()
    declared = Suite() if isinstance(read, Missing) else read
    names = [*images, *declared.images] if info else []
    found = {name: _fact(partial(engine.image, name), seconds) for name in names}
    told: Fact[HostFacts] = host if isinstance(host, Missing) else Missing("there is no WinRM connection to it")
    winrm: Fact[WinRm] | None = host if isinstance(host, WinRm) else None
    if asking is not None:
        told = asking.facts(deadline if info is None else time.monotonic() + HOST_SECONDS)
        if not isinstance(host, LocalHost):
            winrm = asking.winrm
    if isinstance(host, LocalHost) and info is not None and not is_local(info.host):
        # The current docker context has led elsewhere.
        told = Missing(_ELSEWHERE)
    return Facts(
        address=address,
        engine=answer,
        diagnostics=diagnostics,
        host=told,
        free_disk=_free_disk(info, diagnostics),
        images=found,
        ports=tuple(dict.fromkeys([*ports, *declared.ports])),
        unread=read.reason if isinstance(read, Missing) else "",
        winrm=winrm,
    )


def _identity(engine: Engine, seconds: float) -> EngineInfo | NoAnswer:
    try:
        return within(seconds, engine.info)
    except OutOfTime:
        return NoAnswer(f"there is no answer within {seconds:g} s")
    except EngineUnavailable as problem:
        return NoAnswer(problem.details or problem.message, problem.failure)
    except EngineError as problem:
        return NoAnswer(problem.message, problem.failure, problem.hint)
    except Exception as problem:  # noqa: BLE001 - an engine of the user's, or an address that the SDK cannot read
        return NoAnswer(_line(problem))


def _diagnostics(engine: Engine, seconds: float) -> Fact[Diagnostics]:
    if not isinstance(engine, Diagnosable):
        return Missing("this engine does not tell it")
    return _fact(engine.diagnostics, seconds)


def _fact(ask: Callable[[], ResultT], seconds: float) -> Fact[ResultT]:
    try:
        return within(seconds, ask)
    except OutOfTime:
        return Missing(f"the engine does not tell it within {seconds:g} s")
    except Exception as problem:  # noqa: BLE001 - one fact less
        return Missing(_line(problem))


def _free_disk(info: EngineInfo | None, diagnostics: Fact[Diagnostics]) -> Fact[int]:
    if info is None or isinstance(diagnostics, Missing):
        return Missing("the engine does not answer")
    if not info.near:
        inside = "the engine runs in a virtual machine of its own"
        return Missing(inside if is_local(info.host) else _ELSEWHERE)
    try:
        return shutil.disk_usage(diagnostics.data_root).free
    except OSError as problem:
        return Missing(f"{diagnostics.data_root} cannot be looked at: {problem.strerror or problem}")


class _Asking:
    """The engine's machine, asked for everything at once; each answer is taken if it comes in time."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._answers = {command: self._begin(command) for command in (SERVICES, EXCLUDED_PORTS, CONDITIONS)}

    def _begin(self, command: HostCommand) -> Future[str]:
        return begin(lambda: self._host.run(command, HOST_SECONDS))

    def facts(self, deadline: float) -> HostFacts:
        """What was answered until then."""
        wait(self._answers.values(), max(0.0, deadline - time.monotonic()))
        return facts_of(
            self._host.name,
            services=self._answer(SERVICES),
            ports=self._answer(EXCLUDED_PORTS),
            conditions=self._answer(CONDITIONS),
        )

    @property
    def winrm(self) -> Fact[WinRm]:
        """Whether it could be asked at all: whether one of its answers is no error."""
        answered = [one for one in self._answers.values() if one.done()]
        if not answered:
            return Missing(f"{self._host.name} has not answered in time")
        problems = [problem for one in answered if (problem := one.exception()) is not None]
        if len(problems) < len(answered):
            return WinRm(self._host.name)
        hint = problems[0].hint if isinstance(problems[0], WincontainersError) else ""
        return WinRm(self._host.name, _line(problems[0]), hint or "check whether its firewall allows WinRM")

    def _answer(self, command: HostCommand) -> Fact[str]:
        answer = self._answers[command]
        if not answer.done():
            return Missing(f"{self._host.name} has not told it in time")
        problem = answer.exception()
        return answer.result() if problem is None else Missing(_line(problem))


def _line(problem: BaseException) -> str:
    """An error as one line."""
    if isinstance(problem, WincontainersError):
        details = (problem.details.splitlines() or [""])[0]
        return f"{problem.message}: {details}" if details else problem.message
    return (str(problem).splitlines() or [type(problem).__name__])[0]
