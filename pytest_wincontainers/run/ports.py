"""Whether the ports of the engine's machine that declarations ask for are to be had."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

from pytest_wincontainers.engines.base import Engine, EngineInfo, ListedContainer
from pytest_wincontainers.errors import DeclarationError, EngineError
from pytest_wincontainers.hosts.base import port_ranges
from pytest_wincontainers.hosts.duties import HostDuties
from pytest_wincontainers.plan import Plan, PlannedContainer, at
from pytest_wincontainers.run.context import fixed_ports
from pytest_wincontainers.run.removal import NAME, RUN
from pytest_wincontainers.settings import Settings

_FIRST_OPEN_TO_ALL = 1024
_EXCLUDED = "netsh int ipv4 show excludedportrange protocol=tcp"


def check_ports(plan: Plan, engine: Engine, info: EngineInfo, settings: Settings, hosts: HostDuties) -> None:
    """Raise DeclarationError for the first port that `publish=` asks for and somebody else has."""
    wanted: dict[int, PlannedContainer] = {}
    for planned in plan.containers:
        for port in fixed_ports(planned, settings).values():
            other = wanted.setdefault(port, planned)
            if other is not planned:
                raise _taken(planned, port, f"is also that of {other.name}")
    if not wanted:
        return
    listed = engine.containers([])
    having = {port: one for one in listed for port in one.published}
    excluded = port_ranges(hosts.excluded_ports())
    for port, planned in wanted.items():
        for one in excluded:
            if port in one:
                raise _taken(planned, port, f"is in the range {one.start} to {one.stop - 1}, which Windows reserves")
        container = having.get(port)
        if container is not None and not _is_own(container, plan, planned):
            run = container.labels.get(RUN)
            whose = f" of run {run}, which `wincontainers down --run {run}` removes if it has ended" if run else ""
            raise _taken(planned, port, f"is used by the container {container.name}{whose}")
        if container is None and info.near:
            _check_here(planned, port)


def _is_own(container: ListedContainer, plan: Plan, planned: PlannedContainer) -> bool:
    """Whether it is the one that an earlier run has left, which is used again or removed."""
    return (container.labels.get(RUN), container.labels.get(NAME)) == (plan.run, planned.name)


def _check_here(planned: PlannedContainer, port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise _taken(planned, port, "is used by another program on this machine") from None
        # Windows reserves ranges of ports for Hyper-V, other ones after each boot (docker/for-win#3171).
        # On other systems only the engine may open a port as low as that.
        if problem.errno == errno.EACCES and port >= _FIRST_OPEN_TO_ALL:
            raise _taken(planned, port, f"is reserved on this machine; see `{_EXCLUDED}` on Windows") from None


def refused(planned: PlannedContainer, ports: Iterable[int], problem: EngineError) -> DeclarationError:
    """For an engine that refuses ports of `publish=` at start, where nobody had told before who has them."""
    several = " or ".join(map(str, ports))
    why = f"is in use, or in a range that Windows reserves; see `{_EXCLUDED}` on the engine's machine"
    return _taken(planned, several, why, problem.details)


def _taken(planned: PlannedContainer, port: object, why: str, details: str = "") -> DeclarationError:
    problem = DeclarationError(
        f"port {port} {why}",
        details=details,
        hint="free it, or choose another port in publish=, such as one from 13000 to 19999",
    )
    return at(planned.declaration, problem)
