"""Connecting to a Docker engine and identifying it."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Any

import docker
import docker.constants
import docker.tls

from pytest_wincontainers.engines.base import Capabilities, EngineInfo
from pytest_wincontainers.engines.docker.address import Address, find
from pytest_wincontainers.engines.docker.calls import first_line, is_connection_error
from pytest_wincontainers.engines.docker.certificates import find_reason
from pytest_wincontainers.engines.docker.ssh import SshAdapter, Target, find_ssh_reason, ssh_words
from pytest_wincontainers.engines.times import timestamp
from pytest_wincontainers.errors import EngineError, EngineUnavailable
from pytest_wincontainers.failures import find_failure
from pytest_wincontainers.guests import RULES, guest_of
from pytest_wincontainers.guests.base import GuestRules
from pytest_wincontainers.guests.builds import WindowsHost, parse_system, parse_version
from pytest_wincontainers.limits import OutOfTime, within
from pytest_wincontainers.machine import MACHINE

# Windows daemons wait up to four minutes for a container to start (microsoft/hcsshim#1751).
_CALL_SECONDS = 300
_CONNECT_SECONDS = 20
# Every container holds one connection for its log; the rest is for calls.
_CONNECTIONS = 64
_PIPE = "http+docker://localnpipe"
"""How the SDK calls every named pipe."""


class _Client(docker.APIClient):  # type: ignore[misc]
    """The SDK's client, but for the variables that are meant for the web.

    REQUESTS_CA_BUNDLE, which many machines have for their proxy, would count more than the authority in
    DOCKER_CERT_PATH (psf/requests#3829).
    """

    trust_env = property(lambda _: False, lambda *_: None)

    def send(self, request: Any, **options: Any) -> Any:
        """Send a request, over a named pipe with a time limit, too.

        The SDK reads those without any (docker-py docker/transport/npipesocket.py). What is streamed has none.
        """
        seconds = options.get("timeout")
        if self.base_url != _PIPE or not isinstance(seconds, (int, float)):
            return super().send(request, **options)
        try:
            return within(seconds, partial(super().send, request, **options))
        except OutOfTime:
            raise TimeoutError(f"nothing came over the named pipe for {seconds:g} s") from None


def connect(url: str | None, insecure: str = "", context: str = "") -> tuple[Any, EngineInfo]:
    """A client of the engine that `url` or the context names, or else that of the docker CLI; and who answers.

    `insecure` names the one machine that may be connected to without TLS. Raises EngineUnavailable, or EngineError
    where the connection is not a safe one.
    """
    address = find(url, os.environ, context)
    _check_protection(address, insecure)
    if address.certificates is not None:
        address.certificates.check()
    try:
        client = _client(address)
        asked = time.time()
        answer = client.info()
        answered = time.time()
        version = client.version(api_version=False)
    except Exception as problem:
        if not is_connection_error(problem):
            raise
        raise _refusal(address, problem) from problem
    client.timeout = _CALL_SECONDS
    guest = guest_of(answer["OSType"])
    near = address.local and _reaches_containers(answer, RULES[guest])
    return client, EngineInfo(
        id=answer["ID"],
        name="Docker",
        version=version["Version"],
        guest=guest,
        system=answer["OperatingSystem"],
        near=near,
        host=_published_at(address),
        capabilities=Capabilities(direct=near, isolation=RULES[guest].has_isolation),
        clock_offset=0.0 if near else timestamp(answer["SystemTime"]) - (asked + answered) / 2,
        windows=_windows(answer) if RULES[guest].has_isolation else None,
        unprotected=address.unprotected,
    )


def _client(address: Address) -> Any:
    options: dict[str, Any] = {"version": "auto", "timeout": _CONNECT_SECONDS, "max_pool_size": _CONNECTIONS}
    if address.scheme == "ssh":
        return _client_by_ssh(Target(address.url))
    if address.url:
        options["base_url"] = address.url
    files = address.certificates
    if files is not None:
        pair = (str(files.certificate), str(files.key)) if files.certificate and files.key else None
        authority = str(files.authority) if files.authority else None
        options["tls"] = docker.tls.TLSConfig(client_cert=pair, ca_cert=authority, verify=files.verify)
    return _Client(**options)


def _client_by_ssh(target: Target) -> Any:
    # To the SDK it is a socket of this machine; for SSH it would have ways of its own in many places.
    client = _Client("unix:///ssh", version=docker.constants.DEFAULT_DOCKER_API_VERSION, timeout=_CONNECT_SECONDS)
    client.mount("http+docker://", SshAdapter(target, _CONNECT_SECONDS, _CONNECTIONS))
    client._version = client.version(api_version=False)["ApiVersion"]
    return client


def _check_protection(address: Address, insecure: str) -> None:
    host = str(address.host)
    if not address.unprotected or host.lower() == insecure.lower():
        return
    lacks = "is not encrypted" if address.certificates is None else "does not verify the engine's certificate"
    raise EngineError(
        f"the connection to {address.named} {lacks}",
        hint="use TLS (DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or a docker context with certificates) or SSH, as "
        "whoever can change what is sent to an engine controls its machine; "
        f"--wincontainers-insecure-engine={host} connects all the same",
    )


def _refusal(address: Address, problem: Exception) -> EngineError:
    """The error for a connection that failed, with the reason as far as it is known."""
    host = str(address.host)
    reason = find_ssh_reason(problem, address.url) or find_reason(problem, host, address.port, address.certificates)
    words = ssh_words(problem) or first_line(problem)
    failure = find_failure(words)
    if failure is not None and failure.phase not in {"connect", "daemon"}:
        failure = None
    if reason is not None:
        # Not EngineUnavailable: an engine that must not be used is no engine to go without.
        return EngineError(
            f"{reason.message} ({address.named})", details=reason.details, hint=reason.hint, failure=failure
        )
    return EngineUnavailable(
        f"no Docker engine answers at {address.named}",
        details=words,
        hint=(f"{failure.remedy}; or " if failure else "start the engine, or ")
        + "select another one with DOCKER_HOST or --wincontainers-engine; "
        "--wincontainers-missing-engine=skip skips the tests that need one",
        failure=failure,
    )


def _published_at(address: Address) -> str:
    """Where this machine finds the ports that the engine publishes."""
    if address.local:
        return "127.0.0.1"
    return Target(address.url).address() if address.scheme == "ssh" else str(address.host)


def _reaches_containers(answer: Any, guest: GuestRules) -> bool:
    """Whether this machine has a route to the containers' own addresses, by what the engine on it answers."""
    if guest.routed:
        return True
    # Docker Desktop keeps Linux containers in a virtual machine, and a rootless engine in a network of its own.
    rootless = any("rootless" in option for option in answer.get("SecurityOptions") or [])
    return MACHINE.routes_to_linux_containers and not rootless and "Docker Desktop" not in answer["OperatingSystem"]


def _windows(answer: Any) -> WindowsHost | None:
    # Only the name has the revision (moby/moby daemon/info_windows.go).
    build = parse_system(answer["OperatingSystem"]) or parse_version(answer.get("OSVersion") or "")
    if build is None:
        return None
    isolation = "hyperv" if answer.get("Isolation") == "hyperv" else "process"
    return WindowsHost(build, "Server" in answer["OperatingSystem"], isolation)  # type: ignore[arg-type]
