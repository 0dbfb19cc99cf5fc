"""Logs that are more than usual: long lines, many lines, more than anybody reads."""

import pytest

from pytest_wincontainers.reports import logs

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

@container(
    image=IMAGE,
    command=["box", "show_after", ROOT + "asked", ROOT + "given/lines.txt"],
    mounts=[Mount("given", ROOT + "given")],
)
def show():
    pass
"""

# A report has the lines of its test's time, and what the program has not written yet, nobody can wait for.
WRITTEN = """
import contextlib
import time
import docker
from guest import ROOT

def write(endpoint):
    endpoint.exec("box", "touch", ROOT + "asked", check=True)
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
        from written import write

        def test_it(show):
            write(show)
            assert "line 39999 " in show.logs()

        """
    )
    assert many.run(*mode).outcomes() == {"passed": 1}


def test_the_report_has_the_last_of_many_lines(many, mode):
    many.files(test_it="from written import write\n\ndef test_it(show):\n    write(show)\n    assert 0\n")
    finished = many.run(*mode)
    assert finished.outcomes() == {"failed": 1}
    assert "line 39999 " in finished.output


@pytest.mark.few_hosts
def test_a_long_log_goes_on_in_other_files(many):
    many.files(test_it="from written import write\n\ndef test_it(show):\n    write(show)\n")
    assert many.run("--wincontainers-log-size=1").outcomes() == {"passed": 1}
    log = many.artifact("show.log")
    assert len(logs.files_of(log)) > 2
    lines = [line.split()[2] for line in logs.read(log).decode().splitlines() if " line " in line]
    assert lines == [str(number) for number in range(40_000)]
