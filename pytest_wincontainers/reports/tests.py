"""A failing test's report: what the containers it needs wrote meanwhile, and what its browsers showed."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_wincontainers.endpoints import Handed
from pytest_wincontainers.reports import logs
from pytest_wincontainers.reports.artifacts import folder_of_test
from pytest_wincontainers.reports.browsers import BROWSERS

# The title decides where a section shows: one with "log" in front reaches JUnit XML and --show-capture=log too.
_TITLE = "log wincontainers "

WATCH = pytest.StashKey["Watch"]()


@dataclass
class Watch:
    """What is remembered of a test from its beginning."""

    names: tuple[str, ...]
    since: float
    offsets: Mapping[str, int]


class TestReports:
    """Adds sections to the reports of failing tests. `folder` is the run's artifacts folder."""

    __test__ = False

    def __init__(self, folder: Path, log_lines: int) -> None:
        self._folder = folder
        self._log_lines = log_lines

    def begin(self, item: pytest.Item, names: Collection[str]) -> None:
        """A test that needs these containers begins."""
        item.stash[WATCH] = self._watch(tuple(names))
        BROWSERS.test_begins()

    def _watch(self, names: tuple[str, ...]) -> Watch:
        offsets = {name: logs.size(self._log(name)) for name in names}
        return Watch(names, time.time(), offsets)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def failed(self, item: pytest.Item, when: str, handed: Sequence[Handed]) -> None:
        """A phase of the test has failed: add what belongs to it, before the report is made.

        `handed` is what is known of the containers: their secrets, and the engine's clock, which stamps the logs.
        """
        watch = item.stash.get(WATCH, None)
        if watch is None:
            return
        try:
            self._add_browsers(item, when, handed)
        except OSError as problem:
            item.add_report_section(when, f"{_TITLE}browser", f"(what browsers showed cannot be kept: {problem})")
        logs.settle(self._log(name) for name in watch.names)
        ahead = handed[0].clock_offset if handed else 0.0
        since, until = watch.since + ahead, time.time() + ahead
        for name in watch.names:
            text = logs.part(self._log(name), watch.offsets[name], since, until, self._log_lines)
            if text:
                item.add_report_section(when, f"{_TITLE}{name}", text)
        # A later phase that fails too adds only what came after.
        item.stash[WATCH] = self._watch(watch.names)

    def _add_browsers(self, item: pytest.Item, when: str, handed: Sequence[Handed]) -> None:
        secrets = [secret for one in handed for secret in one.secrets.values()]
        for name, text in BROWSERS.gather(
            folder=lambda: folder_of_test(self._folder, item.nodeid), mask=lambda text: logs.masked(text, secrets)
        ):
            item.add_report_section(when, f"{_TITLE}{name} browser", logs.clean(text))
            kept = (f"wincontainers_{name}", str(folder_of_test(self._folder, item.nodeid)))
            if kept not in item.user_properties:
                item.user_properties.append(kept)

    def end(self) -> None:
        """The test is over."""
        BROWSERS.test_ends()
