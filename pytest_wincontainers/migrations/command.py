"""Migrations with an external tool, run on this machine or in a separate container on the database's network."""

from __future__ import annotations

import json
import os
import shutil
import string
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pytest_wincontainers.errors import DeclarationError, MigrationError
from pytest_wincontainers.guests.text import decode
from pytest_wincontainers.machine import MACHINE
from pytest_wincontainers.packing import walk

_SHOWN_LINES = 40
_POLL_SECONDS = 0.1
_END_SECONDS = 10.0
_GUARD = Path(__file__).with_name("guard.py")
_SECRET = frozenset({"password", "root_password", "url", "connection_string"})
PLACEHOLDERS = frozenset({"host", "port", "database", "user", *_SECRET})


@dataclass(frozen=True)
class Command:
    """See `command`."""

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    folders: Mapping[str, str | Path] = field(default_factory=dict)
    folder: str | Path = "."
    timeout: float = 600.0
    inputs: Sequence[str | Path] = ()
    made_by = "command"

    def check(self, base: Path) -> None:
        """Raise DeclarationError if the command is wrong."""
        if not self.words:
            raise DeclarationError(
                "command() has no program to run", hint='for example command("flyway", "migrate", …)'
            )
        for text in (*self.words, *self.environment.values()):
            for name in _names(text):
                if name not in PLACEHOLDERS:
                    raise DeclarationError(
                        f"unknown placeholder in command(): {{{name}}}",
                        hint=f"use one of {', '.join(sorted(PLACEHOLDERS))}; double a brace to write it literally",
                    )
        for word in self.words:
            secret = next((name for name in _names(word) if name in _SECRET), None)
            if secret is not None:
                raise DeclarationError(
                    f"command() has {{{secret}}} in an argument, and process arguments are visible to every user",
                    hint="pass it in environment=, and let the tool or a shell read it from there",
                )
        for source in (*self.folders.values(), *self.inputs, *([] if self.image else [self.folder])):
            if not (base / source).exists():
                raise DeclarationError(
                    f"{base / source}, which command() names, does not exist",
                    hint="paths are resolved against the declaring file's directory",
                )
        # For its errors.
        deque(self.input_files(base), maxlen=0)
        if self.folders and not self.image:
            raise DeclarationError(
                "folders= is only for a command in a container",
                hint="add image=, or set the working directory with folder=",
            )
        if self.image is None and os.path.dirname(self.words[0]) == "" and shutil.which(self.words[0]) is None:  # noqa: PTH120 - Path(".") has none either
            raise DeclarationError(
                f"the program {self.words[0]} was not found on this machine",
                hint="install it, give its full path, or run it in a container with image=",
            )

    def input_files(self, base: Path) -> Iterator[Path]:
        """The files that the result depends on. Raises DeclarationError for a link that leads out, and OSError."""
        for source in self.inputs:
            if (base / source).is_file():
                yield base / source
                continue
            for _, path in walk(base / source, lambda name, _: name.name != "__pycache__"):
                if path.is_file():
                    yield path

    def filled(self, values: Mapping[str, object]) -> Command:
        """The command with its placeholders filled in."""
        return Command(
            tuple(word.format(**values) for word in self.words),
            {name: text.format(**values) for name, text in self.environment.items()},
            self.image,
            self.folders,
            self.folder,
            self.timeout,
            self.inputs,
        )


def command(
    *words: str,
    environment: Mapping[str, str] | None = None,
    image: str | None = None,
    folders: Mapping[str, str | Path] | None = None,
    folder: str | Path = ".",
    timeout: float = 600.0,
    inputs: Sequence[str | Path] = (),
) -> Command:
    """Migrations with an external tool: `mysql_container(migrations=command("flyway", "migrate", environment={…}))`.

    Arguments and environment values may contain the placeholders {host}, {port}, {database} and {user}; environment
    values also {password}, {root_password}, {url} (for SQLAlchemy) and {connection_string} (for ADO.NET). The command
    runs on this machine in the directory `folder`. With `image` it runs in a separate container on the database's
    network; `folders` maps paths in that container to directories to copy there. `timeout` is in seconds. If the exit
    code is not 0, the test fails with the command's output. `inputs` are the files and directories that the result
    depends on; without them, no snapshot is made.
    """
    return Command(words, environment or {}, image, folders or {}, folder, timeout, inputs)


def _names(text: str) -> list[str]:
    try:
        return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as problem:
        raise DeclarationError(
            f"{text!r} in command(): {problem}", hint="double a brace to write it literally"
        ) from None


def run_here(given: Command, base: Path, progress: Callable[[str], None]) -> None:
    """Run a filled command on this machine. Raises MigrationError; an exception from `progress` stops the command."""
    program = given.words[0]
    progress(f"running migrations with {program}")
    begun = time.monotonic()
    with tempfile.TemporaryFile() as output:
        guard = _guarded(given, base / given.folder, output.fileno())
        try:
            while guard.poll() is None:
                if time.monotonic() - begun > given.timeout:
                    raise _too_long(program, given.timeout, _read(output.fileno()))
                progress(f"running migrations with {program}")
                time.sleep(_POLL_SECONDS)
        finally:
            _end(guard)
        judge(given, guard.returncode, _read(output.fileno()))


def _guarded(given: Command, folder: Path, output: int) -> subprocess.Popen[bytes]:
    """Start a command by way of a process that ends it when this one is gone."""
    duty = {
        "words": [_found(given.words[0], folder), *given.words[1:]],
        "folder": str(folder),
        "environment": given.environment,
        "detached": MACHINE.detached(),
        # Python itself passes over what is no text.
        "path": [one for one in sys.path if isinstance(one, str) and one],
    }
    guard = subprocess.Popen(
        # Isolated, as what is beside the program are no modules of its own.
        [sys.executable, "-I", str(_GUARD)],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        **MACHINE.detached(),
    )
    if guard.stdin is not None:
        with suppress(OSError):  # it has ended, and its output says why
            guard.stdin.write(json.dumps(duty).encode() + b"\n")
            guard.stdin.flush()
    return guard


def _end(guard: subprocess.Popen[bytes]) -> None:
    """End the guard, which ends the command first, and what that has started, as a script does that starts Java."""
    try:
        # A byte, as closing is not enough where a process that was forked meanwhile holds the pipe, too.
        guard.communicate(b"\n", timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        MACHINE.kill_tree(guard)


def _found(program: str, folder: Path) -> str:
    # Windows itself would find no .cmd and .bat, as Flyway's and Liquibase's are, and look for a relative path from
    # another folder.
    if os.path.dirname(program):  # noqa: PTH120 - Path(".") has none either
        return os.path.abspath(folder / program)  # noqa: PTH100 - resolve() would follow links
    return shutil.which(program) or program


def _read(handle: int) -> str:
    os.lseek(handle, 0, os.SEEK_SET)
    pieces = []
    while piece := os.read(handle, 1 << 20):
        pieces.append(piece)
    return decode(b"".join(pieces))


def judge(given: Command, code: int, output: str) -> None:
    """Raise MigrationError if a command has not exited with 0."""
    if code != 0:
        raise MigrationError(
            f"the migrations with {given.words[0]} failed with exit code {code}",
            details=_last(output),
            hint=f"run it manually in {given.folder}" if not given.image else f"run it manually in {given.image}",
        )


def _too_long(program: str, seconds: float, output: str) -> MigrationError:
    return MigrationError(
        f"the migrations with {program} timed out after {seconds:g} s",
        details=_last(output),
        hint="command(…, timeout=…) allows more time",
    )


def _last(output: str) -> str:
    lines: Sequence[str] = output.splitlines()
    return "\n".join(lines[-_SHOWN_LINES:]) or "(no output)"
