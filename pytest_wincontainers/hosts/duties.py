"""What a run does on its hosts, however they are reached. A failure here never fails the run; it is noted once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from pytest_wincontainers.engines.base import EngineInfo
from pytest_wincontainers.errors import WincontainersError
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.hosts.base import EXCLUDED_PORTS, FLUSH_DNS, Host
from pytest_wincontainers.hosts.local import LocalHost
from pytest_wincontainers.machine import MACHINE
from pytest_wincontainers.machine.base import Machine
from pytest_wincontainers.settings import Settings

_SECONDS = 30.0


class HostDuties:
    """The hosts of a run. `note` takes a line for its summary."""

    def __init__(self, hosts: Sequence[Host], note: Callable[[str], None]) -> None:
        self._hosts = hosts
        self._note = note

    def flush_dns(self) -> Callable[[], None]:
        """Begin to empty the hosts' DNS client caches; call what is returned to wait for the end."""
        threads = [threading.Thread(target=self._flush, args=(host,), daemon=True) for host in self._hosts]
        for thread in threads:
            thread.start()

        def wait() -> None:
            for thread in threads:
                thread.join()

        return wait

    def _flush(self, host: Host) -> None:
        try:
            host.run(FLUSH_DNS, _SECONDS)
        except WincontainersError as problem:
            self._note(f"the DNS client cache of {host.name} was not flushed: {_line(problem)}")

    def excluded_ports(self) -> str:
        """The ranges of ports that the engine's machine gives nobody, as it prints them; "" where nobody can ask."""
        if not self._hosts:
            return ""
        # The engine's machine, where it is another, stands last.
        host = self._hosts[-1]
        try:
            return host.run(EXCLUDED_PORTS, _SECONDS).strip()
        except WincontainersError as problem:
            self._note(f"the excluded ports of {host.name} could not be read: {_line(problem)}")
            return ""

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
    if settings.winrm is not None:
        from pytest_wincontainers.hosts.winrm import WinRmHost

        hosts.append(WinRmHost(settings))
    elif RULES[info.guest].host_caches_dns and not info.near:
        note(
            f"the DNS client cache of {info.host} was not flushed because no connection to that machine is configured; "
            "set --wincontainers-winrm"
        )
    return HostDuties(hosts, note)


def _line(problem: WincontainersError) -> str:
    details = (problem.details.splitlines() or [""])[0]
    return f"{problem.message}: {details}" if details else problem.message
