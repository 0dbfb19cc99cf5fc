"""What else went on while a test used a container, from the journals of all processes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_wincontainers.evidence import Overlap
from pytest_wincontainers.reports.record.journal import FOLDER, OWNER, latest_entries

_TOLD = {"restarting": "was restarted", "ended": "ended", "failed": "failed"}


class JournalSurroundings:
    """See `Surroundings`. `process` is this one, whose tests come one after the other."""

    def __init__(self, run_folder: Path, process: str) -> None:
        self._folder = run_folder / FOLDER
        self._process = process

    def events(self, container: str, since: float, until: float) -> Sequence[str]:
        """What happened to the container in that time."""
        entries = latest_entries(self._folder / f"{OWNER}.jsonl")
        return [
            f"{_clock(entry['at'])} {container} {_TOLD[entry['state']]}"
            for entry in entries
            if entry["kind"] == "state"
            and entry["name"] == container
            and entry["state"] in _TOLD
            and since <= entry["at"] <= until
        ]

    def overlaps(self, container: str, since: float, until: float) -> Sequence[Overlap]:
        """The other tests that used it in that time."""
        if not self._process:
            return []
        others = [path for path in self._folder.glob("*.jsonl") if path.stem not in {OWNER, self._process}]
        return [one for path in sorted(others) for one in self._overlaps(path, container, since, until)]

    @staticmethod
    def _overlaps(path: Path, container: str, since: float, until: float) -> Iterator[Overlap]:
        running: dict[str, float] = {}
        for entry in latest_entries(path):
            if entry["kind"] == "start":
                # One before that has not finished ended with its process.
                running.clear()
            elif entry["kind"] == "uses" and container in entry["containers"]:
                running[entry["id"]] = entry["at"]
            elif entry["kind"] == "finish" and entry["id"] in running:
                begun = running.pop(entry["id"])
                seconds = min(until, entry["at"]) - max(since, begun)
                if seconds > 0:
                    yield Overlap(entry["id"], path.stem, round(seconds, 3))
        for test, begun in running.items():
            if begun < until:
                yield Overlap(test, path.stem, round(until - max(since, begun), 3))


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03d}"
