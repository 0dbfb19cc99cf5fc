"""An engine in memory, for tests of suites and plugins that use this one.

    # conftest.py
    from pytest_wincontainers.testing import FakeEngine

    def pytest_wincontainers_engine(config):
        return FakeEngine()

Its containers run nothing: declare them without `ports`, or with a `ready=` of your own.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
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
"""Called with a method's name and its first argument before the method does anything; may raise or wait."""


class _Container:
    def __init__(self, spec: ContainerSpec, number: int) -> None:
        self.spec = spec
        self.address = f"127.0.0.{number % 250 + 2}"
        self.running = False
        self.exit_code = 0
        self.lines: list[bytes] = []
        self.started = False


class FakeEngine:
    """Keeps containers as records and tells their story.

    `fail` is called before each method and may raise what a real engine would. `start_seconds` is how long a
    start takes. `journal` is a file that gets a line of JSON for each change, which also other processes can read.
    `windows` is the machine it claims to run on, with guest="windows". `images` are those whose kind matters, by
    reference; all others fit.
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
    ) -> None:
        self._guest: Guest = guest
        self._windows = windows
        self._known = dict(images or {})
        self._start_seconds = start_seconds
        self._fail: Fail = fail or (lambda _method, _argument: None)
        self._journal = journal
        self._containers: dict[str, _Container] = {}
        self._images: set[str] = set()
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()

    @property
    def address(self) -> EngineAddress | None:
        return None

    def info(self) -> EngineInfo:
        self._fail("info", "")
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
        # Whatever is not built here counts as there already.
        built_here = reference.startswith("wincontainers/")
        if built_here and reference not in self._images:
            return None
        return self._known.get(reference) or Image(f"sha256:{reference}", guest=self._guest)

    def pull(self, reference: str, progress: Progress) -> None:
        self._fail("pull", reference)
        progress("done")

    def context_files(self, build: Build) -> Sequence[str]:
        files = (path for path in build.folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(build.folder).as_posix() for path in files)

    def build(self, build: Build, tag: str, labels: Mapping[str, str], progress: Progress) -> None:
        self._fail("build", tag)
        self._write("build", tag)
        progress("step 1/1")
        self._images.add(tag)

    def commit(self, container: str, tag: str, labels: Mapping[str, str]) -> None:
        self._fail("commit", container)
        if self._get(container).running:
            raise EngineError("a container that runs cannot be committed", status=409)
        self._write("commit", tag)
        self._images.add(tag)

    def images(self, label: str) -> Sequence[ListedImage]:
        self._fail("images", label)
        return []

    def remove_image(self, reference: str) -> None:
        self._fail("remove_image", reference)
        self._images.discard(reference)

    def ensure_network(self, name: str) -> None:
        self._fail("ensure_network", name)

    def create(self, spec: ContainerSpec) -> str:
        self._fail("create", spec.name)
        with self._changed:
            if any(one.spec.name == spec.name for one in self._containers.values()):
                raise EngineError(f"the name {spec.name} is in use", status=409)
            number = next(self._numbers)
            self._containers[f"fake{number}"] = _Container(spec, number)
        self._write("create", spec.name)
        return f"fake{number}"

    def copy_in(self, container: str, archive: BinaryIO) -> None:
        self._fail("copy_in", container)
        self._get(container)

    def start(self, container: str) -> None:
        self._fail("start", self._get(container).spec.name)
        time.sleep(self._start_seconds)
        with self._changed:
            one = self._get(container)
            one.running = one.started = True
            self._changed.notify_all()
        self._write("start", one.spec.name)
        self.say(container, "started")

    def state(self, container: str) -> ContainerState:
        self._fail("state", container)
        one = self._get(container)
        return ContainerState(
            running=one.running,
            exit_code=None if one.running else one.exit_code,
            address=one.address if one.running else None,
            ports={port: 40000 + port for port in one.spec.publish},
        )

    def logs(self, container: str, *, follow: bool) -> Iterator[bytes]:
        self._fail("logs", container)
        sent = 0
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

    def copy_out(self, container: str, path: str) -> Iterator[bytes]:
        self._fail("copy_out", container)
        raise EngineError(f"there is no {path} in {self._get(container).spec.name}", status=404)

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
        if not self._get(container).running:
            raise EngineError("the container is not running", status=409)
        self._write("exec", f"{self._get(container).spec.name}: {' '.join(command)}")
        return ExecResult(0, " ".join(command))

    def stop(self, container: str, seconds: float) -> None:
        self._fail("stop", container)
        self.kill(container)

    def kill(self, container: str) -> None:
        self._fail("kill", container)
        if container in self._containers:
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
        pass

    # What tests do to it.

    def say(self, container: str, line: str) -> None:
        """Have the container write a line."""
        with self._changed:
            now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
            self._get(container).lines.append(f"{now}000Z {line}\n".encode())
            self._changed.notify_all()

    def end(self, container: str, exit_code: int) -> None:
        """Have the container end by itself."""
        with self._changed:
            one = self._get(container)
            one.running, one.exit_code = False, exit_code
            self._changed.notify_all()

    def ids(self, name: str) -> list[str]:
        """The ids of the containers of the declaration called `name`."""
        with self._changed:
            return [key for key, one in self._containers.items() if one.spec.name.endswith(f"-{name}")]

    def _get(self, container: str) -> _Container:
        try:
            return self._containers[container]
        except KeyError:
            raise EngineError(f"there is no container {container}", status=404) from None

    def _write(self, change: str, name: str) -> None:
        if self._journal is not None:
            with self._changed, self._journal.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"change": change, "name": name, "time": time.time()}) + "\n")


def _carries(labels: Mapping[str, str], wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)
