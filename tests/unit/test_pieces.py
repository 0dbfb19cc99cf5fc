"""The body of an answer that goes on, read in few pieces."""

import socket
import threading
import time

import pytest

from pytest_wincontainers.engines.docker.pieces import Pace
from pytest_wincontainers.machine import MACHINE


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


LINE = b"9\r\n........\n\r\n"


def test_nobody_waits_for_few_lines():
    """Such as those that a test asks for, one by one."""
    clock = Clock()
    pace = Pace(clock)
    for every, count in ((0.15, 50), (2.0, 1), (0.001, 3), (2.0, 1), (0.001, 3)):
        for _ in range(count):
            clock.now += every
            pace.took(LINE)
            assert not pace.pause


def test_many_lines_are_collected_until_they_are_few_again():
    clock = Clock()
    pace = Pace(clock)
    found = []
    for _ in range(8):
        clock.now += 0.01
        pace.took(LINE)
        found.append(0 < pace.pause <= 0.1)
    assert found == [False] * 4 + [True] * 4
    for lines, longest in ((3, 0.1), (1000, 0.4)):
        for _ in range(20):
            clock.now += pace.pause
            pace.took(lines * LINE)
        assert longest / 2 < pace.pause < longest * 1.1
    begun = clock.now
    while pace.pause:
        clock.now += pace.pause
        pace.took(None)
    assert clock.now - begun < 5


def test_streams_with_many_lines_are_read_at_the_same_moments():
    clock = Clock()
    paces = [Pace(clock), Pace(clock)]
    moments = []
    for pace in paces:
        clock.now += 0.123
        pace.took(10_000 * LINE)
        moments.append(clock.now + pace.pause)
    assert moments[0] == pytest.approx(moments[1])


def test_what_comes_in_a_while_is_taken_at_once():
    near, far = socket.socketpair()
    with near, far:
        assert MACHINE.collect(near, 0.05, 1000) is None

        def say():
            for number in range(5):
                far.send(b"%d" % number)
                time.sleep(0.01)

        speaker = threading.Thread(target=say)
        speaker.start()
        assert MACHINE.collect(near, 1.0, 5) == b"01234"
        speaker.join()
        far.close()
        assert MACHINE.collect(near, 1.0, 5) == b""
