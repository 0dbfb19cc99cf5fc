"""Addresses of engines at which nobody answers."""

import socket

import pytest


@pytest.fixture
def refused():
    """Nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return _url(closed)


@pytest.fixture
def unanswered():
    """It is connected to, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield _url(listener)


@pytest.fixture
def swallowed():
    """Packets to it go nowhere: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield _url(listener)
        for one in waiting:
            one.close()


def _url(listener):
    return f"tcp://127.0.0.1:{listener.getsockname()[1]}"
