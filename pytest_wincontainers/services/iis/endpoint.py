"""The endpoint of a web server: its sites' addresses, and what its logs contain."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers.errors import NotReady, PreparationError
from pytest_wincontainers.services import Endpoint, Face, FaceMaker, Link, agent, logs
from pytest_wincontainers.services.iis.layout import HostedSite
from pytest_wincontainers.services.iis.logs import Event, LogEntry, LogReader, LogSites, Request, fields_before
from pytest_wincontainers.services.iis.readiness import SitesAnswer
from pytest_wincontainers.services.iis.server import WebServer
from pytest_wincontainers.services.iis.servers import SERVERS
from pytest_wincontainers.services.iis.sites import Site

_RECYCLE_SECONDS = 180.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class SiteFace:
    """How a site is reached from one side.

    `url` contains the server's address; if the site has a `host_header`, requests must send it as `Host`.
    """

    name: str
    url: str
    host_header: str = ""


@dataclass(frozen=True)
class IisFace(Face):
    """How a container's sites are reached from one side."""

    sites: Mapping[str, Site]

    def site(self, name: str) -> SiteFace:
        """The site of that name. Raises LookupError."""
        if name not in self.sites:
            raise LookupError(f"unknown site: {name!r}; the sites are {', '.join(self.sites)}")
        site = self.sites[name]
        return SiteFace(name, f"http://{self.host}:{self.ports[site.port]}", site.host_header)


class IisEndpoint(Endpoint[IisFace]):
    """A web server with its sites; `url` is the URL of the first site."""

    def __init__(self, link: Link, face: FaceMaker[IisFace], hosted: Sequence[HostedSite], log_sites: LogSites) -> None:
        super().__init__(link, face)
        self._hosted = hosted
        self._log_sites = log_sites

    @property
    def access(self) -> Mapping[str, str]:
        """The address of each site, by its name, with what a browser must send as `Host` if that is another name."""
        found = {}
        for name, site in self._face.sites.items():
            host = f" (Host: {site.host_header})" if site.host_header else ""
            found[name] = f"{self._face.site(name).url}{host}"
        return found

    def site(self, name: str) -> SiteFace:
        """The site of that name. Raises LookupError."""
        return self._face.site(name)

    def requests(self, site: str | None = None, *, since: float | None = None) -> list[Request]:
        """The completed requests of all sites or of one site, in the order of their times.

        By default these are the requests since the current test began, from any client. `since` is a different start,
        in seconds since 1970 by the engine's clock; 0 returns all requests. IIS logs whole seconds, so requests of the
        second before may be included. Raises LookupError for an unknown site, and EngineError or NotReady if the logs
        are not available.
        """
        if site is not None:
            self.site(site)
        found = [entry.what for entry in self._entries(since) if isinstance(entry.what, Request)]
        # Each site has a log of its own, and one is written after the other.
        found.sort(key=lambda request: request.time)
        return [request for request in found if site in (None, request.site)]

    def events(self, *, since: float | None = None) -> list[Event]:
        """The event log entries of ASP.NET and .NET; on a Linux engine, Mono's unhandled exceptions.

        `since` and the exceptions are the same as for `requests`.
        """
        return [entry.what for entry in self._entries(since) if isinstance(entry.what, Event)]

    def _entries(self, since: float | None) -> Iterator[LogEntry]:
        self.flush_logs()
        began = self._link.test_start()
        start, offset = (began.time, began.offset) if since is None else (since, 0)
        # What was written before the test came before it; that also narrows down what has whole seconds only.
        reader = LogReader(self._log_sites, fields_before(logs.chunks(self._log, 0, offset)))
        for one in reader.read(logs.whole_lines(logs.read(self._log, offset))):
            if isinstance(one, LogEntry) and one.what.time + one.resolution >= start:
                yield one

    @property
    def _log(self) -> Path:
        return Path(self._link.info().log)

    def flush_logs(self) -> None:
        """Wait until everything that the server has logged so far is in the container's output.

        Raises EngineError, and NotReady if this takes too long.
        """
        agent.flush_logs(self._link)

    def recycle(self, site: str | None = None) -> None:
        """Recycle the application pools of one site or of all sites, and wait until the sites respond again.

        The applications lose their in-memory state. On IIS, running requests are still completed. Raises LookupError
        for an unknown site, and WincontainersError if recycling fails.
        """
        if site is not None:
            self.site(site)
        chosen = [one for one in self._server.place(self._hosted) if site in (None, one.hosted.declared.name)]
        deadline = time.monotonic() + _RECYCLE_SECONDS
        for pool in dict.fromkeys(one.pool_name for one in chosen):
            self._server.recycle(pool, self._run, deadline)
        answers = SitesAnswer(tuple({one.number: one.hosted.declared for one in chosen}.values()))
        while (why_not := answers(self)) is not None:
            if time.monotonic() > deadline:
                raise NotReady(f"{self.name} does not respond after it was recycled: {why_not}", hint="check its log")
            time.sleep(_POLL_SECONDS)

    def _run(self, *command: str) -> str:
        done = self.exec(*command)
        if done.exit_code != 0:
            raise PreparationError(
                f"{command[0]} failed in {self.name}, so no application pool was recycled",
                details=done.output,
                hint="check its log",
            )
        return done.output

    @property
    def _server(self) -> WebServer:
        return SERVERS[self._link.info().guest]
