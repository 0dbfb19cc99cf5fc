"""An in-memory engine for tests."""

from __future__ import annotations

import io
import itertools
import json
import os
import tarfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from pytest_wincontainers.engines.base import (
    Build,
    Capabilities,
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
from pytest_wincontainers.errors import EngineError
from pytest_wincontainers.guests import RULES, Guest
from pytest_wincontainers.guests.builds import WindowsHost

Fail = Callable[[str, str], None]
"""Called before each method with its name and first argument; may raise or wait."""

ExecHandler = Callable[[ContainerSpec, Sequence[str]], ExecResult]
"""Returns the result of a command in the container with this specification."""


class _Container:
    def __init__(self, spec: ContainerSpec, number: int) -> None:
        self.spec = spec
        self.address = f"127.0.0.{number % 250 + 2}"
        self.running = False
        self.exit_code = 0
        self.lines: list[bytes] = []
        self.files: dict[str, bytes | None] = {}


class FakeEngine:
    """An engine that keeps containers in memory. They run no programs; each "runs" until it is ended.

    `fail` is called before each method and may raise what a real engine would raise. `start_seconds` is how long a
    start takes. `journal` is a file to which each change is appended as a line of JSON, also for other processes to
    read. `windows` is the machine that the engine claims to run on, with guest="windows". `images` maps references to
    images that must differ from the default, which fits the engine. All images exist at first, except those built or
    committed here. `started` is called with the engine and the container's id once a container has started, and may
    let it write lines and end. `exec` returns the results of commands; by default they exit with 0 and print their
    own words.
    """

    def __init__(
        self,
        *,
        guest: Guest = "linux",
        start_seconds: float = 0.0,
        fail: Fail | None = None,
        journal: Path | None = None,
        windows: WindowsHost | None = None,
        images: Mapping[str, Image] | None = None,
        started: Callable[[FakeEngine, str], None] = lambda _engine, _container: None,
        exec: ExecHandler | None = None,  # noqa: A002 - the engines' own word
    ) -> None:
        self._guest: Guest = guest
        self._windows = windows
        self._known = dict(images or {})
        self._start_seconds = start_seconds
        self._fail: Fail = fail or (lambda _method, _argument: None)
        self._journal = journal
        self._started = started
        self._exec: ExecHandler = exec or (lambda _spec, command: ExecResult(0, " ".join(command)))
        self._containers: dict[str, _Container] = {}
        self._made: dict[str, tuple[float, Mapping[str, str]]] = {}
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._connected = False

    @property
    def address(self) -> EngineAddress | None:
        return None

    def info(self) -> EngineInfo:
        self._fail("info", "")
        if not self._connected:
            self._connected = True
            self._write("connect", "")
        return EngineInfo(
            id=f"fake-{id(self)}",
            name="Fake",
            version="1",
            guest=self._guest,
            system="memory",
            near=True,
            host="127.0.0.1",
            capabilities=Capabilities(isolation=RULES[self._guest].has_isolation),
            windows=self._windows,
        )

    def image(self, reference: str) -> Image | None:
        self._fail("image", reference)
        if reference.startswith("wincontainers/") and reference not in self._made:
            return None
        return self._known.get(reference) or Image(f"sha256:{reference}", guest=self._guest)

    def pull(self, reference: str, progress: Progress) -> None:
        self._fail("pull", reference)
        progress("done")

    def context_files(self, build: Build) -> Sequence[str]:
        # By the rules of .dockerignore, which the SDK knows; nothing is asked of an engine for it.
        from pytest_wincontainers.engines.docker import DockerEngine

        return DockerEngine().context_files(build)

    def excluding(self, patterns: Sequence[str]) -> Callable[[str], bool]:
        from pytest_wincontainers.engines.docker import DockerEngine

        return DockerEngine().excluding(patterns)

    def build(self, build: Build, tag: str, labels: Mapping[str, str], progress: Progress) -> None:
        self._fail("build", tag)
        self._write("build", tag)
        progress("step 1/1")
        self._made[tag] = (time.time(), dict(labels))

    def commit(self, container: str, tag: str, labels: Mapping[str, str]) -> None:
        self._fail("commit", container)
        one = self._get(container)
        if one.running:
            raise EngineError("a running container cannot be committed", status=409)
        self._write("commit", tag)
        self._made[tag] = (time.time(), {**one.spec.labels, **labels})

    def images(self, label: str) -> Sequence[ListedImage]:
        self._fail("images", label)
        return [
            ListedImage(f"sha256:{tag}", tag, created)
            for tag, (created, labels) in self._made.items()
            if _carries(labels, label)
        ]

    def remove_image(self, reference: str) -> None:
        self._fail("remove_image", reference)
        self._made.pop(reference, None)

    def ensure_network(self, name: str) -> None:
        self._fail("ensure_network", name)

    def create(self, spec: ContainerSpec) -> str:
        self._fail("create", spec.name)
        with self._changed:
            if any(one.spec.name == spec.name for one in self._containers.values()):
                raise EngineError(f"the name {spec.name} is already in use", status=409)
            number = next(self._numbers)
            self._containers[f"fake{number}"] = _Container(spec, number)
        self._write("create", spec.name)
        return f"fake{number}"

    def copy_in(self, container: str, archive: BinaryIO) -> None:
        self._fail("copy_in", container)
        one = self._get(container)
        with tarfile.open(fileobj=archive) as tar:
            for member in tar:
                content = tar.extractfile(member)
                one.files[member.name.strip("/")] = content.read() if content is not None else None

    def copy_out(self, container: str, path: str) -> Iterator[bytes]:
        self._fail("copy_out", container)
        one = self._get(container)
        wanted = "/".join(part for part in PureWindowsPath(path).parts if part.strip("/\\") and ":" not in part)
        found = {name: content for name, content in one.files.items() if f"{name}/".startswith(f"{wanted}/")}
        if not found:
            raise EngineError(f"there is no {path} in {one.spec.name}", status=404)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for name, content in found.items():
                member = tarfile.TarInfo(PurePosixPath(name).relative_to(PurePosixPath(wanted).parent).as_posix())
                member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
                member.size = len(content or b"")
                tar.addfile(member, io.BytesIO(content or b""))
        yield packed.getvalue()

    def start(self, container: str) -> None:
        self._fail("start", self._get(container).spec.name)
        time.sleep(self._start_seconds)
        with self._changed:
            one = self._get(container)
            if one.running:
                return
            one.running = True
            self._changed.notify_all()
        self._write("start", one.spec.name)
        self.say(container, "started")
        self._started(self, container)

    def state(self, container: str) -> ContainerState:
        self._fail("state", container)
        one = self._get(container)
        return ContainerState(
            running=one.running,
            exit_code=None if one.running else one.exit_code,
            address=one.address if one.running else None,
            ports={port: 40000 + port for port in one.spec.publish} if one.running else {},
        )

    def logs(self, container: str, *, follow: bool, tail: int | None = None) -> Iterator[bytes]:
        self._fail("logs", container)
        sent = 0 if tail is None else max(0, len(self._get(container).lines) - tail)
        while True:
            with self._changed:
                one = self._containers.get(container)
                if one is None:
                    return
                lines, running = one.lines[sent:], one.running
                if not lines and running and follow:
                    self._changed.wait(0.5)
                    continue
            if not lines:
                return
            sent += len(lines)
            yield from lines

    def exec(
        self,
        container: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        user: str = "",
        timeout: float | None = None,
    ) -> ExecResult:
        self._fail("exec", container)
        one = self._get(container)
        if not one.running:
            raise EngineError(f"{one.spec.name} is not running", status=409)
        self._write("exec", f"{one.spec.name}: {' '.join(command)}")
        return self._exec(one.spec, command)

    def stop(self, container: str, seconds: float) -> None:
        self._fail("stop", container)
        self.kill(container)

    def kill(self, container: str) -> None:
        self._fail("kill", container)
        if container in self._containers and self._containers[container].running:
            self.end(container, 137)

    def remove(self, container: str) -> None:
        self._fail("remove", container)
        with self._changed:
            gone = self._containers.pop(container, None)
            self._changed.notify_all()
        if gone is not None:
            self._write("remove", gone.spec.name)

    def containers(self, labels: Iterable[str]) -> Sequence[ListedContainer]:
        wanted = list(labels)
        self._fail("containers", " ".join(wanted))
        with self._changed:
            return [
                ListedContainer(key, one.spec.name, one.running, one.spec.labels)
                for key, one in self._containers.items()
                if all(_carries(one.spec.labels, label) for label in wanted)
            ]

    def close(self) -> None:
        if self._connected:
            self._connected = False
            self._write("close", "")

    # What tests do to it.

    def say(self, container: str, line: str) -> None:
        """Let the container write a line to its output."""
        with self._changed:
            now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
            self._get(container).lines.append(f"{now}000Z {line}\n".encode())
            self._changed.notify_all()

    def end(self, container: str, exit_code: int) -> None:
        """Let the container end by itself."""
        with self._changed:
            one = self._get(container)
            one.running, one.exit_code = False, exit_code
            self._changed.notify_all()

    def ids(self, name: str) -> list[str]:
        """The ids of the containers of the declaration called `name`."""
        with self._changed:
            return [key for key, one in self._containers.items() if one.spec.name.endswith(f"-{name}")]

    def spec(self, container: str) -> ContainerSpec:
        """The specification that the container was created with."""
        return self._get(container).spec

    def _get(self, container: str) -> _Container:
        try:
            return self._containers[container]
        except KeyError:
            raise EngineError(f"there is no container {container}", status=404) from None

    def _write(self, change: str, name: str) -> None:
        if self._journal is not None:
            line = {"change": change, "name": name, "time": time.time(), "process": os.getpid()}
            with self._changed, self._journal.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def _carries(labels: Mapping[str, str], wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)
