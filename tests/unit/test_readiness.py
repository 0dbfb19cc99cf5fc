"""The waiting loop, with a clock of its own."""

import pytest

from pytest_wincontainers import ready
from pytest_wincontainers.errors import NotReady, StartError
from pytest_wincontainers.run.container.waiting import FIRST_PAUSE, LONGEST_PAUSE, wait_until_ready


class Clock:
    def __init__(self):
        self.now = 0.0
        self.pauses = []

    def __call__(self):
        return self.now

    def pause(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


def waiting(checks, clock, timeout=10):
    wait_until_ready(checks, "endpoint", timeout=timeout, clock=clock, pause=clock.pause)


def test_what_holds_at_once_costs_no_pause():
    clock = Clock()
    waiting([lambda endpoint: None], clock)
    assert clock.pauses == []


def test_pauses_grow_from_20_milliseconds_to_half_a_second():
    clock = Clock()
    answers = iter(["no"] * 12 + [None])
    waiting([lambda endpoint: next(answers)], clock)
    assert clock.pauses[0] == FIRST_PAUSE == 0.02
    assert all(later >= earlier for earlier, later in zip(clock.pauses, clock.pauses[1:], strict=False))
    assert clock.pauses[-1] == LONGEST_PAUSE == 0.5


def test_checks_are_asked_one_after_the_other():
    asked = []

    def check(name, answers):
        def ask(endpoint):
            asked.append((name, endpoint))
            return answers.pop()

        return ask

    waiting([check("a", [None, "no"]), check("b", [None])], Clock())
    assert asked == [("a", "endpoint"), ("a", "endpoint"), ("b", "endpoint")]


def test_the_time_limit_tells_what_the_last_answer_was():
    clock = Clock()
    with pytest.raises(NotReady, match=r"is not ready after 10 s: still booting"):
        waiting([lambda endpoint: "still booting"], clock)
    assert 10 < clock.now < 10 + 2 * LONGEST_PAUSE


@pytest.mark.parametrize("answer", [True, False, 200])
def test_a_check_that_answers_something_else_is_wrong(answer):
    def is_up(endpoint):
        return answer

    clock = Clock()
    with pytest.raises(StartError, match=f"the readiness check is_up returned {answer!r}") as refused:
        waiting([is_up], clock)
    assert clock.pauses == []
    assert "return None when the container is ready" in refused.value.hint


def test_a_pause_that_raises_ends_the_waiting():
    class Gone(Exception):
        pass

    def pause(seconds):
        raise Gone

    with pytest.raises(Gone):
        wait_until_ready([lambda endpoint: "no"], None, timeout=1, clock=Clock(), pause=pause)


class Box:
    host = "127.0.0.1"

    def __init__(self, port=0, log=""):
        self.ports = {80: port}
        self._log = log

    def logs(self):
        return self._log


def test_tcp_and_http_say_why_not(unused_port):
    box = Box(unused_port)
    assert ready.tcp(80)(box) == "port 80: connection refused"
    assert ready.http(80)(box) == "port 80: connection refused"


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_a_listener_that_hangs_up_is_not_the_containers():
    """As an engine's does for a published port that nothing in the container listens on yet, in its own time."""
    import socket
    import threading
    import time

    def hang_up():
        connection, _ = listener.accept()
        time.sleep(0.4)
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=hang_up)
        thread.start()
        assert ready.tcp(80)(Box(listener.getsockname()[1])) == "port 80: the connection is closed immediately"
        thread.join()


@pytest.fixture
def server():
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(int(self.path.strip("/")))
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield Box(running.server_port)
        running.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "wanted", "answer"),
    [
        (200, None, None),
        (404, None, None),
        (503, None, "GET /503 on port 80 returned 503"),
        (404, [200], "GET /404 on port 80 returned 404"),
        (204, [200, 204], None),
    ],
)
def test_http_looks_at_the_status(server, status, wanted, answer):
    assert ready.http(80, f"/{status}", status=wanted)(server) == answer
    assert ready.tcp(80)(server) is None


def test_log_searches_line_by_line():
    box = Box(log="one\ntwo ready\n")
    assert ready.log("^two")(box) is None
    assert ready.log("^ready")(box) == "no line of the log matches '^ready'"
