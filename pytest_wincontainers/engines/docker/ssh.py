"""Engines behind SSH, by the program `ssh` as the docker CLI uses it.

So the user's own configuration counts: names, keys, agents, jump hosts and known_hosts. The SDK's own way with this
program opens a connection for each request and cannot end a program's input (docker-py docker/transport/sshconn.py),
and its way without it reads little of that configuration.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import threading
import time
from functools import partial
from http.client import HTTPResponse
from typing import Any
from urllib.parse import unquote, urlsplit

import urllib3.connection
import urllib3.connectionpool
from docker.transport.basehttpadapter import BaseHTTPAdapter

from pytest_wincontainers.engines.docker.certificates import Reason, causes_of
from pytest_wincontainers.machine import MACHINE

_CONNECT_SECONDS = 30.0
_END_SECONDS = 2.0
# An sshd with its defaults begins to drop logins at random when ten are under way (sshd_config(5), MaxStartups).
_LOGINS = threading.BoundedSemaphore(4)
_DROPPED = re.compile(r"kex_exchange_identification|Connection (?:closed|reset) by .* port|banner exchange")
_PAUSES = (0.5, 1.0, 2.0)

_OPTIONS = ("-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20")


class SshError(ConnectionError):
    """`ssh` ended; its text is what it wrote to standard error."""


class Target:
    """What an address such as ssh://user@host:port says to `ssh`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        # As it is written, unlike `hostname`: the names in the user's configuration know upper case from lower case.
        found = re.fullmatch(r"(?:.*@)?(?:\[(.*)\]|([^:]*))(?::\d*)?", parts.netloc)
        self.host = (found[1] or found[2] or "") if found else ""
        user = ["-l", unquote(parts.username)] if parts.username else []
        port = ["-p", str(parts.port)] if parts.port else []
        self._to = [*user, *port, "--", self.host]
        # The engine's socket there, as the docker CLI reads it.
        path = parts.path.rstrip("/")
        self._engine = ["--host", shlex.quote(f"unix://{path}")] if path else []

    @property
    def login(self) -> str:
        """How a user connects to it."""
        return shlex.join(["ssh", *self._to]).replace(" -- ", " ")

    @property
    def command(self) -> list[str]:
        """The program, with a stream to the engine as its standard input and output."""
        return ["ssh", *_OPTIONS, *self._to, "docker", *self._engine, "system", "dial-stdio"]

    def address(self) -> str:
        """The name or address that `ssh` connects to, which the user's configuration may have for this host."""
        try:
            words = ["ssh", "-G", *self._to]
            told = subprocess.run(
                words, capture_output=True, stdin=subprocess.DEVNULL, timeout=_CONNECT_SECONDS, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return self.host
        found = re.search(r"^hostname (\S+)", told.stdout.decode("utf-8", "replace"), re.MULTILINE)
        return found[1] if found else self.host


class _Process:
    """One `ssh`, and the socket that is its standard input and output."""

    def __init__(self, command: list[str]) -> None:
        self._process, self.socket = MACHINE.with_socket(command)
        self._words = b""
        # Somebody must wait for it, or it would stay as a zombie.
        self._thread = threading.Thread(target=self._read, name="wincontainers-ssh", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        _, self._words = self._process.communicate()

    def end(self) -> str:
        """End it, where it has not ended by itself; what it wrote to standard error."""
        self._thread.join(_END_SECONDS)
        self.close()
        self._thread.join(_END_SECONDS)
        return self._words.decode("utf-8", "replace").strip()

    def close(self) -> None:
        self.socket.close()
        # By itself it ends only when the engine has no more to say.
        if self._process.poll() is None:
            self._process.terminate()


class _Connection(urllib3.connection.HTTPConnection):
    def __init__(self, target: Target, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._target = target
        self._process: _Process | None = None

    def connect(self) -> None:
        """Log in, and see that the engine answers. Raises SshError, TimeoutError or OSError."""
        with _LOGINS:
            for pause in _PAUSES:
                if self._logged_in():
                    return
                time.sleep(pause)
            self._log_in()

    def _logged_in(self) -> bool:
        """Log in; False if the other side had too many logins under way."""
        try:
            self._log_in()
        except SshError as problem:
            if not _DROPPED.search(str(problem)):
                raise
            return False
        return True

    def _log_in(self) -> None:
        process = _Process(self._target.command)
        answer = HTTPResponse(process.socket)
        try:
            process.socket.settimeout(_CONNECT_SECONDS)
            process.socket.sendall(b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n")
            answer.begin()
            answer.read()
        except TimeoutError as problem:
            raise TimeoutError(f"ssh was not through after {_CONNECT_SECONDS:g} s: {process.end()}") from problem
        except Exception as problem:
            raise SshError(process.end() or "ssh ended without a word") from problem
        finally:
            answer.close()
        process.socket.settimeout(self.timeout)
        self._process, self.sock = process, process.socket

    def close(self) -> None:
        super().close()
        process, self._process = self._process, None
        if process is not None:
            process.close()


class _Pool(urllib3.connectionpool.HTTPConnectionPool):
    def __init__(self, target: Target, timeout: float, size: int) -> None:
        super().__init__("localhost", timeout=timeout, maxsize=size)
        self._target = target
        self._seconds = timeout

    def _new_conn(self) -> Any:
        return _Connection(self._target, self._seconds)


class SshAdapter(BaseHTTPAdapter):  # type: ignore[misc]
    """For the SDK's client, in the place of the one that it has for sockets."""

    def __init__(self, target: Target, timeout: float, size: int) -> None:
        super().__init__()
        self._new_pool = partial(_Pool, target, timeout, size)
        self._pool = self._new_pool()

    def get_connection(self, url: Any, proxies: Any = None) -> Any:
        return self._pool

    def request_url(self, request: Any, proxies: Any) -> str:
        return str(request.path_url)

    def close(self) -> None:
        super().close()
        # As with the SDK's own, what is asked after this opens connections anew.
        closing, self._pool = self._pool, self._new_pool()
        closing.close()


_REASONS = (
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "the host key of {host} is not the one in known_hosts",
        "find out whether the machine was set up anew; if so, `ssh-keygen -R {host}` forgets the old key",
    ),
    (
        r"Host key verification failed|host key is known for",
        "ssh does not know the host key of {host}",
        "connect once with `{login}` and compare the fingerprint, or add the key to known_hosts",
    ),
    (
        r"Permission denied \(|Too many authentication failures",
        "{host} accepts none of the keys that ssh offers",
        "`{login} -v` shows them; a key with a passphrase must be in the agent (docs/hosts.md, SSH)",
    ),
    (
        r"docker: (?:command )?not found|'docker' is not recognized|The term 'docker'",
        "there is no docker command on {host} for SSH",
        "install the docker CLI there, 18.09 or newer, and put it on the PATH of logins by SSH",
    ),
    (
        r"ermission denied while trying to connect to the [Dd]ocker",
        "the account on {host} may not use its engine",
        "add it to the group docker, or on Windows to the group in daemon.json, and log on again",
    ),
)


def find_ssh_reason(problem: BaseException, url: str) -> Reason | None:
    """Why `ssh` failed, if that is what the SDK's error is about and the reason is known."""
    target = Target(url)
    for one in causes_of(problem):
        # Windows does not say which file it has not found.
        if isinstance(one, FileNotFoundError) and one.filename in {"ssh", None}:
            return Reason(
                "there is no program `ssh` on this machine's PATH",
                str(one),
                "install OpenSSH's client (on Windows an optional feature: Add-WindowsCapability -Online -Name "
                "OpenSSH.Client~~~~0.0.1.0)",
            )
        if isinstance(one, SshError):
            for pattern, message, hint in _REASONS:
                if re.search(pattern, str(one)):
                    names = {"host": target.host, "login": target.login}
                    return Reason(message.format_map(names), str(one), hint.format_map(names))
    return None


def ssh_words(problem: BaseException) -> str:
    """What `ssh` said, or nothing."""
    return next((str(one) for one in causes_of(problem) if isinstance(one, SshError)), "")
