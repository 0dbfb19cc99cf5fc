"""The status of a run for its user: one live line per container on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import threading
import unicodedata
from collections.abc import Generator
from contextlib import nullcontext
from typing import Any

import pytest

from pytest_wincontainers.reports.board import SETTLED, Board, Entry, State

_REMIND_SECONDS = 15.0
"""After how long a state that goes on is told again, where lines are not redrawn."""
_PREFIX = "wincontainers: "


def living_lines(board: Board) -> list[str]:
    """A line for each container: name, seconds, state, and what it waits for."""
    # Those that go on come first, where there is not room for all.
    entries = sorted(board.entries, key=lambda entry: entry.state in SETTLED)
    width = max((len(entry.name) for entry in entries), default=0)
    return [f"  {entry.name:<{width}}  {board.seconds(entry):6.1f} s  {_words(entry)}" for entry in entries]


class News:
    """What was told already, so that nothing is told twice."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        self._reminded: dict[str, float] = {}

    def lines(self, board: Board) -> list[str]:
        """A line for each thing worth one that has not been told yet."""
        lines = []
        if board.engine and "" not in self._told:
            self._told[""] = board.engine
            lines.append(f"{_PREFIX}{board.engine}")
        for entry in board.entries:
            text = self._text(board, entry)
            if text and self._told.get(entry.name) != text:
                self._told[entry.name] = text
                self._reminded[entry.name] = board.seconds(entry)
                lines.append(f"{_PREFIX}{entry.name}: {text}")
        return lines

    def _text(self, board: Board, entry: Entry) -> str:
        if entry.state in SETTLED:
            # A restart is the test's own doing.
            return _settled(board, entry) if not entry.restarts or entry.state is not State.READY else ""
        seconds = board.seconds(entry)
        if entry.state is State.IMAGE and entry.detail:
            # "building the image: step 3/9" is news at the first step only, and then from time to time.
            first = entry.detail.split(":", 1)[0]
            known = self._told.get(entry.name, "")
            if not known.startswith(first):
                return first
        if seconds - self._reminded.get(entry.name, 0.0) >= _REMIND_SECONDS:
            return f"{_words(entry)} ({seconds:.0f} s)"
        if seconds < self._reminded.get(entry.name, 0.0):
            self._reminded[entry.name] = 0.0
        return ""


def _settled(board: Board, entry: Entry) -> str:
    # What was not started took no time, and how long one ran that has ended says nothing.
    if entry.state in {State.NOT_STARTED, State.ENDED}:
        return str(entry.state.value)
    return f"{entry.state.value} after {board.seconds(entry):.1f} s"


def _words(entry: Entry) -> str:
    if entry.state in SETTLED:
        return entry.state.value
    if entry.state is State.IMAGE:
        return entry.detail or entry.state.value
    return f"{entry.state.value}: {entry.detail}" if entry.detail else entry.state.value


def fit(text: str, columns: int) -> str:
    """As much of a line as fits into so many columns of a terminal, where some characters are two wide."""
    used = 0
    for number, char in enumerate(text):
        used += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used > columns:
            return text[:number]
    return text


class Status:
    """Writes to pytest's terminal, from one thread. Silent with -q and without a terminal reporter."""

    def __init__(self, config: pytest.Config) -> None:
        self._reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        # What a fixture writes would else be kept for the test's report.
        capture = config.pluginmanager.get_plugin("capturemanager")
        self._uncaptured = capture.global_and_fixture_disabled if capture else nullcontext
        self._news = News()
        self._drawn = 0
        self._file: object = None

    @property
    def _silent(self) -> bool:
        return self._reporter is None or self._reporter.verbosity < 0

    @property
    def _living(self) -> bool:
        return self._reporter is not None and self._reporter.isatty() and self._reporter.hasmarkup

    def before(self, item: pytest.Item, board: Board) -> None:
        """A test comes next: where it is the first of its file, no line is torn by what is told now."""
        if item.path != self._file:
            self._file = item.path
            self.tell(board)

    def update(self, board: Board) -> None:
        """Show how things stand, while somebody waits."""
        if self._silent:
            return
        if self._living:
            self._draw(living_lines(board))
        else:
            self.tell(board)

    def tell(self, board: Board) -> None:
        """Tell what is new, where lines are not redrawn."""
        if not self._silent and not self._living:
            self.say(self._news.lines(board))

    def finish(self, board: Board) -> None:
        """The waiting is over: take the living lines away, or tell its outcome before the test begins."""
        if self._drawn:
            self._draw([])
        self.tell(board)

    def say(self, lines: list[str]) -> None:
        """Write whole lines, each from the left."""
        reporter = self._reporter
        if not lines or reporter is None or self._silent:
            return
        with self._uncaptured():
            reporter.ensure_newline()
            for line in lines:
                reporter.write_line(line)

    def _draw(self, lines: list[str]) -> None:
        reporter = self._reporter
        if reporter is None:
            return
        # A line that wraps would be two, and the way back up one too short; so would more lines than there are rows.
        size = shutil.get_terminal_size()
        columns, rows = size.columns - 1, max(size.lines - 2, 1)
        if len(lines) > rows:
            lines = [*lines[: rows - 1], f"  and {len(lines) - rows + 1} more"]
        with self._uncaptured():
            if not self._drawn:
                reporter.ensure_newline()
            up = f"\x1b[{self._drawn}F" if self._drawn else ""
            reporter.write(up + "\x1b[J" + "".join(f"{fit(line, columns)}\n" for line in lines), flush=True)
        self._drawn = len(lines)


class ControllerStatus(Status):
    """The status in pytest-xdist's controller, whose main thread writes the results of tests as they come.

    Registered as a plugin it sees each of them, so that a line of another thread never comes into theirs.
    """

    def __init__(self, config: pytest.Config) -> None:
        super().__init__(config)
        self._writing = threading.RLock()
        self._board: Board | None = None

    @property
    def _living(self) -> bool:
        return False

    def tell_of(self, board: Board) -> None:
        """Tell of this board from now on."""
        self._board = board

    def tell(self, board: Board) -> None:
        with self._writing:
            super().tell(board)

    def say(self, lines: list[str]) -> None:
        reporter = self._reporter
        if not lines or reporter is None or self._silent:
            return
        with self._writing:
            # pytest's own method does not know of dots under pytest-xdist.
            torn = getattr(reporter, "_width_of_current_line", 0) > 0
            reporter.ensure_newline()
            begin = "\n" if torn and getattr(reporter, "_width_of_current_line", 0) > 0 else ""
            reporter.write(begin + "".join(f"{line}\n" for line in lines), flush=True)

    def _told_first(self) -> None:
        # What a test waited for is told before its result.
        if self._board is not None:
            self.tell(self._board)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self) -> Generator[None, Any, Any]:
        with self._writing:
            self._told_first()
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logstart(self) -> Generator[None, Any, Any]:
        with self._writing:
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logfinish(self) -> Generator[None, Any, Any]:
        with self._writing:
            return (yield)
