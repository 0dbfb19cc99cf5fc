"""An HTTP proxy in front of a real engine: the mechanics. What makes it a Windows engine stands in `rules`.

Requests and answers in JSON go through the rules; everything that streams or is hijacked is passed on byte by
byte, both ways, so that attach, exec, logs, events and builds are the real engine's own.
"""

from __future__ import annotations

import contextlib
import copy
import json
import re
import selectors
import socket
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from .framing import Framing
from .presets import Preset

if TYPE_CHECKING:
    from .faults import Faults
    from .rules import Rule

VIEW = "wincontainers-test.proxy"
"""The label by which a proxy knows its own containers; nobody else sees it."""

STREAMS = re.compile(r"/(events|build|images/create|containers/[^/]+/(logs|attach|archive|stats)|exec/[^/]+/start)")


class Refused(Exception):
    """What the engine answers instead of doing it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Platform:
    """What inspect tells of an image."""

    os: str
    version: str
    """Four parts; empty for Linux."""


@dataclass
class Container:
    """What the proxy remembers of a container that was created through it."""

    isolation: str
    """The one that counts, "process" or "hyperv"."""
    image: str
    host_config: dict[str, Any]
    """As it was asked for; the real engine gets less."""
    address: str = ""
    """On nat, from its last start; empty before the first."""
    created: float = field(default_factory=time.monotonic)
    """The time, by time.monotonic()."""


@dataclass
class Kept:
    """What rules keep from a request until its answer."""

    container: Container | None = None
    """A create's, to be remembered as soon as it has an id."""
    placeholders: list[str] = field(default_factory=list)
    """The ids of containers that hold addresses during a start."""


@dataclass
class Call:
    """A request on its way; rules look at it and change it."""

    proxy: Proxy
    method: str
    path: str
    query: dict[str, str]
    body: Any
    """JSON as Python has it, or bytes."""
    answer: Any = None
    """JSON as Python has it, or bytes; None as long as there is none."""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    """Of the real engine's answer."""
    kept: Kept = field(default_factory=Kept)

    @property
    def words(self) -> list[str]:
        return self.path.strip("/").split("/")

    @property
    def host_config(self) -> dict[str, Any]:
        config: dict[str, Any] = self.body.setdefault("HostConfig", {})
        return config

    def inspect(self, container: str | None = None) -> dict[str, Any]:
        """The real engine's view of the container that the path names."""
        answer: dict[str, Any]
        status, answer = self.proxy.upstream("GET", f"/containers/{container or self.words[1]}/json")
        if status != 200:
            raise Refused(status, answer["message"])
        return answer

    @property
    def container(self) -> Container | None:
        """What is remembered of the container that the path names, by id or name."""
        known = self.proxy.containers
        if self.words[1] in known:
            return known[self.words[1]]
        status, answer = self.proxy.upstream("GET", f"/containers/{self.words[1]}/json")
        return known.get(answer["Id"]) if status == 200 else None


@dataclass
class Proxy:
    """A Windows engine of the given preset, at `url`, in front of the engine at a unix socket.

    `rules` are asked in order. It sees only the containers that were created through it.
    """

    preset: Preset
    socket_path: str
    rules: Sequence[Rule]
    containers: dict[str, Container] = field(default_factory=dict)
    """By id."""
    calls: list[str] = field(default_factory=list)
    """All requests so far, as "METHOD /path"."""
    bodies: list[tuple[str, Any]] = field(default_factory=list)
    """The same with their bodies."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    faults: Faults | None = None
    images: dict[str, Platform] = field(default_factory=dict)
    """By reference, those whose platform is not what the preset gives."""
    random_ports: list[int] = field(default_factory=list)
    """The ports that the next published ports without one get; afterwards the real engine's choice."""

    def start(self) -> Proxy:
        proxy = self

        class Handler(_Handler):
            def __init__(self, *arguments: Any) -> None:
                self.proxy = proxy
                super().__init__(*arguments)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forget_calls(self) -> None:
        self.calls.clear()
        self.bodies.clear()

    def platform(self, image: str) -> Platform:
        """The platform that an image has on this host."""
        fitting = Platform("windows", f"10.0.{self.preset.image_build}.{self.preset.image_revision}")
        return self.images.get(image, fitting)

    def upstream(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask the real engine; the status and the answer, as JSON where it is that."""
        connection = self.connect()
        try:
            headers = {"Host": "docker"}
            data = None
            if body is not None:
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                headers["Content-Type"] = "application/x-tar" if isinstance(body, bytes) else "application/json"
            connection.request(method, path, data, headers)
            response = connection.getresponse()
            content = response.read()
            try:
                return response.status, json.loads(content) if content else None
            except ValueError:
                return response.status, content
        finally:
            connection.close()

    def connect(self) -> HTTPConnection:
        connection = HTTPConnection("docker")
        connection.sock = self.dial()
        return connection

    def dial(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.connect(self.socket_path)
        return made


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body of an answer are written apart, and the second would wait for the client's word on the first.
    disable_nagle_algorithm = True
    proxy: Proxy

    def log_message(self, *arguments: Any) -> None:
        pass

    def handle(self) -> None:
        # Clients come and go as they like; how they go is none of a daemon's business.
        with contextlib.suppress(OSError):
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        version = re.match(r"/v(\d+\.\d+)(?=/)", parts.path)
        path = parts.path[version.end() :] if version else parts.path
        body = self._body()
        kind = self.headers.get("Content-Type", "")
        if body and (kind.startswith("application/json") or path.endswith(("/create", "/exec"))) and body[:1] == b"{":
            body = json.loads(body)
        call = Call(self.proxy, self.command, path, dict(parse_qsl(parts.query, keep_blank_values=True)), body)
        self.proxy.calls.append(f"{self.command} {path}")
        self.proxy.bodies.append((f"{self.command} {path}", copy.deepcopy(body)))
        try:
            self._check_version(version)
            for rule in self.proxy.rules:
                rule.before(call)
            if call.answer is None and STREAMS.fullmatch(call.path) and call.method != "HEAD":
                self._pump(call)
                return
            if call.answer is None:
                self._forward(call)
            for rule in self.proxy.rules:
                rule.after(call)
        except Refused as refused:
            call.status, call.answer = refused.status, {"message": refused.message}
            for rule in self.proxy.rules:
                rule.after(call)
        except Exception as problem:
            call.status, call.answer = 500, {"message": f"the rules themselves failed: {problem!r}"}
        self._send(call)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

    def _check_version(self, version: re.Match[str] | None) -> None:
        if version is None:
            return
        given, preset = _number(version[1]), self.proxy.preset
        if given < _number(preset.min_api):
            raise Refused(
                400,
                f"client version {version[1]} is too old. Minimum supported API version is {preset.min_api}, "
                "please upgrade your client to a newer version",
            )
        if given > _number(preset.api):
            raise Refused(400, f"client version {version[1]} is too new. Maximum supported API version is {preset.api}")

    def _body(self) -> Any:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _data(self, call: Call) -> bytes:
        return call.body if isinstance(call.body, bytes) else json.dumps(call.body).encode()

    def _target(self, call: Call) -> str:
        return call.path + (f"?{urlencode(call.query)}" if call.query else "")

    def _forward(self, call: Call) -> None:
        connection = self.proxy.connect()
        try:
            data = self._data(call)
            connection.request(
                call.method,
                self._target(call),
                data if data or call.method in {"POST", "PUT"} else None,
                {name: value for name, value in self._headers(call).items() if name.lower() != "connection"},
            )
            response = connection.getresponse()
            content = response.read()
            call.status = response.status
            call.headers = {
                name: value
                for name, value in response.getheaders()
                if name.lower() not in {"transfer-encoding", "content-length", "connection"}
            }
            if response.headers.get("Content-Type", "").startswith("application/json") and content:
                call.answer = json.loads(content)
            else:
                call.answer = content
        finally:
            connection.close()

    def _headers(self, call: Call) -> dict[str, str]:
        kept = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in {"host", "content-length", "transfer-encoding", "connection", "upgrade"}
        }
        return {"Host": "docker", **kept}

    def _send(self, call: Call) -> None:
        content = call.answer if isinstance(call.answer, bytes) else json.dumps(call.answer).encode()
        self.send_response(call.status or 200)
        for name, value in call.headers.items():
            if name.lower() not in {"server", "date", "content-type"}:
                self.send_header(name, "windows" if name.lower() == "ostype" else value)
        self.send_header("Content-Type", call.headers.get("Content-Type", "application/json"))
        if call.method == "HEAD":
            content = b""
        # 204 and 304 have no body, and a client that waits for one would take the next answer for it.
        if call.status not in {204, 304}:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if call.status not in {204, 304}:
            self.wfile.write(content)

    def _pump(self, call: Call) -> None:
        """Send the request on and be a wire from then on, until the answer is whole or somebody closes."""
        self.close_connection = True
        upgrade = self.headers.get("Upgrade")
        headers = self._headers(call)
        if upgrade:
            headers.update(Connection="Upgrade", Upgrade=upgrade)
        data = self._data(call)
        if self.headers.get("Transfer-Encoding"):
            headers["Transfer-Encoding"] = "chunked"
            data = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data) if data else b"0\r\n\r\n"
        elif data or call.method in {"POST", "PUT"}:
            headers["Content-Length"] = str(len(data))
        head = f"{call.method} {self._target(call)} HTTP/1.1\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        far, near = self.proxy.dial(), self.connection
        with far, selectors.DefaultSelector() as selector:
            far.sendall(head.encode() + data)
            # The buffer of the reader may hold what the client sent ahead.
            with contextlib.suppress(OSError):
                near.setblocking(False)
                ahead = self.rfile.peek()
                if ahead:
                    far.sendall(ahead)
            near.setblocking(True)
            selector.register(far, selectors.EVENT_READ, near)
            selector.register(near, selectors.EVENT_READ, far)
            answer = Framing()
            while True:
                for key, _ in selector.select():
                    source, target = key.fileobj, key.data
                    piece = source.recv(65536)  # type: ignore[union-attr]
                    if piece and source is far and not upgrade and answer.follow(piece):
                        # As with a daemon, the connection can be used again.
                        target.sendall(piece)
                        self.close_connection = False
                        return
                    if piece:
                        target.sendall(piece)
                        continue
                    # Only hijacked connections close by halves; of any other the client is gone.
                    if source is far or not upgrade:
                        return
                    selector.unregister(near)
                    with contextlib.suppress(OSError):
                        far.shutdown(socket.SHUT_WR)


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
