"""The Docker engine, by the Docker SDK. The only file that imports it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import docker
import docker.errors
import docker.types
import docker.utils.build
import requests
import urllib3.exceptions

from pytest_wincontainers.engines.base import (
    NETWORK,
    Build,
    ContainerSpec,
    ContainerState,
    EngineInfo,
    ExecResult,
    Image,
    Listed,
    Progress,
    timestamp,
)
from pytest_wincontainers.errors import EngineError, EngineUnavailable, ImageError

# Windows daemons wait up to four minutes for a container to start (microsoft/hcsshim#1751).
_CALL_SECONDS = 300
_CONNECT_SECONDS = 20
# Every container holds one connection for its log; the rest is for calls.
_CONNECTIONS = 64
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_BUILD_TAIL_LINES = 30


class DockerEngine:
    """The engine that `url` names, or else DOCKER_HOST, or else the current docker context."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._connected: Any = None
        self._info: EngineInfo | None = None

    @property
    def address(self) -> str | None:
        return self._url or ""

    def info(self) -> EngineInfo:
        if self._info is None:
            self._info = self._connect()
        return self._info

    def _connect(self) -> EngineInfo:
        environment = dict(os.environ)
        if self._url:
            environment["DOCKER_HOST"] = self._url
        named = environment.get("DOCKER_HOST") or "the current docker context"
        try:
            client = docker.DockerClient.from_env(
                environment=environment, version="auto", timeout=_CONNECT_SECONDS, max_pool_size=_CONNECTIONS
            )
            asked = time.time()
            answer = client.api.info()
            answered = time.time()
            version = client.api.version(api_version=False)
        except (docker.errors.DockerException, requests.RequestException, OSError) as problem:
            raise EngineUnavailable(
                f"no Docker engine answers at {named}",
                details=_first_line(problem),
                hint="start the engine, or name another one with DOCKER_HOST or --wincontainers-engine; "
                "--wincontainers-missing-engine=skip skips the tests that need it",
            ) from problem
        client.api.timeout = _CALL_SECONDS
        self._connected = client.api
        host = _host_of(environment.get("DOCKER_HOST") or docker.ContextAPI.get_current_context().Host or "")
        local = not host or host in _LOOPBACK
        near = local and _reaches_containers(answer)
        return EngineInfo(
            id=answer["ID"],
            name="Docker",
            version=version["Version"],
            guest="windows" if answer["OSType"] == "windows" else "linux",
            system=answer["OperatingSystem"],
            near=near,
            host="127.0.0.1" if local else str(host),
            clock_offset=0.0 if near else timestamp(answer["SystemTime"]) - (asked + answered) / 2,
        )

    @property
    def _api(self) -> Any:
        if self._connected is None:
            self.info()
        return self._connected

    def image(self, reference: str) -> Image | None:
        with _calling(f"look up the image {reference}"):
            try:
                answer = self._api.inspect_image(reference)
            except docker.errors.ImageNotFound:
                return None
        exposed = (answer.get("Config") or {}).get("ExposedPorts") or {}
        ports = sorted(int(port.split("/")[0]) for port in exposed if port.endswith("/tcp"))
        return Image(answer["Id"], tuple(ports))

    def pull(self, reference: str, progress: Progress) -> None:
        try:
            with _calling(f"pull {reference}"):
                # Without a tag the SDK would pull every tag of the repository.
                name, tag = docker.utils.parse_repository_tag(reference)
                for event in self._api.pull(name, tag=tag or "latest", stream=True, decode=True):
                    if "error" in event:
                        raise ImageError(
                            f"the image {reference} cannot be pulled",
                            details=event["error"],
                            hint="check its name and that the engine reaches and may read the registry",
                        )
                    progress(event.get("status", ""))
        except EngineUnavailable:
            raise
        except EngineError as refused:
            raise ImageError(
                f"the image {reference} is not on the engine and cannot be pulled",
                details=refused.details,
                hint="check its name and that the engine reaches and may read the registry",
            ) from refused

    def context_files(self, build: Build) -> Sequence[str]:
        ignore = build.folder / ".dockerignore"
        patterns = ignore.read_text("utf-8-sig").splitlines() if ignore.is_file() else []
        patterns = [line.strip() for line in patterns if line.strip() and not line.lstrip().startswith("#")]
        names = docker.utils.build.exclude_paths(str(build.folder), patterns, dockerfile=build.dockerfile)
        return sorted(name for name in names if name and not (build.folder / name).is_dir())

    def build(self, build: Build, tag: str, labels: Mapping[str, str], progress: Progress) -> None:
        output: list[str] = []
        with (
            _calling(f"build {build.folder}"),
            docker.utils.build.create_archive(str(build.folder), files=self.context_files(build)) as context,
        ):
            events = self._api.build(
                fileobj=context,
                custom_context=True,
                dockerfile=build.dockerfile,
                tag=tag,
                rm=True,
                forcerm=True,
                decode=True,
                buildargs=dict(build.arguments),
                labels=dict(labels),
                network_mode=build.network,
            )
            for event in events:
                text = str(event.get("stream") or event.get("status") or "")
                output.extend(line for line in text.splitlines() if line.strip())
                if text.startswith("Step "):
                    progress(text.split(":", 1)[0].strip().lower())
                if "error" in event:
                    raise ImageError(
                        f"the image in {build.folder} does not build",
                        details="\n".join([*output[-_BUILD_TAIL_LINES:], event["error"].strip()]),
                        hint=f"try it by hand: docker build {build.folder}",
                    )

    def ensure_network(self, name: str) -> None:
        with _calling(f"look up the network {name}"):
            # The filter is a part of the name, not the whole.
            if any(network["Name"] == name for network in self._api.networks(names=[name])):
                return
            if self.info().guest == "windows":
                raise EngineError(
                    f"the engine has no network called {name}",
                    hint="restart the docker service; it makes this network when it starts",
                )
            self._api.create_network(name, driver="bridge", check_duplicate=True)

    def create(self, spec: ContainerSpec) -> str:
        with _calling(f"create {spec.name}"):
            host = self._api.create_host_config(
                network_mode=NETWORK,
                port_bindings={f"{port}/tcp": self._binding() for port in spec.publish} or None,
                mounts=[
                    docker.types.Mount(mount.target, str(mount.source), type="bind", read_only=mount.read_only)
                    for mount in spec.mounts
                ]
                or None,
                mem_limit=spec.memory * 1024 * 1024 if spec.memory else None,
                isolation=spec.isolation if self.info().guest == "windows" else None,
            )
            created = self._api.create_container(
                spec.image,
                name=spec.name,
                command=list(spec.command) if spec.command is not None else None,
                environment=dict(spec.environment),
                labels=dict(spec.labels),
                ports=[(port, "tcp") for port in spec.publish] or None,
                host_config=host,
            )
            return str(created["Id"])

    def _binding(self) -> Any:
        # Windows refuses a host address (moby/moby daemon/libnetwork/drivers/windows); elsewhere a port of
        # an engine on this machine is for this machine only.
        local = self.info().host in _LOOPBACK and self.info().guest != "windows"
        return ("127.0.0.1", None) if local else None

    def copy_in(self, container: str, archive: BinaryIO) -> None:
        root = "C:\\" if self.info().guest == "windows" else "/"
        with _calling("copy files into a container"):
            self._api.put_archive(container, root, archive)

    def start(self, container: str) -> None:
        with _calling("start a container"):
            self._api.start(container)

    def state(self, container: str) -> ContainerState:
        with _calling("inspect a container"):
            answer = self._api.inspect_container(container)
        state, settings = answer["State"], answer["NetworkSettings"]
        network = (settings.get("Networks") or {}).get(NETWORK) or {}
        ports = {
            int(inside.split("/")[0]): int(bindings[0]["HostPort"])
            for inside, bindings in (settings.get("Ports") or {}).items()
            if bindings
        }
        running = bool(state["Running"])
        return ContainerState(
            running=running,
            exit_code=None if running else int(state["ExitCode"]),
            address=network.get("IPAddress") or None,
            ports=ports,
            out_of_memory=bool(state.get("OOMKilled")),
        )

    def logs(self, container: str, *, follow: bool) -> Iterator[bytes]:
        with _calling("read a container's log"):
            pieces = self._api.logs(container, stdout=True, stderr=True, stream=True, follow=follow, timestamps=True)
            yield from pieces

    def exec(self, container: str, command: Sequence[str], environment: Mapping[str, str]) -> ExecResult:
        with _calling(f"run {command[0]} in a container"):
            created = self._api.exec_create(container, list(command), environment=dict(environment))
            output = self._api.exec_start(created["Id"])
            code = self._api.exec_inspect(created["Id"])["ExitCode"]
        return ExecResult(int(code), bytes(output).decode("utf-8", "replace").replace("\r\n", "\n"))

    def kill(self, container: str) -> None:
        with _tolerating(404, 409), _calling("kill a container"):
            self._api.kill(container)

    def remove(self, container: str) -> None:
        # 409: somebody else is removing it at this moment.
        with _tolerating(404, 409), _calling("remove a container"):
            self._api.remove_container(container, v=True, force=True)

    def containers(self, labels: Iterable[str]) -> Sequence[Listed]:
        with _calling("list containers"):
            answer = self._api.containers(all=True, filters={"label": list(labels)})
        return [
            Listed(
                one["Id"], (one["Names"] or [one["Id"]])[0].lstrip("/"), one["State"] == "running", one["Labels"] or {}
            )
            for one in answer
        ]

    def close(self) -> None:
        if self._connected is not None:
            self._connected.close()


def _host_of(url: str) -> str | None:
    """The machine that an engine's address names; None for a socket or a pipe of this one."""
    # The SDK takes an address without a scheme for TCP.
    parts = urlsplit(url if "://" in url else f"tcp://{url}" if url else "")
    return parts.hostname if parts.scheme in {"tcp", "http", "https", "ssh"} else None


def _reaches_containers(answer: Any) -> bool:
    """Whether this machine has a route to the containers' own addresses, by what the engine on it answers."""
    if answer["OSType"] == "windows":
        return True
    # Elsewhere than on Linux, Linux containers live in a virtual machine, and so they do with Docker Desktop;
    # a rootless engine keeps them in a network of its own.
    rootless = any("rootless" in option for option in answer.get("SecurityOptions") or [])
    return sys.platform == "linux" and not rootless and "Docker Desktop" not in answer["OperatingSystem"]


@contextmanager
def _calling(what: str) -> Iterator[None]:
    """Turn the SDK's and its transport's errors into ours."""
    try:
        yield
    except docker.errors.APIError as problem:
        raise EngineError(
            f"the Docker engine refused to {what}",
            details=str(problem.explanation or problem),
            hint="the engine's own words are above; its log may say more",
            status=problem.status_code or 0,
        ) from problem
    except (
        docker.errors.DockerException,
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        OSError,
    ) as problem:
        raise EngineUnavailable(
            f"the Docker engine stopped answering when asked to {what}",
            details=_first_line(problem),
            hint="look into the engine's own log; the containers of this run are removed by the next run at the latest",
        ) from problem


@contextmanager
def _tolerating(*statuses: int) -> Iterator[None]:
    try:
        yield
    except EngineError as refused:
        if refused.status not in statuses:
            raise


def _first_line(problem: BaseException) -> str:
    return (str(problem).splitlines() or [type(problem).__name__])[0]
