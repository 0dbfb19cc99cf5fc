"""What an engine says while it builds an image, and the instructions that label one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pytest_wincontainers.engines.base import Build, Progress
from pytest_wincontainers.engines.docker.pulls import PullProgress
from pytest_wincontainers.errors import ImageError
from pytest_wincontainers.failures import find_failure
from pytest_wincontainers.guests.text import without_ansi

_TAIL_LINES = 30
_STEP = re.compile(r"(Step \d+/\d+) : (\w+)")
_LAYER = re.compile(r" ---> ([0-9a-f]{12,64})")
_CACHED = " ---> Using cache"


class BuildOutput:
    """The output of one build so far, and the layers that it has made."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lines: list[str] = []
        self._begun = ""
        self._is_new = False
        self._step = ""
        self._pulled = PullProgress()
        self.error: str | None = None
        self.layers: list[str] = []
        """Those that were not there before, the newest last; without a name as long as the build has not succeeded."""

    def add(self, event: Mapping[str, Any]) -> None:
        """Read one event of the engine's stream."""
        pulled = self._pulled.add(event)
        if pulled:
            self._progress(f"{self._step}: {pulled}" if self._step else pulled)
        elif event.get("status"):
            self._add_lines(f"{event['status']}\n")
        # A line may come in several events, and what a program writes to its standard error is in colour.
        self._add_lines(without_ansi(str(event.get("stream") or "")))
        if "error" in event:
            self._add_lines("\n")
            self.error = without_ansi(str(event["error"]))

    def _add_lines(self, text: str) -> None:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            # Of a progress bar, its last state.
            shown = line.rstrip("\r").rpartition("\r")[2]
            if shown.strip():
                self._read(shown)

    def _read(self, line: str) -> None:
        self._lines.append(line)
        step, layer = _STEP.match(line), _LAYER.fullmatch(line)
        if step:
            # The layer of FROM is another image's.
            self._is_new = step[2].upper() != "FROM"
            self._step = step[1].lower()
            self._pulled = PullProgress()
            self._progress(self._step)
        elif line == _CACHED:
            self._is_new = False
        elif layer and self._is_new:
            self.layers.append(layer[1])

    def problem(self, build: Build, words: str) -> ImageError:
        """The error for a build that the engine has ended with these words."""
        failure = find_failure(words)
        return ImageError(
            f"building the image in {build.place} failed",
            details="\n".join([*self._lines[-_TAIL_LINES:], words.strip()]),
            hint=failure.remedy if failure else f"build it manually to see more: {build.command}",
            failure=failure,
        )


def label_instructions(labels: Mapping[str, str]) -> str:
    """The instructions of a Dockerfile that set labels."""
    return "\n".join(f"LABEL {_quoted(name)}={_quoted(value)}" for name, value in labels.items())


def _quoted(word: str) -> str:
    """A word of a Dockerfile: quoted as in JSON, with $ kept from being taken for a variable."""
    return json.dumps(word).replace("$", "\\$")
