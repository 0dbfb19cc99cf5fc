"""The output of a web server's container: requests, events, and other lines.

The image's entry point relays every log to the container's output. Each line starts with the name of its log:

    [w3c 1] 2026-11-24 07:15:02.118 …     the access log of the site with the id 1, with its #Fields line before
    [httperr] …                           requests that no site answered, in the same format
    [event 17] {"source": …}              an entry of the event log, without its text
    [event 17] | text                     a line of its text
    [mark] token                          everything logged before the token was requested is above this line

Fields are found by the names in the last #Fields line, as IIS writes another whenever they change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote

from pytest_wincontainers.services import logs as files
from pytest_wincontainers.services import timestamp

_TAGGED = re.compile(r"\[(w3c (?P<site>\d+)|httperr|event (?P<key>[\w.-]+)|mark)\] ?(?P<rest>.*)", re.DOTALL)
_FIELDS = "#Fields:"
_HEADER = re.compile(rb"(?m)^\S+ \[(w3c \d+|httperr)\] #Fields: (.*)$")
_NOTHING = "-"
_EXCEPTION_BEGINS = re.compile(r"Exception information:\s*$")
_EXCEPTION = re.compile(r"[\w.+`]+(Exception|Error)\b.*: ")
# In events of ASP.NET, and of the process activation service.
_DOMAIN = re.compile(r"/LM/W3SVC/(\d+)/ROOT")
_POOL = re.compile(r"application pool '?([\w.-]*\w)")

Fields = Mapping[str, Sequence[str]]
"""The names of the fields, by log: `w3c 1`, `httperr`."""


@dataclass(frozen=True)
class Request:
    """A request as logged by the server.

    `time` is its end, in seconds since 1970 by the engine's clock; IIS logs whole seconds. `path` is decoded; IIS logs
    spaces in it as +. A request that no site answered (HTTPERR) has a `reason`, no `milliseconds`, usually no `site`,
    and the status 0 if there was no response at all. `fields` contains everything that was logged, by W3C field names
    such as "cs(User-Agent)".
    """

    site: str
    time: float
    method: str
    path: str
    query: str
    status: int
    milliseconds: int | None
    reason: str = ""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Event:
    """An entry of the event log; on a Linux engine, an unhandled exception of Mono in the same form.

    `time` is in seconds since 1970 by the engine's clock.
    """

    time: float
    source: str
    id: int
    level: str
    message: str


@dataclass(frozen=True)
class LogSites:
    """Whose a line is: the sites of a container, in the order of their ids."""

    names: Sequence[str | None]
    """The declared names; None for a site of another pytest-xdist worker, whose lines are left out."""
    other_pools: frozenset[str] = frozenset()
    """The application pools of other workers."""

    def name(self, number: int) -> str | None:
        """The name of the site with that id; "" if it is not known."""
        return self.names[number - 1] if 0 < number <= len(self.names) else ""

    def concerns(self, event: Event) -> bool:
        """Whether an event may be of these sites; not every event says where it comes from."""
        site, pool = _DOMAIN.search(event.message), _POOL.search(event.message)
        if site is not None:
            return self.name(int(site[1])) is not None
        return pool is None or pool[1] not in self.other_pools


@dataclass(frozen=True)
class LogEntry:
    """A request or an event with the lines that told of it."""

    log: str
    what: Request | Event
    lines: tuple[str, ...]
    resolution: float = 0.0
    """Seconds by which the time may be too early."""


class LogReader:
    """Reads lines in their order; what is not complete yet comes with later lines."""

    def __init__(self, sites: LogSites, fields: Fields | None = None) -> None:
        self._sites = sites
        self._fields = dict(fields or {})
        self._events: dict[str, tuple[dict[str, object], list[str]]] = {}

    @property
    def fields(self) -> Fields:
        """The names that are in force."""
        return self._fields

    def read(self, lines: Iterable[files.Line]) -> Iterator[LogEntry | files.Line]:
        """What the lines tell: entries, and the lines of no log. Lines that cannot be read are given as they are."""
        for line in lines:
            found = _TAGGED.match(line.text)
            if found is None:
                yield line
            elif found["key"]:
                yield from self._event(found["key"], found["rest"])
            elif not found[1].startswith("mark"):
                yield from self._request(found[1], found["rest"], line)

    def _request(self, log: str, text: str, line: files.Line) -> Iterator[LogEntry | files.Line]:
        if text.startswith(_FIELDS):
            self._fields[log] = text[len(_FIELDS) :].split()
        elif text and not text.startswith("#"):
            values = dict(zip(self._fields.get(log, ()), text.split(), strict=False))
            # HTTPERR also has connections that were closed without a request.
            if log == "httperr" and values.get("cs-method", _NOTHING) == _NOTHING:
                return
            number = log.partition(" ")[2] or values.get("s-siteid", _NOTHING)
            site = self._sites.name(int(number) if number.isdecimal() else 0)
            if site is None:
                return
            try:
                request = self._made(site, values)
            except (KeyError, ValueError):
                yield line
                return
            shown = (f"{_FIELDS} {' '.join(self._fields[log])}", text)
            yield LogEntry(log, request, shown, 0.0 if "." in values["time"] else 1.0)

    def _made(self, site: str, values: Mapping[str, str]) -> Request:
        stem, question, query = values.get("cs-uri", "").partition("?")
        taken = values.get("time-taken")
        status = values["sc-status"]
        query = query if question else values.get("cs-uri-query", "")
        return Request(
            site=site,
            time=timestamp(f"{values['date']}T{values['time']}Z"),
            method=values["cs-method"],
            path=unquote(values.get("cs-uri-stem") or stem),
            query="" if query == _NOTHING else query,
            status=0 if status == _NOTHING else int(status),
            milliseconds=int(taken) if taken is not None else None,
            reason=values.get("s-reason", ""),
            fields=values,
        )

    def _event(self, key: str, text: str) -> Iterator[LogEntry]:
        if not text.startswith("|"):
            with suppress(ValueError):
                head = json.loads(text)
                if isinstance(head, dict) and {"source", "id", "level", "time", "lines"} <= head.keys():
                    timestamp(str(head["time"]))
                    self._events[key] = ({**head, "id": int(head["id"])}, [])
        elif key in self._events:
            # Else its beginning is of an earlier test.
            self._events[key][1].append(text[2:])
        head, said = self._events.get(key, ({"lines": -1}, []))
        if len(said) == head["lines"]:
            del self._events[key]
            when = str(head["time"])
            event = Event(
                time=timestamp(when),
                source=str(head["source"]),
                id=int(str(head["id"])),
                level=str(head["level"]),
                message="\n".join(said),
            )
            if self._sites.concerns(event):
                heading = f"{when[11:23].rstrip('Z')} {event.level} {event.source} {event.id}"
                yield LogEntry("events", event, (heading, *_exception_first(said)))


def _exception_first(said: Sequence[str]) -> list[str]:
    """An event's lines with those of the exception in front.

    ASP.NET's has its own between two lines that end with a colon, among lines about the application and the request;
    the stack of the thread at the end is the same once more (event 1309 in the documentation of health monitoring).
    """
    begin = next((at for at, line in enumerate(said) if _EXCEPTION_BEGINS.match(line)), None)
    if begin is None:
        begin = next((at for at, line in enumerate(said) if _EXCEPTION.match(line)), 0)
        return [*said[begin:], *said[:begin]]
    end = next((at for at in range(begin + 1, len(said)) if said[at].startswith("Request information:")), len(said))
    return [*said[begin:end], *said[end:], *said[:begin]]


def fields_before(pieces: Iterable[bytes]) -> Fields:
    """The names of fields that are in force at the end of a log, which comes in pieces that break anywhere."""
    found: dict[str, Sequence[str]] = {}
    rest = b""
    for piece in pieces:
        content = rest + piece
        end = content.rfind(b"\n") + 1
        found.update(
            (log.decode(), names.decode("utf-8", "replace").split()) for log, names in _HEADER.findall(content[:end])
        )
        rest = content[end:]
    return found


def excerpts(
    lines: Iterable[files.Line], sites: LogSites, fields: Fields, since: float, until: float
) -> dict[str, list[str]]:
    """The part from `since` to `until` for a test's report, by log: "" for the container's own output."""
    found: dict[str, list[str]] = {"": []}
    events: list[str] = []
    for one in LogReader(sites, fields).read(lines):
        if isinstance(one, files.Line):
            if since <= one.time <= until:
                found[""].append(one.for_people)
        elif since <= one.what.time + one.resolution and one.what.time <= until:
            if isinstance(one.what, Event):
                events += one.lines
                continue
            said = found.setdefault("HTTPERR log" if one.log == "httperr" else f"W3C log of {one.what.site}", [])
            heading, text = one.lines
            if heading not in said:
                said.append(heading)
            said.append(text)
    found["event log"] = events
    return {title: said for title, said in found.items() if said}
