"""What people expect of a command: of Ctrl+C, of two at once, and of where and how it is called."""

import json
import re
import signal
import time

import pytest

from tests.kit.waiting import wait_for

SERVERS = """
import time
from pathlib import Path
from guest import IMAGE
from pytest_wincontainers import container

def prepared(endpoint):
    while Path(__file__).with_name("wait").exists():
        time.sleep(0.05)

@container(image=IMAGE, command=["box", "serve", "8000"], ports=[8000], prepare=prepared)
def quick():
    pass
"""
SLOW = """
@container(image=IMAGE, command=["box", "serve", "8000"], ports=[8000], ready=lambda endpoint: "never")
def slow():
    pass
"""


@pytest.fixture
def servers(suite):
    suite.files(conftest=SERVERS)
    yield suite
    suite.command("down")


def listed(suite):
    return {one["name"]: one["id"] for one in json.loads(suite.command("ps", "--json").output)}


def start_slowly(suite):
    """An `up` that waits for a container that is never ready, when the other one is."""
    suite.files(conftest=SERVERS + SLOW)
    up = suite.start_command("up")
    suite.wait_for_state("quick", "ready")
    wait_for(lambda: len(suite.containers()) == 2)
    return up


def start_and_wait(suite, *commands):
    """An `up` that goes on once the file `wait` is removed, and commands that wait for it."""
    (suite.path / "wait").touch()
    up = suite.start_command("up")
    wait_for(suite.containers)
    others = [suite.start_command(command) for command in commands]
    for other in others:
        other.until("waiting for another")
    return [up, *others]


@pytest.mark.every_process
def test_ctrl_c_leaves_what_is_listed(servers):
    up = start_slowly(servers)
    up.interrupt()
    output, _ = up.communicate(timeout=30)
    assert (up.returncode, output.splitlines()[-1]) == (130, "wincontainers: interrupted; quick stays")
    assert "Traceback" not in output
    assert "KeyboardInterrupt" not in output
    assert listed(servers) == {"quick": servers.containers()[0].id}
    assert len(servers.containers()) == 1


# A Windows host's watchdog is patient.
@pytest.mark.parametrize("engine", ["linux"], indirect=True)
@pytest.mark.parametrize("pause", [0.02, 0.1, 0.3])
def test_a_second_ctrl_c_leaves_nothing_unlisted(servers, pause):
    """It comes before, while or after the containers are told apart that stay."""
    up = start_slowly(servers)
    up.interrupt()
    time.sleep(pause)
    if up.poll() is None:
        up.interrupt()
    output, _ = up.communicate(timeout=30)
    assert up.returncode == 130
    assert "Traceback" not in output
    wait_for(lambda: not servers.watchdogs(), seconds=30)
    assert {one.id for one in servers.containers()} == set(listed(servers).values())


@pytest.mark.few_hosts
def test_a_terminated_up_ends_as_an_interrupted_one(servers):
    if servers.costs > 1:
        pytest.skip("Windows has no SIGTERM")
    up = start_slowly(servers)
    up.send_signal(signal.SIGTERM)
    output, _ = up.communicate(timeout=30)
    assert (up.returncode, output.splitlines()[-1]) == (143, "wincontainers: interrupted; quick stays")
    assert listed(servers) == {"quick": servers.containers()[0].id}


@pytest.mark.every_process
def test_a_second_up_takes_up_what_the_first_starts(servers):
    first, second = start_and_wait(servers, "up")
    (servers.path / "wait").unlink()
    assert first.communicate(timeout=60)[0].count("They stay until") == 1
    output, _ = second.communicate(timeout=60)
    assert output.startswith("wincontainers: waiting for another `wincontainers up` of this project to end\n")
    assert (first.returncode, second.returncode, len(servers.created())) == (0, 0, 1)
    assert list(listed(servers)) == ["quick"]


@pytest.mark.few_hosts
def test_down_waits_for_an_up(servers):
    up, *downs = start_and_wait(servers, "down", "down")
    (servers.path / "wait").unlink()
    assert "They stay until" in up.communicate(timeout=60)[0]
    outputs = [down.communicate(timeout=60)[0] for down in downs]
    assert any("removed quick" in output for output in outputs)
    assert all(output.startswith("wincontainers: waiting for another") for output in outputs)
    assert (listed(servers), servers.containers()) == ({}, [])


@pytest.mark.few_hosts
def test_up_finds_the_suite_above(servers):
    below = servers.path / "sub folder" / "tiefer ü"
    below.mkdir(parents=True)
    up = servers.start_command("up", folder=below)
    assert "They stay until" in up.communicate(timeout=60)[0]
    assert list(listed(servers)) == ["quick"]
    down = servers.start_command("down", folder=below)
    assert "removed quick" in down.communicate(timeout=60)[0]


@pytest.mark.few_hosts
@pytest.mark.parametrize(
    "addopts",
    ["-n4 -x --ff", "-p no:wincontainers -vv", "--setup-plan --junitxml=results.xml --pdb", "-k nothing --color=yes"],
)
def test_addopts_are_for_tests(servers, addopts):
    (servers.path / "pytest.ini").write_text(f"[pytest]\naddopts = {addopts}\n")
    up = servers.command("up")
    assert (up.status, "quick  container" in up.output) == (0, True)
    assert "test session" not in up.output
    assert not (servers.path / "results.xml").exists()
    assert not (servers.path / ".pytest_cache").exists()


@pytest.mark.few_hosts
@pytest.mark.parametrize(
    ("conftest", "says"),
    [("", "no containers are declared in"), ("import nowhere", "No module named 'nowhere'"), ("def (", "SyntaxError")],
)
def test_a_suite_that_cannot_be_read(suite, conftest, says):
    suite.files(conftest=conftest)
    up = suite.command("up")
    assert (up.status, says in up.output, "Traceback" in up.output) == (2, True, False)


@pytest.mark.parametrize("engine", ["linux"], indirect=True)
def test_exec_passes_words_and_bytes_on(servers):
    assert servers.command("up").status == 0
    words = ["-x", "a b", "$HOME", "", "ü", "--", "--help"]
    assert servers.command("exec", "quick", "--", "printf", "%s|", *words).output == "-x|a b|$HOME||ü|--|--help|"
    script = r"printf '\377a'; head -c 3000000 /dev/zero | tr '\0' x; exit 9"
    done = servers.command("exec", "quick", "sh", "-c", script, PYTHONIOENCODING="latin-1")
    assert (done.status, len(done.output)) == (9, len(r"\ufffda") + 3_000_000)


@pytest.mark.parametrize("engine", ["linux"], indirect=True)
def test_ctrl_c_ends_logs_quietly(servers):
    assert servers.command("up").status == 0
    logs = servers.start_command("logs", "-f", "quick")
    logs.until("\n")
    logs.interrupt()
    output, _ = logs.communicate(timeout=30)
    assert (logs.returncode, len(output.split("\n", 1)[0].split()) > 1, "Traceback" in output) == (130, True, False)


@pytest.mark.few_hosts
def test_ctrl_c_while_waiting_for_another_up(servers):
    first = start_slowly(servers)
    second = servers.start_command("up")
    second.until("waiting for another")
    second.interrupt()
    output, _ = second.communicate(timeout=30)
    assert (second.returncode, output.splitlines()[-1]) == (130, "wincontainers: interrupted")
    first.interrupt()
    assert first.communicate(timeout=30)[0].endswith("wincontainers: interrupted; quick stays\n")


TALKER = """
from guest import IMAGE, ROOT
from pytest_wincontainers import container, ready

@container(
    image=IMAGE,
    command=["box", "show", ROOT + "long.txt"],
    files={ROOT + "long.txt": b"a line that nobody reads\\n" * 40_000 + b"the last one\\n"},
    ready=ready.log("the last one"),
)
def talker():
    pass
"""
UNREAD = """
import subprocess
import sys
import pytest
from guest import ROOT

LOGS = ["logs", "talker"]
EXEC = ["exec", "talker", "box", "read", ROOT + "long.txt"]

@pytest.mark.parametrize(
    ("words", "lines"), [(["ps"], 0), (["ps", "--json"], 0), (LOGS, 1), ([*LOGS, "--follow"], 1), (EXEC, 1)]
)
def test_unread(words, lines):
    command = [sys.executable, "-m", "pytest_wincontainers.cli", *words]
    with subprocess.Popen(command, stdout=-1, stderr=-1) as process:
        for _ in range(lines):
            assert b"a line that nobody reads" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1
"""


@pytest.mark.few_hosts
def test_whoever_has_read_enough_of_the_containers_sees_no_error(servers):
    servers.files(conftest=TALKER)
    assert servers.command("up").status == 0
    servers.files(test_unread=UNREAD)
    # Without buffers, Python takes a text for written of which the reader took a part.
    assert servers.run("test_unread.py", PYTHONUNBUFFERED="").outcomes() == {"passed": 5}
    assert list(listed(servers)) == ["talker"]


@pytest.mark.few_hosts
def test_ctrl_c_ends_exec_quietly(servers):
    assert servers.command("up").status == 0
    running = servers.start_command("exec", "quick", "box", "until", "never", "0", "")
    (container,) = servers.containers()
    wait_for(lambda: any("until" in " ".join(one) for one in container.top()["Processes"]), seconds=30)
    running.interrupt()
    output, _ = running.communicate(timeout=30)
    assert (running.returncode, output.strip()) == (130, "")
    assert listed(servers) == {"quick": container.id}


ONCE = """
from guest import IMAGE
from pytest_wincontainers import container

@container(
    image=IMAGE, command=["sh", "-c", "test -e /begun && sleep 1000; touch /begun; exec box serve 8000"], ports=[8000]
)
def quick():
    pass
"""


@pytest.mark.parametrize("engine", ["linux"], indirect=True)
def test_ctrl_c_while_a_container_restarts(servers):
    servers.files(conftest=ONCE)
    assert servers.command("up").status == 0
    before = listed(servers)

    def begun():
        (container,) = servers.containers()
        return container.attrs["State"]["StartedAt"]

    first = begun()
    restart = servers.start_command("restart", "quick")
    wait_for(lambda: begun() != first, seconds=30)
    restart.interrupt()
    output, _ = restart.communicate(timeout=30)
    assert (restart.returncode, output.splitlines()[-1]) == (130, "wincontainers: interrupted; quick stays")
    assert not re.search("Traceback|KeyboardInterrupt", output)
    assert listed(servers) == before
    assert len(servers.containers()) == 1
