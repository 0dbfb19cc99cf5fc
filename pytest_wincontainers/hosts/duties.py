"""What a run does on its hosts, however they are reached. A failure here never fails the run; it is noted once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from pytest_wincontainers.engines.base import EngineInfo
from pytest_wincontainers.errors import WincontainersError
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.hosts.base import EXCLUDED_PORTS, FLUSH_DNS, Host, in_a_line
from pytest_wincontainers.hosts.event_logs import EventLogs
from pytest_wincontainers.hosts.local import LocalHost
from pytest_wincontainers.limits import beside
from pytest_wincontainers.machine import MACHINE
from pytest_wincontainers.machine.base import Machine
from pytest_wincontainers.settings import Settings

_SECONDS = 30.0


class HostDuties:
    """The hosts of a run. `note` takes a line for its summary.

    `engine` is the one that the engine runs on, if it can be asked; `logs` are that machine's, if it has any to read.
    """

    def __init__(
        self,
        hosts: Sequence[Host],
        note: Callable[[str], None],
        *,
        engine: Host | None = None,
        logs: EventLogs | None = None,
    ) -> None:
        self._hosts = hosts
        self._note = note
        self._engine = engine
        self._logs = logs

    def flush_dns(self) -> Callable[[], None]:
        """Begin to empty the hosts' DNS client caches; call what is returned to wait for the end."""
        return beside(partial(self._flush, host) for host in self._hosts)

    def _flush(self, host: Host) -> None:
        try:
            host.run(FLUSH_DNS, _SECONDS)
        except WincontainersError as problem:
            self._note(f"the DNS client cache of {host.name} was not flushed: {in_a_line(problem)}")

    def excluded_ports(self) -> str:
        """The ranges of ports that the engine's machine gives nobody, as it prints them; "" where nobody can ask."""
        host = self._engine
        if host is None:
            return ""
        try:
            return host.run(EXCLUDED_PORTS, _SECONDS).strip()
        except WincontainersError as problem:
            self._note(f"the excluded ports of {host.name} could not be read: {in_a_line(problem)}")
            return ""

    def events(self, mask: Callable[[str], str]) -> str:
        """Recent errors and warnings of the engine's machine, a line each, or a line that says why it cannot be asked.

        Empty where there are none. Takes 10 s at most and never raises. `mask` masks secrets in a text.
        """
        return self._logs.text(mask) if self._logs is not None else ""

    def close(self) -> None:
        """Let go of the hosts."""
        for host in self._hosts:
            host.close()


def duties(
    info: EngineInfo, settings: Settings, note: Callable[[str], None], *, machine: Machine = MACHINE
) -> HostDuties:
    """The hosts of a run: this machine where it has a DNS client cache, and the engine's where that is another.

    Raises DeclarationError for WinRM settings that cannot be.
    """
    hosts: list[Host] = [LocalHost()] if machine.has_dns_cache else []
    engine = hosts[0] if hosts and info.near else None
    rules, unset = RULES[info.guest], "no connection to that machine is configured; set --wincontainers-winrm"
    if settings.winrm is not None:
        from pytest_wincontainers.hosts.winrm import WinRmHost

        engine = WinRmHost(settings)
        hosts.append(engine)
    elif rules.host_caches_dns and not info.near:
        note(f"the DNS client cache of {info.host} was not flushed because {unset}")
    logs = None
    if rules.host_logs_events and (engine is not None or not info.near):
        name, problem = (engine.name, "") if engine is not None else (info.host, unset)
        logs = EventLogs(name, engine, problem)
    return HostDuties(hosts, note, engine=engine, logs=logs)
