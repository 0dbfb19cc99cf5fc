"""When the sites are ready: the first request to each, which also compiles its first page."""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from typing import Protocol

from pytest_wincontainers.errors import NotReady, WincontainersError
from pytest_wincontainers.ready import ANSWER_SECONDS, REFUSED, request
from pytest_wincontainers.services.iis.logs import Event
from pytest_wincontainers.services.iis.sites import Site

_ERROR_LINES = 12
_STACK = re.compile(r"(?i)(exception )?stack trace:|at \S.*|\[\w+: .*\]|.*\)( \+\d+| in .*:\d+)")
_TRIES_WITH_500 = 3
_BAD_CONFIGURATION = re.compile(r"(?m)^\S+ (?!System\.)(\S.*\.config line \d+\))$")
_NOT_FOUND_SECONDS = 10.0


class SitesEndpoint(Protocol):
    """The endpoint, as far as it matters here."""

    @property
    def host(self) -> str: ...
    @property
    def ports(self) -> Mapping[int, int]: ...
    def events(self) -> Sequence[Event]: ...
    def logs(self) -> str: ...


@dataclass
class SitesAnswer:
    """Ready once every site has responded; all sites are requested in parallel.

    The status codes 502 to 504 mean that an application is still starting. A 500 comes from the application itself; if
    it is repeated, waiting longer does not help. Neither does it after a 404, except that not every site has something
    at "/".
    """

    sites: tuple[Site, ...]
    _answered: set[str] = field(default_factory=set)
    _missed: dict[str, float] = field(default_factory=dict)
    _logged: dict[str, int] = field(default_factory=dict)
    _begun: dict[str, float] = field(default_factory=dict)

    @property
    def awaited(self) -> str:
        """What is waited for, for the run's status."""
        names = [site.name for site in self.sites if site.name not in self._answered]
        return f"first request of site {names[0]}" if len(names) == 1 else f"first requests of sites {', '.join(names)}"

    def __call__(self, endpoint: SitesEndpoint) -> str | None:
        waiting = [site for site in self.sites if site.name not in self._answered]
        outcomes: queue.SimpleQueue[tuple[Site, str | WincontainersError | None]] = queue.SimpleQueue()
        for site in waiting:
            # In this thread's context, which has the time limit of the check.
            ask = partial(copy_context().run, self._ask, endpoint, site, outcomes)
            threading.Thread(target=ask, daemon=True).start()
        reasons = []
        asked = time.monotonic()
        for _ in waiting:
            site, outcome = outcomes.get()
            if isinstance(outcome, WincontainersError):
                raise outcome
            if outcome is None:
                self._answered.add(site.name)
                continue
            # Its time begins with the server's, which has to boot.
            if outcome != REFUSED:
                self._begun.setdefault(site.name, asked)
            begun = self._begun.get(site.name, time.monotonic())
            if site.timeout is not None and time.monotonic() - begun > site.timeout:
                raise NotReady(
                    f"the site {site.name} did not respond to {site.health} within {site.timeout:g} s: {outcome}",
                    hint="Site(..., timeout=…) allows more time",
                )
            reasons.append(f"site {site.name}: {outcome}")
        return "; ".join(reasons) or None

    def _ask(
        self,
        endpoint: SitesEndpoint,
        site: Site,
        outcomes: queue.SimpleQueue[tuple[Site, str | WincontainersError | None]],
    ) -> None:
        try:
            outcome: str | WincontainersError | None = self._answer(endpoint, site)
        except WincontainersError as problem:
            outcome = problem
        except Exception as problem:  # noqa: BLE001 - who waits for the thread waits for an outcome
            outcome = f"{type(problem).__name__}: {problem}"
        outcomes.put((site, outcome))

    def _answer(self, endpoint: SitesEndpoint, site: Site) -> str | None:
        page = b""
        headers = {"Host": site.host_header} if site.host_header else {}
        seconds = min(site.timeout or ANSWER_SECONDS, ANSWER_SECONDS)
        for _ in range(_TRIES_WITH_500):
            answer = request(endpoint.host, endpoint.ports[site.port], site.health, headers, seconds)
            if isinstance(answer, str):
                return answer
            if answer.status == 404 and site.health != "/":
                return self._not_found(site, answer.body)
            if answer.status < 500:
                return None
            if answer.status != 500:
                self._refuse_bad_configuration(endpoint, site)
                return f"HTTP status {answer.status}"
            page = answer.body
        event = _last_event(endpoint, site)
        # The event has a stack too.
        said = [error_text(page, stack=not event), *([f"event log:\n{event}"] if event else [])]
        raise NotReady(
            f"the site {site.name} responds to {site.health} with HTTP status 500",
            details="\n".join(said),
            hint="fix the site, or use a path that works without what is missing: Site(..., health=…)",
        )

    def _refuse_bad_configuration(self, endpoint: SitesEndpoint, site: Site) -> None:
        """Raise NotReady if the server says since the first of these answers that it cannot read a web.config.

        Mono says so for each request that it leaves unanswered, where IIS answers with 500.
        """
        log = endpoint.logs()
        found = _BAD_CONFIGURATION.search(log, self._logged.setdefault(site.name, len(log)))
        if found is not None:
            raise NotReady(
                f"the site {site.name} does not start because a web.config is invalid",
                details=found[1],
                hint="correct the file at this line",
            )

    def _not_found(self, site: Site, page: bytes) -> str:
        # While IIS starts its sites, it can be IIS that says so.
        first = self._missed.setdefault(site.name, time.monotonic())
        if time.monotonic() - first > _NOT_FOUND_SECONDS:
            raise NotReady(
                f"the site {site.name} responds to {site.health} with HTTP status 404",
                details=error_text(page, stack=False),
                hint="Site(..., health=…) must be a path that exists; omit it for a site that has none",
            )
        return "HTTP status 404"


def _last_event(endpoint: SitesEndpoint, site: Site) -> str:
    """What the server's event log says: with customErrors, the page is silent."""
    try:
        messages = [event.message for event in endpoint.events()]
    except WincontainersError:
        return ""
    page = site.health.partition("?")[0]
    # An application that does not start at all names no page.
    return ([one for one in messages if page in one] or messages or [""])[-1]


def error_text(page: bytes, *, stack: bool) -> str:
    """What an ASP.NET error page says, without its markup."""
    text = page.decode("utf-8", "replace")
    text = re.sub(r"(?is)<(style|script|head)\b.*?</\1>|<!--.*?-->", "", text).partition("Version Information")[0]
    lines = (unescape(re.sub(r"<[^>]*>", " ", line)).strip() for line in text.splitlines())
    told = [line for line in lines if line and (stack or not _STACK.fullmatch(line))]
    return "\n".join(told[:_ERROR_LINES])
