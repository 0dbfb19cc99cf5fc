"""Processes with a socket as their standard input and output: this system's way, and that of Windows."""

import subprocess
import sys

import pytest

from pytest_wincontainers.machine import MACHINE
from pytest_wincontainers.machine.windows import WindowsMachine

SHOUT = """
import sys
while piece := sys.stdin.buffer.read1(65536):
    sys.stdout.buffer.write(piece.upper())
    sys.stdout.buffer.flush()
sys.stdout.buffer.write(b"end")
sys.stderr.write("told")
"""


class WithPipes(WindowsMachine):
    """Windows' way, on every system."""

    def detached(self):
        return MACHINE.detached()


@pytest.fixture(params=[MACHINE, WithPipes()], ids=["here", "by pipes"])
def start(request):
    started = []

    def start(code):
        process, connection = request.param.with_socket([sys.executable, "-c", code])
        started.append((process, connection))
        connection.settimeout(30)
        return process, connection

    yield start
    for process, connection in started:
        connection.close()
        process.kill()
        process.communicate()


def test_what_is_written_is_read_and_what_it_answers(start):
    _, connection = start(SHOUT)
    connection.sendall(b"hello")
    assert connection.recv(100) == b"HELLO"


def test_the_end_of_its_input_is_not_that_of_its_output(start):
    process, connection = start(SHOUT)
    connection.sendall(b"x" * 20_000)
    connection.shutdown(1)
    answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert answer == b"X" * 20_000 + b"end"
    _, errors = process.communicate(timeout=30)
    assert errors == b"told"


def test_its_end_is_the_end_of_the_stream(start):
    _, connection = start("pass")
    assert connection.recv(100) == b""


def test_that_nobody_listens_ends_it(start):
    process, connection = start(SHOUT)
    connection.close()
    process.communicate(timeout=30)


def test_a_program_that_is_not_there(start):
    with pytest.raises(FileNotFoundError):
        MACHINE.with_socket(["no-such-program-of-wincontainers"])


def test_pipes_are_not_read_twice(start):
    process, _ = start("pass")
    assert isinstance(process, subprocess.Popen)
    assert (process.stdin, process.stdout) == (None, None)
