"""Logs that are more than usual: long lines, many lines, more than anybody reads."""

import pytest

LONG = """
from dataclasses import dataclass
from guest import IMAGE
from pytest_wincontainers import ready
from pytest_wincontainers.services import Service, declare

@dataclass(frozen=True)
class Talker(Service):
    kind = "talker"

    def secrets(self, token):
        return {"password": token()}

    def environment(self, secrets, returned):
        # The engine breaks the line in the middle of the password.
        return {"TEXT": "x" * (16 * 1024 - 10) + secrets["password"] + "y"}

    def image(self, engine):
        return IMAGE

@declare(Talker({"command": ["box", "env", "TEXT"], "ready": ready.log("x")}))
def talker():
    pass
"""


@pytest.mark.few_hosts
def test_a_password_across_the_engines_records_is_masked(suite, mode):
    suite.files(conftest=LONG, test_it="def test_it(talker):\n    pass\n")
    suite.run(*mode)
    (line,) = suite.artifact("talker.log").read_text("utf-8").splitlines()
    assert line.partition(" ")[2] == "x" * (16 * 1024 - 10) + "***y"


MANY = """
from guest import IMAGE, ROOT
from pytest_wincontainers import Mount, container

@container(image=IMAGE, command=["box", "show", ROOT + "given/lines.txt"], mounts=[Mount("given", ROOT + "given")])
def show():
    pass
"""

# What the program has not written yet, nobody can wait for.
WRITTEN = """
import contextlib
import time
import docker

def wait(endpoint):
    deadline = time.monotonic() + 60
    with contextlib.closing(docker.from_env()) as client:
        container = client.containers.get(endpoint.container_id)
        # Some programs of Windows write UTF-16.
        while b"line 39999 " not in container.logs(tail=2).replace(b"\\0", b""):
            assert time.monotonic() < deadline
"""


@pytest.fixture
def many(suite):
    """A suite with a container that writes many lines at once."""
    (suite.path / "given").mkdir()
    lines = "".join(f"line {number} {'x' * 80}\n" for number in range(40_000))
    (suite.path / "given" / "lines.txt").write_text(lines)
    suite.files(conftest=MANY, written=WRITTEN)
    return suite


def test_many_lines_arrive_before_they_are_asked_for(many, mode):
    many.files(
        test_it="""
        from written import wait

        def test_it(show):
            wait(show)
            assert "line 39999 " in show.logs()

        """
    )
    assert many.run(*mode).outcomes() == {"passed": 1}


def test_the_report_has_the_last_of_many_lines(many, mode):
    many.files(test_it="from written import wait\n\ndef test_it(show):\n    wait(show)\n    assert 0\n")
    finished = many.run(*mode)
    assert finished.outcomes() == {"failed": 1}
    assert "line 39999 " in finished.output


@pytest.mark.few_hosts
def test_a_log_that_is_too_long_is_cut(many):
    many.files(
        test_it="from written import wait\n\ndef test_it(show):\n    wait(show)\n    assert 'left out' in show.logs()\n"
    )
    finished = many.run("--wincontainers-log-size=1")
    assert finished.outcomes() == {"passed": 1}
    assert "the log of show has reached its limit, and the rest was left out" in finished.output
    log = many.artifact("show.log")
    assert 1_000_000 < log.stat().st_size < 1_049_000
    assert log.read_text("utf-8").endswith("(the rest of this log was left out: its limit is 1 MiB)\n")
