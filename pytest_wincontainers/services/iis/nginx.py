"""The equivalent of IIS's configuration on a Linux engine: nginx in front of one Mono process for each pool."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_wincontainers.services.agent import DIRECTORIES

FOLDER = DIRECTORIES["linux"]
"""Where the image expects the files."""

W3C_FIELDS = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip sc-status time-taken"
HTTPERR_FIELDS = "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename"

_W3C = (
    "$w3c_date $w3c_time $server_addr $request_method $w3c_stem $w3c_query $server_port $remote_addr $status"
    " $w3c_milliseconds"
)
_HTTPERR = (
    "$w3c_date $w3c_time $remote_addr $remote_port $server_addr $server_port $server_protocol $request_method"
    " $request_uri $status - Hostname -"
)
_HTTPERR_LOG = "logs/HTTPERR/httperr1.log"
_FIRST_PORT = 9000


@dataclass(frozen=True)
class Pool:
    """A Mono process; `applications` maps virtual paths to folders, `site` is the number of their site."""

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    applications: Sequence[tuple[str, str]] = ()
    site: int = 1


@dataclass(frozen=True)
class Server:
    """A site; `locations` maps the virtual paths of its applications to pools."""

    number: int
    port: int
    host: str
    folder: str
    locations: Mapping[str, str]


def files(servers: Sequence[Server], pools: Sequence[Pool], *, compress: bool = False) -> dict[str, bytes]:
    """The files for `FOLDER`, by name."""
    ports = _pool_ports(servers, pools)
    made = {f"pools/{pool.name}.sh": _pool_script(pool, ports[pool.name]) for pool in pools}
    made["sites.conf"] = "\n".join(_configuration(servers, ports, compress=compress))
    # IIS's logs begin so, too; nginx goes on from there.
    made.update({_log(server.number): f"#Fields: {W3C_FIELDS}\n" for server in servers})
    made[_HTTPERR_LOG] = f"#Fields: {HTTPERR_FIELDS}\n"
    return {name: content.encode() for name, content in made.items()}


def _log(number: int) -> str:
    return f"logs/W3SVC{number}/u_ex.log"


def _pool_ports(servers: Sequence[Server], pools: Sequence[Pool]) -> Mapping[str, int]:
    # Not a socket file: where its queue is full, nginx answers 502 at once.
    taken = {server.port for server in servers}
    free = (port for port in range(_FIRST_PORT, 65536) if port not in taken)
    return {pool.name: port for pool, port in zip(pools, free, strict=False)}


def _pool_script(pool: Pool, port: int) -> str:
    applications = ",".join(f"{path}:{folder}" for path, folder in pool.applications)
    options = [f"/applications={applications}", f"/socket=tcp:127.0.0.1:{port}", "/printlog=True", "/loglevels=Error"]
    # By env, as a shell does not take every name that a variable can have.
    given = {"WINCONTAINERS_SITE": str(pool.site), **pool.environment}
    variables = [f"{name}={value}" for name, value in given.items()]
    return f"exec env {shlex.join([*variables, 'fastcgi-mono-server4', *options])}\n"


def _configuration(servers: Sequence[Server], ports: Mapping[str, int], *, compress: bool) -> Iterator[str]:
    if compress:
        yield "gzip on; gzip_min_length 1; gzip_proxied any; gzip_types text/css application/json text/javascript;"
    yield f"log_format w3c '{_W3C}';\nlog_format httperr '{_HTTPERR}';"
    opened: set[int] = set()
    for server in servers:
        default = "" if server.host else " default_server"
        # As many waiting connections as a pool's queue has in IIS; said once for each port.
        backlog = "" if server.port in opened else " backlog=4096"
        opened.add(server.port)
        yield f"server {{\n    listen {server.port}{default}{backlog};\n    server_name {server.host or '_'};"
        yield f"    access_log {FOLDER}/{_log(server.number)} w3c;\n    root {server.folder};"
        for path, pool in server.locations.items():
            passed = f"fastcgi_pass 127.0.0.1:{ports[pool]}; include fastcgi.conf;"
            if path == "/":
                yield f"    location / {{ {passed} }}"
            else:
                yield f"    location = {path} {{ {passed} }}\n    location {path}/ {{ {passed} }}"
        yield "}"
    open_ports = {server.port for server in servers if not server.host}
    for port in sorted({server.port for server in servers} - open_ports):
        yield f"server {{ listen {port} default_server; access_log {FOLDER}/{_HTTPERR_LOG} httperr; return 400; }}"
