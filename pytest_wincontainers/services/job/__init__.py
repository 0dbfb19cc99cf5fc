"""Jobs: containers that run a command to its end, such as a build or another tool's tests."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Any, ClassVar

from pytest_wincontainers.errors import DeclarationError, closest, with_known_options
from pytest_wincontainers.services import Endpoint, Guest, Output, Ready, Service, for_guest
from pytest_wincontainers.services.job.endpoint import JobEndpoint

DIRECTORIES: Mapping[Guest, str] = {"linux": "/job", "windows": "C:\\job"}
"""Where a job works unless its declaration says it."""


_NEVER_COPIED = (".wincontainers", "**/.pytest_cache", "**/__pycache__")
"""What each run changes, so that no job would be the same again."""
_OUTPUT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_LEAST_SECONDS = 600.0
"""Builds and installations take longer than servers to become ready."""


@with_known_options
@dataclass(frozen=True)
class Cache:
    """A directory of a job's container that is kept for later runs, such as `node_modules`.

    `path` is relative to the job's working directory; `key` names the files on which its content depends, relative to
    `source`, such as `package-lock.json`. `command` fills it where nothing is kept for these files and this image; it
    runs in a container of its own, before the job's. Without it the job fills the directory itself.
    """

    path: str
    key: Annotated[Sequence[str | Path] | str | Path, "name one file or a list of files"]
    command: Annotated[
        Sequence[str] | Mapping[Guest, Sequence[str]], 'write each word on its own, for example command=["npm", "ci"]'
    ] = ()

    def command_for(self, guest: Guest) -> tuple[str, ...]:
        """The words of `command` for that guest; none where the job fills the directory itself."""
        return tuple(for_guest(self.command, guest, "the command of cache="))

    @property
    def keys(self) -> Sequence[str | Path]:
        """The files of `key`."""
        return [self.key] if isinstance(self.key, (str, Path)) else self.key


@dataclass(frozen=True)
class Job(Service):
    """A container that runs a command to its end."""

    source: str | Path | None = None
    exclude: Annotated[Sequence[str], 'write exclude=["pattern"], with patterns as in .dockerignore'] = ()
    collect: Annotated[Mapping[str, str], 'for example collect={"site": "out/site"}'] = field(default_factory=dict)
    results: Annotated[Sequence[str] | str, 'for example results="reports/*.xml"'] = ()
    cache: Cache | None = None
    reuse: bool = False
    check_exit_code: bool = True
    user: str | None = None

    kind: ClassVar[str] = "job"
    endpoint_type: ClassVar[type[Endpoint[Any]]] = JobEndpoint

    @property
    def least_timeout(self) -> float:
        return _LEAST_SECONDS

    @property
    def account(self) -> str | None:
        return self.user

    def directory(self, guest: Guest) -> str | None:
        return self.options.get("working_dir") or DIRECTORIES[guest]

    def inside(self, path: str, guest: Guest) -> str:
        """The full path in the container of a path in its working directory."""
        return "/".join([str(self.directory(guest)).rstrip("\\/"), *PureWindowsPath(path).parts])

    def fixture_attributes(self, name: str) -> Mapping[str, Any]:
        return {"output": partial(self._output, name)}

    def _output(self, job: str, name: str) -> Output:
        __tracebackhide__ = True
        if name not in self.collect:
            raise DeclarationError(
                f"{job}.output({name!r}): the job collects nothing of that name{closest(name, self.collect)}",
                hint=f"it collects {', '.join(self.collect)}" if self.collect else "add collect= to its decorator",
            )
        return Output(job, name)

    @property
    def patterns(self) -> Sequence[str]:
        """The patterns of `results`."""
        return [self.results] if isinstance(self.results, str) else self.results

    @property
    def excluded(self) -> Sequence[str]:
        """What of the source is not copied: results of an earlier run here would count as the job's."""
        made = [*self.patterns, *([self.cache.path] if self.cache is not None else [])]
        return [*_NEVER_COPIED, *self.exclude, *(one.replace("\\", "/") for one in made)]

    def check(self, base: Path) -> None:
        if not self.options.get("image") and not self.options.get("build"):
            raise DeclarationError("neither image= nor build= is given", hint='add image="name:tag" or build="folder"')
        if self.source is not None:
            folder = base / self.source
            if not folder.is_dir():
                raise DeclarationError(
                    f"the source directory {folder} does not exist",
                    hint="source= is resolved against the declaring file's directory",
                )
        for name, path in self.collect.items():
            if not _OUTPUT.fullmatch(name) or (name.lower() == "results" and self.patterns):
                raise DeclarationError(
                    f"collect= has the name {name!r}, which cannot be a directory for an output",
                    hint="use letters, digits, hyphens, underscores and dots, and not results, where results= go",
                )
            _check_inside(f"collect= has {name!r}, ", path)
        for pattern in self.patterns:
            _check_inside("results= has ", pattern)
        if self.cache is not None:
            self._check_cache(self.cache, base)
        if self.options.get("ready") or self.options.get("prepare"):
            raise DeclarationError(
                "a job is ready when its command has ended, and has no ready= or prepare=", hint="remove them"
            )

    def _check_cache(self, cache: Cache, base: Path) -> None:
        _check_inside("cache= has ", cache.path)
        if not cache.keys:
            raise DeclarationError(
                "cache= names no file in key=", hint='for example Cache("node_modules", "package-lock.json")'
            )
        for path in self.key_files(base):
            if not path.is_file():
                raise DeclarationError(
                    f"cache= depends on {path}, which is not a file", hint="key= names files relative to source="
                )

    def key_files(self, base: Path) -> Sequence[Path]:
        """The files on which the cache depends."""
        folder = base / (self.source or ".")
        return [folder / one for one in self.cache.keys] if self.cache is not None else []

    def readiness(self) -> Sequence[Ready]:
        return ()


def _check_inside(what: str, path: str) -> None:
    windows = PureWindowsPath(path)
    if not path or windows.drive or windows.root or ".." in {*windows.parts, *PurePosixPath(path).parts}:
        raise DeclarationError(
            f"{what}{path!r}, which is not in the job's working directory",
            hint="use a path relative to the working directory, for example out/site",
        )
