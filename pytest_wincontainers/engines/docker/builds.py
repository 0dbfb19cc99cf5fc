"""What an engine says while it builds an image."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pytest_wincontainers.engines.base import Build, Progress
from pytest_wincontainers.errors import ImageError
from pytest_wincontainers.failures import find_failure

_TAIL_LINES = 30
_STEP = re.compile(r"(Step \d+/\d+) : (\w+)")
_LAYER = re.compile(r" ---> ([0-9a-f]{12,64})")
_CACHED = " ---> Using cache"


class BuildOutput:
    """The output of one build so far, and the layers that it has made."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lines: list[str] = []
        self._is_new = False
        self.error: str | None = None
        self.layers: list[str] = []
        """Those that were not there before, the newest last; without a name as long as the build has not succeeded."""

    def add(self, event: Mapping[str, Any]) -> None:
        """Read one event of the engine's stream."""
        for line in str(event.get("stream") or event.get("status") or "").splitlines():
            if line.strip():
                self._read(line)
        if "error" in event:
            self.error = str(event["error"])

    def _read(self, line: str) -> None:
        self._lines.append(line)
        step, layer = _STEP.match(line), _LAYER.fullmatch(line)
        if step:
            # The layer of FROM is another image's.
            self._is_new = step[2].upper() != "FROM"
            self._progress(step[1].lower())
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
