"""The lines that tell of a run while it goes on."""

from pytest_wincontainers.reports import status
from pytest_wincontainers.reports.board import Board, State


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def board_of(*names):
    clock = Clock()
    return Board(names, clock=clock), clock


def test_a_living_line_says_how_long_its_state_has_lasted_and_what_is_waited_for():
    board, clock = board_of("database", "web")
    board.say("database", State.IMAGE, "building the image: step 1/3")
    clock.now = 101.0
    board.say("web", State.BOOTING)
    board.say("web", State.BOOTING, "first request of site shop")
    clock.now = 103.0
    assert status.living_lines(board) == [
        "  database     3.0 s  building the image: step 1/3",
        "  web          2.0 s  booting: first request of site shop",
    ]


def test_each_thing_is_told_once():
    board, clock = board_of("database", "web")
    news = status.News()
    board.connected("Docker 29")
    board.say("database", State.IMAGE, "building the image: step 1/3")
    assert news.lines(board) == ["wincontainers: Docker 29", "wincontainers: database: building the image"]
    board.say("database", State.IMAGE, "building the image: step 2/3")
    assert news.lines(board) == []
    clock.now = 102.0
    board.say("database", State.STARTING)
    board.say("web", State.STARTING)
    clock.now = 103.5
    board.say("database", State.READY)
    board.say("web", State.FAILED)
    clock.now = 200.0
    # From its own start, not from the run's.
    assert news.lines(board) == ["wincontainers: database: ready after 1.5 s", "wincontainers: web: failed after 1.5 s"]
    assert news.lines(board) == []


def test_a_restart_is_no_news_but_an_end_is():
    board, clock = board_of("web")
    news = status.News()
    board.say("web", State.STARTING)
    board.say("web", State.READY)
    news.lines(board)
    clock.now = 134.0
    board.say("web", State.RESTARTING)
    clock.now = 136.0
    board.say("web", State.READY)
    assert news.lines(board) == []
    board.say("web", State.ENDED)
    assert news.lines(board) == ["wincontainers: web: ended"]


def test_what_takes_long_is_told_again():
    """In CI nobody sees lines that are redrawn, and a build of ten minutes must not look like a hang."""
    board, clock = board_of("database")
    news = status.News()
    board.say("database", State.IMAGE, "building the image: step 1/9")
    told = news.lines(board)
    for second in range(1, 40):
        clock.now = 100.0 + second
        board.say("database", State.IMAGE, f"building the image: step {1 + second // 10}/9")
        told += news.lines(board)
    assert told == [
        "wincontainers: database: building the image",
        "wincontainers: database: building the image: step 2/9 (15 s)",
        "wincontainers: database: building the image: step 4/9 (30 s)",
    ]
    board.say("database", State.BOOTING, "first login")
    assert news.lines(board) == []
    clock.now += 16
    assert news.lines(board) == ["wincontainers: database: booting: first login (16 s)"]


def test_a_line_fits_into_the_columns_of_a_terminal():
    assert status.fit("abcdef", 4) == "abcd"
    assert status.fit("abc", 4) == "abc"
    # Each of these takes two.
    assert status.fit("\u6e2c\u8a66\u6e2c", 5) == "\u6e2c\u8a66"
