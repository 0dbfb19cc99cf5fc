"""The Docker engine, by the Docker SDK. Only this subpackage imports the SDK."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

import docker.errors
import docker.types
import docker.utils.build

from pytest_wincontainers.engines.addresses import is_local
from pytest_wincontainers.engines.base import (
    NETWORK,
    Build,
    ContainerSpec,
    ContainerState,
    EngineAddress,
    EngineInfo,
    ExecResult,
    Image,
    ListedContainer,
    ListedImage,
    Progress,
)
from pytest_wincontainers.engines.diagnostics import Diagnostics
from pytest_wincontainers.engines.docker import containers, files, streams
from pytest_wincontainers.engines.docker.builds import BuildOutput, label_instructions
from pytest_wincontainers.engines.docker.calls import calling, check_started, refused, tolerating
from pytest_wincontainers.engines.docker.connection import connect
from pytest_wincontainers.engines.docker.diagnostics import diagnostics_of
from pytest_wincontainers.engines.docker.pulls import PullProgress
from pytest_wincontainers.engines.registry import docker_address
from pytest_wincontainers.errors import EngineError, EngineUnavailable, ImageError
from pytest_wincontainers.guests import RULES, guest_of
from pytest_wincontainers.guests.base import GuestRules
from pytest_wincontainers.guests.builds import parse_version
from pytest_wincontainers.guests.windows import is_pipe
from pytest_wincontainers.limits import OutOfTime, within

# An engine that was told to stop a container kills it after the time it was given, and then needs its own while.
_STOP_GRACE_SECONDS = 10
_HYPERV_BUILD_MIB = 2048
# What it then says has failed may still come.
_KILL_GRACE_SECONDS = 60
_POLL_SECONDS = 0.2


class DockerEngine:
    """The engine that `url` names, or else DOCKER_HOST, or else the current docker context."""

    def __init__(self, url: str | None = None, insecure: str = "", context: str = "") -> None:
        """`insecure` names the one machine that may be connected to without TLS, `context` one of the docker CLI's."""
        self._where = url or None, insecure, context
        self._connected: Any = None
        self._info: EngineInfo | None = None

    @property
    def address(self) -> EngineAddress | None:
        return docker_address(*self._where)

    def info(self) -> EngineInfo:
        if self._info is None:
            self._connected, self._info = connect(*self._where)
        return self._info

    @property
    def _api(self) -> Any:
        if self._connected is None:
            self.info()
        return self._connected

    @property
    def _guest(self) -> GuestRules:
        return RULES[self.info().guest]

    def image(self, reference: str) -> Image | None:
        with calling(f"look up the image {reference}"):
            try:
                answer = self._api.inspect_image(reference)
            except docker.errors.ImageNotFound:
                return None
        exposed = (answer.get("Config") or {}).get("ExposedPorts") or {}
        ports = sorted(int(port.split("/")[0]) for port in exposed if port.endswith("/tcp"))
        return Image(
            answer["Id"], tuple(ports), guest_of(answer.get("Os") or ""), parse_version(answer.get("OsVersion") or "")
        )

    def pull(self, reference: str, progress: Progress) -> None:
        try:
            with calling(f"pull {reference}"):
                # Without a tag the SDK would pull every tag of the repository.
                name, tag = docker.utils.parse_repository_tag(reference)
                pulled = PullProgress()
                for event in self._api.pull(name, tag=tag or "latest", stream=True, decode=True):
                    if "error" in event:
                        raise refused(f"pull {reference}", event["error"])
                    progress(pulled.add(event) or event.get("status", ""))
        except EngineUnavailable:
            raise
        except EngineError as problem:
            raise ImageError(
                f"the image {reference} is not on the engine and could not be pulled",
                details=problem.details,
                hint=problem.hint
                if problem.failure
                else "check its name, and that the engine can reach the registry and has access to it",
                failure=problem.failure,
            ) from problem

    def context_files(self, build: Build) -> Sequence[str]:
        ignore = build.folder / ".dockerignore"
        patterns = ignore.read_text("utf-8-sig").splitlines() if ignore.is_file() else []
        patterns = [line.strip() for line in patterns if line.strip() and not line.lstrip().startswith("#")]
        names = docker.utils.build.exclude_paths(str(build.folder), patterns, dockerfile=build.dockerfile)
        return sorted(name for name in names if name and not (build.folder / name).is_dir())

    def excluding(self, patterns: Sequence[str]) -> Callable[[str], bool]:
        matcher = docker.utils.build.PatternMatcher(list(patterns))
        return lambda path: bool(matcher.matches(path))

    def build(self, build: Build, tag: str, labels: Mapping[str, str], progress: Progress) -> None:
        output = BuildOutput(progress)
        # A name that no file of the directory has.
        name = build.dockerfile if build.content is None else f".{tag.rpartition(':')[2]}.Dockerfile"
        added = [] if build.content is None else [(name, build.content)]
        files = self.context_files(build)
        with (
            calling(f"build {build.place}"),
            docker.utils.build.create_archive(str(build.folder), files=files, extra_files=added) as context,
        ):
            events = self._api.build(
                fileobj=context,
                custom_context=True,
                dockerfile=name,
                target=build.target,
                tag=tag,
                rm=True,
                forcerm=True,
                decode=True,
                buildargs=dict(build.arguments),
                labels=dict(labels),
                network_mode=build.network,
                isolation=build.isolation,
                container_limits=self._build_limits(build),
            )
            for event in events:
                output.add(event)
        if output.error is not None:
            problem = output.problem(build, output.error)
            # A build that is tried again goes on from there.
            if problem.failure is None or problem.failure.kind != "transient":
                self._remove_layers(output.layers)
            raise problem

    def _build_limits(self, build: Build) -> Mapping[str, int]:
        host = self.info().windows
        under_hyperv = host is not None and (build.isolation or host.default) == "hyperv"
        memory = build.memory or (_HYPERV_BUILD_MIB if under_hyperv else None)
        return {"memory": memory * 1024 * 1024} if memory else {}

    def _remove_layers(self, layers: Sequence[str]) -> None:
        for layer in reversed(layers):
            # Another build may go on from it at this moment.
            with suppress(EngineError), calling("remove a layer of a failed build"):
                self._api.remove_image(layer, noprune=True)

    def commit(self, container: str, tag: str, labels: Mapping[str, str]) -> None:
        repository, _, name = tag.rpartition(":")
        with calling("commit a container"):
            self._api.commit(container, repository=repository, tag=name, changes=label_instructions(labels))

    def images(self, label: str) -> Sequence[ListedImage]:
        with calling("list images"):
            answer = self._api.images(filters={"label": label})
        return [
            ListedImage(one["Id"], "" if tag == "<none>:<none>" else tag, float(one["Created"]))
            for one in answer
            for tag in one.get("RepoTags") or [""]
        ]

    def remove_image(self, reference: str) -> None:
        with tolerating(404), calling(f"remove the image {reference}"):
            self._api.remove_image(reference)

    def ensure_network(self, name: str) -> None:
        with calling(f"look up the network {name}"):
            # The filter is a part of the name, not the whole.
            if any(network["Name"] == name for network in self._api.networks(names=[name])):
                return
            if not self._guest.makes_networks:
                raise EngineError(
                    f"the engine has no network called {name}",
                    hint="restart the docker service; it creates this network on startup",
                )
            self._api.create_network(name, driver="bridge", check_duplicate=True)

    def create(self, spec: ContainerSpec) -> str:
        with calling(f"create {spec.name}"):
            host = self._api.create_host_config(
                network_mode=NETWORK,
                port_bindings={f"{port}/tcp": self._binding(spec.fixed.get(port)) for port in spec.publish} or None,
                mounts=[
                    docker.types.Mount(
                        mount.target,
                        str(mount.source),
                        type="npipe" if is_pipe(mount.target) else "bind",
                        read_only=mount.read_only,
                    )
                    for mount in spec.mounts
                ]
                or None,
                mem_limit=spec.memory * 1024 * 1024 if spec.memory else None,
                isolation=spec.isolation if self._guest.has_isolation else None,
            )
            networking = {NETWORK: self._api.create_endpoint_config(aliases=list(spec.aliases))}
            created = self._api.create_container(
                spec.image,
                name=spec.name,
                command=list(spec.command) if spec.command is not None else None,
                entrypoint=list(spec.entrypoint) if spec.entrypoint is not None else None,
                working_dir=spec.working_dir,
                user=spec.user,
                healthcheck=containers.health_settings(spec.healthcheck),
                environment=dict(spec.environment),
                labels=dict(spec.labels),
                ports=[(port, "tcp") for port in spec.publish] or None,
                networking_config=self._api.create_networking_config(networking) if spec.aliases else None,
                host_config=host,
            )
            return str(created["Id"])

    def _binding(self, port: int | None) -> Any:
        # A port of an engine on this machine is for this machine only, where the engine can do that.
        local = is_local(self.info().host) and self._guest.binds_addresses
        return ("127.0.0.1", port) if local else port

    def copy_in(self, container: str, archive: BinaryIO) -> None:
        with calling("copy files into a container"):
            files.copy_in(self._api, self._guest, container, archive)

    def copy_out(self, container: str, path: str) -> Iterator[bytes]:
        with calling(f"copy {path} out of a container"):
            yield from files.copy_out(self._api, self._guest, container, path)

    def start(self, container: str) -> None:
        with calling("start a container"):
            self._api.start(container)

    def state(self, container: str) -> ContainerState:
        with calling("inspect a container"):
            answer = self._api.inspect_container(container)
        return containers.state_of(answer)

    def logs(self, container: str, *, follow: bool, tail: int | None = None) -> Iterator[bytes]:
        with calling("read a container's log"):
            yield from streams.log_lines(self._api, container, follow=follow, tail=tail)

    def exec(
        self,
        container: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        user: str = "",
        timeout: float | None = None,
    ) -> ExecResult:
        running = streams.ExecStream(self._api, container, command, environment, user)

        def run() -> tuple[int, list[Any]]:
            with calling(f"run {command[0]} in a container"):
                return running.run()

        try:
            code, pieces = run() if timeout is None else within(timeout, run)
        except OutOfTime:
            running.close()
            raise EngineError(
                f"{command[0]} timed out after {timeout:g} s",
                hint="allow more time with timeout=; the command keeps running until its container ends",
            ) from None
        stdout, stderr = streams.texts(pieces, self._guest)
        check_started(f"run {command[0]} in a container", code, stdout)
        return ExecResult(code, stdout, stderr)

    def stop(self, container: str, seconds: float) -> None:
        def stop() -> None:
            with tolerating(304, 404), calling("stop a container"):
                self._api.stop(container, timeout=int(seconds))

        try:
            within(seconds + _STOP_GRACE_SECONDS, stop)
        except (EngineError, OutOfTime):
            self.kill(container)

    def kill(self, container: str) -> None:
        try:
            with tolerating(404, 409), calling("kill a container"):
                self._api.kill(container)
        except EngineUnavailable:
            raise
        except EngineError as problem:
            # Its words prove nothing: a container may run on after them, and a start would then do nothing (status
            # 304). Windows engines give up after 77 s (moby/moby daemon/kill.go), and a process container can stay for
            # 120 s after its last process (microsoft/Windows-Containers#644).
            passing = problem.failure is not None and problem.failure.kind == "transient"
            if not self._ends(container, _KILL_GRACE_SECONDS if passing else 0):
                raise

    def _ends(self, container: str, seconds: float) -> bool:
        """Whether a container is not running, at the latest after so many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if not self.state(container).running:
                    return True
            except EngineError as problem:
                if problem.status == 404:
                    return True
                raise
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)

    def remove(self, container: str) -> None:
        # 409: somebody else is removing it at this moment.
        with tolerating(404, 409), calling("remove a container"):
            self._api.remove_container(container, v=True, force=True)

    def containers(self, labels: Iterable[str]) -> Sequence[ListedContainer]:
        with calling("list containers"):
            answer = self._api.containers(all=True, filters={"label": list(labels)})
        return [containers.listed(one) for one in answer]

    def diagnostics(self) -> Diagnostics:
        """See `Diagnosable`."""
        with calling("describe itself"):
            return diagnostics_of(self._api)

    def close(self) -> None:
        if self._connected is not None:
            self._connected.close()
