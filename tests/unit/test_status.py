"""The lines that tell of a run."""

from pytest_wincontainers.reports import status
from pytest_wincontainers.reports.board import Board, State


def test_lines_tell_state_and_seconds():
    now = [100.0]
    board = Board(["database", "web"], clock=lambda: now[0])
    now[0] = 101.0
    board.say("database", State.IMAGE, "building the image: step 1/3")
    board.say("web", State.BOOTING)
    assert status.living_lines(board) == [
        "  database     1.0 s  building the image: step 1/3",
        "  web          1.0 s  booting",
    ]
    told = {}
    assert status.news(board, told) == ["wincontainers: database: building the image"]
    board.say("database", State.IMAGE, "building the image: step 2/3")
    assert status.news(board, told) == []
    now[0] = 103.5
    board.say("database", State.READY)
    board.say("web", State.FAILED)
    now[0] = 200.0
    assert status.news(board, told) == [
        "wincontainers: database: ready after 3.5 s",
        "wincontainers: web: failed after 3.5 s",
    ]
    board.say("database", State.CANCELLED)
    board.say("web", State.NOT_STARTED)
    assert status.news(board, told) == [
        "wincontainers: database: cancelled after 100.0 s",
        "wincontainers: web: not started",
    ]
    assert status.summary(board) == ["database cancelled after 100.00 s, web not started"]
    board.say("database", State.READY)
    board.say("web", State.FAILED)
    board.note("something else")
    board.note("something else")
    assert status.summary(board) == ["database ready after 100.00 s, web failed after 100.00 s", "something else"]
