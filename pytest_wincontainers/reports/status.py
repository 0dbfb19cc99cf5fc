"""The status of a run for its user: one live line per container on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
from contextlib import nullcontext

import pytest

from pytest_wincontainers.reports.board import SETTLED, Board, Entry, State


def living_lines(board: Board) -> list[str]:
    """A line for each container: name, state and seconds."""
    entries = board.entries
    width = max((len(entry.name) for entry in entries), default=0)
    return [f"  {entry.name:<{width}}  {board.seconds(entry):6.1f} s  {_words(entry)}" for entry in entries]


def news(board: Board, told: dict[str, str]) -> list[str]:
    """A line for each thing worth one that is not in `told` yet; adds it there."""
    lines = []
    if board.engine and "" not in told:
        told[""] = board.engine
        lines.append(f"wincontainers: {board.engine}")
    for entry in board.entries:
        text = ""
        if entry.state in SETTLED:
            text = _settled(board, entry, 1)
        elif entry.state is State.IMAGE and entry.detail:
            # "building the image: step 3/9" is news at the first step only.
            text = entry.detail.split(":", 1)[0]
        if text and told.get(entry.name) != text:
            told[entry.name] = text
            lines.append(f"wincontainers: {entry.name}: {text}")
    return lines


def summary(board: Board) -> list[str]:
    """The run in a line, and what went wrong or was out of the ordinary in one line each."""
    parts = [f"{entry.name} {_settled(board, entry, 2)}" for entry in board.entries]
    return [*filter(None, [board.engine]), ", ".join(parts), *board.notes]


def _settled(board: Board, entry: Entry, digits: int) -> str:
    # What was not started took no time.
    when = "" if entry.state is State.NOT_STARTED else f" after {board.seconds(entry):.{digits}f} s"
    return f"{entry.state.value}{when}"


def _words(entry: Entry) -> str:
    return entry.detail or entry.state.value


class Status:
    """Writes to pytest's terminal, from one thread. Silent with -q and without a terminal reporter."""

    def __init__(self, config: pytest.Config) -> None:
        self._reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        # What a fixture writes would else be kept for the test's report.
        capture = config.pluginmanager.get_plugin("capturemanager")
        self._uncaptured = capture.global_and_fixture_disabled if capture else nullcontext
        self._told: dict[str, str] = {}
        self._drawn = 0

    @property
    def _silent(self) -> bool:
        return self._reporter is None or self._reporter.verbosity < 0

    @property
    def _living(self) -> bool:
        return self._reporter is not None and self._reporter.isatty() and self._reporter.hasmarkup

    def update(self, board: Board) -> None:
        """Show how things stand, while somebody waits."""
        if self._silent:
            return
        if self._living:
            self._draw(living_lines(board))
        else:
            self.say(news(board, self._told))

    def finish(self) -> None:
        """The waiting is over: take the living lines away."""
        if self._drawn:
            self._draw([])

    def say(self, lines: list[str]) -> None:
        """Write whole lines, each from the left."""
        reporter = self._reporter
        if not lines or reporter is None or self._silent:
            return
        with self._uncaptured():
            reporter.ensure_newline()
            for line in lines:
                reporter.write_line(line)

    def say_uncaptured(self, lines: list[str]) -> None:
        """Write whole lines from another thread than pytest's, in a process that runs no tests itself."""
        reporter = self._reporter
        if lines and reporter is not None and not self._silent:
            reporter.ensure_newline()
            reporter.write("".join(f"{line}\n" for line in lines), flush=True)

    def _draw(self, lines: list[str]) -> None:
        reporter = self._reporter
        if reporter is None:
            return
        # A line that wraps would be two, and the way back up one too short.
        columns = shutil.get_terminal_size().columns - 1
        with self._uncaptured():
            if not self._drawn:
                reporter.ensure_newline()
            up = f"\x1b[{self._drawn}F" if self._drawn else ""
            reporter.write(up + "\x1b[J" + "".join(f"{line[:columns]}\n" for line in lines), flush=True)
        self._drawn = len(lines)
