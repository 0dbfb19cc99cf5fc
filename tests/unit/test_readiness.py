"""The waiting loop, with a clock of its own, and the checks."""

import itertools
import socket
import threading
import time

import pytest

from pytest_wincontainers import limits, ready
from pytest_wincontainers.engines.base import ContainerState, ExecResult, Health
from pytest_wincontainers.errors import EngineError, NotReady, StartError
from pytest_wincontainers.limits import left
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
    assert 10 <= clock.now < 10 + 2 * LONGEST_PAUSE


@pytest.mark.parametrize("answer", [True, False, 200])
def test_a_check_that_answers_something_else_is_wrong(answer):
    def is_up(endpoint):
        return answer

    clock = Clock()
    with pytest.raises(StartError, match=f"the check .*is_up returned {answer!r}") as refused:
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
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_a_listener_that_hangs_up_is_not_the_containers(monkeypatch):
    """As an engine's does for a published port that nothing in the container listens on yet, in its own time."""
    monkeypatch.setattr(ready, "_PUBLISHED_HANG_UP_SECONDS", 60)

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


# -- whatever a container does, the time limit is kept ------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
BIG = b"x" * 65536
ANSWERS = {
    "silence": [None],
    "a status line, a byte at a time": [b"HTTP/1.1 ", *[b"2"] * 1000],
    "headers, a byte at a time": [HEAD, *[b"x"] * 1000],
    "100 Continue without an end": itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
}
BODIES = {
    "a body without an end": [HEAD + b"\r\n", *itertools.repeat(BIG, 2000)],
    "a chunked body without an end": [
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        *itertools.repeat(b"10000\r\n" + BIG + b"\r\n", 2000),
    ],
    "a body, a byte at a time": [HEAD + b"Content-Length: 1000\r\n\r\n", *[b"x"] * 1000],
    "a redirect that stays open": [b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", None],
    "no body": [HEAD + b"Content-Length: 9\r\n\r\n", None],
}


@pytest.fixture
def rude():
    """A server that answers with these bytes, 50 a second at the most where they are single; None is a long wait."""
    over, threads = threading.Event(), []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def answer(connection, pieces):
        with connection:
            try:
                for piece in pieces:
                    if piece is None or len(piece) < 100:
                        over.wait(60 if piece is None else 0.02)
                    if over.is_set():
                        return
                    connection.sendall(piece or b"")
            except OSError:
                return

    def serve(pieces):
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(None)
            threads.append(threading.Thread(target=answer, args=(connection, pieces)))
            threads[-1].start()

    def start(pieces):
        threads.append(threading.Thread(target=serve, args=(pieces,)))
        threads[-1].start()
        return Box(listener.getsockname()[1])

    yield start
    over.set()
    for thread in threads:
        thread.join()
    listener.close()


def really_waiting(check, box, timeout):
    begun = time.monotonic()
    try:
        wait_until_ready([check], box, timeout=timeout, clock=time.monotonic, pause=time.sleep)
    finally:
        assert time.monotonic() - begun < timeout + 10


@pytest.fixture
def patient(monkeypatch):
    """The limit leaves a check all the time that it needs for its own words."""
    monkeypatch.setattr(limits, "_GRACE_SECONDS", 9)


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_server_that_does_not_answer_takes_no_longer_than_the_limit(rude, answer, patient):
    with pytest.raises(NotReady, match=r"is not ready after 0.5 s: port 80: timed out"):
        really_waiting(ready.http(80), rude(ANSWERS[answer]), 0.5)


@pytest.mark.parametrize("body", BODIES)
def test_a_server_that_has_answered_is_ready_whatever_its_body_is(rude, body, monkeypatch):
    monkeypatch.setattr(ready, "_BODY_SECONDS", 0.2)
    box = rude(BODIES[body])
    really_waiting(ready.http(80), box, 10)
    answer = ready.request(box.host, box.ports[80], "/")
    assert answer.status in {200, 302}
    assert len(answer.body) <= 1 << 20


def test_a_check_that_does_not_return():
    over = threading.Event()

    def stuck(endpoint):
        over.wait(60)

    with pytest.raises(NotReady, match=r"is not ready after 0.1 s: the check .*stuck did not return"):
        really_waiting(stuck, Box(), 0.1)
    over.set()


def test_a_timeout_of_the_check_itself_is_its_own():
    def impatient(endpoint):
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        really_waiting(impatient, Box(), 10)


def test_all_checks_share_one_limit():
    clock = Clock()

    def late(endpoint):
        clock.now += 9
        return

    with pytest.raises(NotReady, match="after 10 s: no"):
        waiting([late, late, lambda endpoint: "no"], clock)
    assert clock.now < 20


class Commands:
    """An endpoint whose commands take as long as they may."""

    def __init__(self):
        self.limits = []

    def exec(self, *command, timeout):
        self.limits.append(timeout)
        time.sleep(timeout)
        raise EngineError("it took too long")


def test_a_command_has_the_time_that_is_left():
    box = Commands()
    with pytest.raises(NotReady, match=r"is not ready after 1.5 s: the check ready.exec did not return"):
        really_waiting(ready.exec("sleep", "1000"), box, 1.5)
    assert len(box.limits) == 1
    assert 0 < box.limits[0] <= 1.5


def test_a_command_that_the_engine_refuses():
    class Refusing:
        def exec(self, *command, timeout):
            raise EngineError("there is no such program")

    with pytest.raises(EngineError, match="there is no such program"):
        really_waiting(ready.exec("none"), Refusing(), 10)


STARTING = Health("starting", ("probe",), 5.0)


class Checked:
    """An endpoint with a health check, whose command exits with these codes one after the other."""

    name = "box"

    def __init__(self, *codes, health=STARTING):
        self.codes = list(codes)
        self.health = health
        self.limits = []

    def state(self):
        return ContainerState(running=True, health=self.health)

    def exec(self, *command, timeout):
        assert command == ("probe",)
        self.limits.append(timeout)
        return ExecResult(self.codes.pop(0), "", "not yet\n")


def test_a_health_check_is_run_without_waiting_for_the_engine():
    box = Checked(1, 0)
    assert ready.healthy()(box) == "the health check exited with code 1: not yet"
    assert ready.healthy()(box) is None
    assert box.limits == [5.0, 5.0]


def test_what_the_engine_has_found_healthy_is_not_checked_again():
    assert ready.healthy()(Checked(health=Health("healthy", ("probe",), 5.0))) is None


def test_what_does_not_run_is_not_healthy():
    class Ended(Checked):
        def state(self):
            return ContainerState(running=False, exit_code=0)

    assert ready.Healthy(required=False)(Ended()) == "the container does not run"


def test_a_health_check_that_cannot_be_run():
    class Refusing(Checked):
        def exec(self, *command, timeout):
            raise EngineError("there is no probe")

    assert ready.healthy()(Refusing()) == "the health check failed: there is no probe"


def test_without_a_health_check_nobody_can_be_healthy():
    with pytest.raises(StartError, match="box has no health check for ready.healthy()"):
        ready.healthy()(Checked(health=None))
    assert ready.Healthy(required=False)(Checked(health=None)) is None


def test_outside_of_a_limit_there_is_as_much_time_as_one_asks_for():
    assert left(5) == 5


def test_sites_are_asked_within_the_limit(rude, patient):
    from pytest_wincontainers import Site
    from pytest_wincontainers.services.iis.readiness import SitesAnswer

    check = SitesAnswer((Site("shop", path=".", port=80),))
    with pytest.raises(NotReady, match=r"is not ready after 0.5 s: site shop: timed out"):
        really_waiting(check, rude(ANSWERS["silence"]), 0.5)
