"""Connecting to a Docker engine and identifying it."""

from __future__ import annotations

import os
import time
from typing import Any
from urllib.parse import urlsplit

import docker
import docker.utils

from pytest_wincontainers.engines.base import Capabilities, EngineInfo, timestamp
from pytest_wincontainers.engines.docker.calls import first_line, is_connection_error
from pytest_wincontainers.errors import EngineUnavailable
from pytest_wincontainers.failures import find_failure
from pytest_wincontainers.guests import RULES, guest_of
from pytest_wincontainers.guests.base import GuestRules
from pytest_wincontainers.guests.builds import WindowsHost, parse_system, parse_version
from pytest_wincontainers.machine import MACHINE

LOOPBACK = {"localhost", "127.0.0.1", "::1"}

# Windows daemons wait up to four minutes for a container to start (microsoft/hcsshim#1751).
_CALL_SECONDS = 300
_CONNECT_SECONDS = 20
# Every container holds one connection for its log; the rest is for calls.
_CONNECTIONS = 64


class _Client(docker.APIClient):  # type: ignore[misc]
    """The SDK's client, but for the variables that are meant for the web.

    REQUESTS_CA_BUNDLE, which many machines have for their proxy, would count more than the authority in
    DOCKER_CERT_PATH (psf/requests#3829).
    """

    trust_env = property(lambda _: False, lambda *_: None)


def connect(url: str | None) -> tuple[Any, EngineInfo]:
    """A client of the engine that `url` names, or else DOCKER_HOST, or else the current context; and who answers.

    Raises EngineUnavailable.
    """
    environment = dict(os.environ)
    if url:
        environment["DOCKER_HOST"] = url
    if environment.get("DOCKER_CERT_PATH"):
        # The SDK takes certificates without this for TLS that verifies nobody.
        environment["DOCKER_TLS_VERIFY"] = environment.get("DOCKER_TLS_VERIFY") or "1"
    named = environment.get("DOCKER_HOST") or "the current docker context"
    try:
        options: dict[str, Any] = {"version": "auto", "timeout": _CONNECT_SECONDS, "max_pool_size": _CONNECTIONS}
        if environment.get("DOCKER_HOST"):
            client = _Client(**docker.utils.kwargs_from_env(environment), **options)
        else:
            client = docker.DockerClient.from_env(environment=environment, **options).api
        asked = time.time()
        answer = client.info()
        answered = time.time()
        version = client.version(api_version=False)
    except Exception as problem:
        if not is_connection_error(problem):
            raise
        failure = find_failure(str(problem))
        raise EngineUnavailable(
            f"no Docker engine answers at {named}",
            details=first_line(problem),
            hint=(f"{failure.remedy}; or " if failure else "start the engine, or ")
            + "select another one with DOCKER_HOST or --wincontainers-engine; "
            "--wincontainers-missing-engine=skip skips the tests that need one",
            failure=failure,
        ) from problem
    client.timeout = _CALL_SECONDS
    host = _host_of(environment.get("DOCKER_HOST") or docker.ContextAPI.get_current_context().Host or "")
    local = not host or host in LOOPBACK
    guest = guest_of(answer["OSType"])
    near = local and _reaches_containers(answer, RULES[guest])
    return client, EngineInfo(
        id=answer["ID"],
        name="Docker",
        version=version["Version"],
        guest=guest,
        system=answer["OperatingSystem"],
        near=near,
        host="127.0.0.1" if local else str(host),
        capabilities=Capabilities(direct=near, isolation=RULES[guest].has_isolation),
        clock_offset=0.0 if near else timestamp(answer["SystemTime"]) - (asked + answered) / 2,
        windows=_windows(answer) if RULES[guest].has_isolation else None,
        unprotected=not local and client.base_url.startswith("http://"),
    )


def _host_of(url: str) -> str | None:
    """The machine that an engine's address names; None for a socket or a pipe of this one."""
    # The SDK takes an address without a scheme for TCP.
    parts = urlsplit(url if "://" in url else f"tcp://{url}" if url else "")
    return parts.hostname if parts.scheme in {"tcp", "http", "https", "ssh"} else None


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
