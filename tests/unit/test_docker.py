"""What the Docker engine says that need not be an error."""

import pytest

from pytest_wincontainers.engines.base import ContainerSpec, ExecResult
from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.engines.docker import _gone
from pytest_wincontainers.engines.docker.calls import check_started
from pytest_wincontainers.errors import CommandFailed, EngineError
from pytest_wincontainers.failures.catalogue import CATALOGUE
from pytest_wincontainers.testing import FakeEngine


def refused(phase, kind):
    return EngineError("no", failure=next(one for one in CATALOGUE if (one.phase, one.kind) == (phase, kind)))


def test_a_container_that_ended_during_the_call_is_gone():
    with _gone():
        raise refused("stop", "transient")


@pytest.mark.parametrize(
    "problem", [refused("start", "transient"), refused("start", "permanent"), EngineError("who knows")], ids=str
)
def test_anything_else_is_an_error(problem):
    with pytest.raises(EngineError), _gone():
        raise problem


NOT_STARTED = {
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "dir": executable file not found in '
    "$PATH: unknown": "sh -c",
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "/x/y": stat /x/y: no such file or '
    "directory: unknown": "a program that the image contains",
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "/etc/passwd": permission denied: '
    "unknown": "make the file executable",
    "unable to find user somebody: no matching entries in passwd file": "an account that the image has",
    "container 2139 encountered an error during hcs::System::CreateProcess: failure in a Windows system call: The system "
    "cannot find the file specified. (0x2)": "cmd /C or PowerShell",
    "hcs::System::CreateProcess 21: Access is denied.": "ContainerAdministrator",
}


@pytest.mark.parametrize("words", NOT_STARTED)
def test_an_engine_that_could_not_start_a_program_says_so_in_its_output(words):
    with pytest.raises(EngineError, match="refused to run dir") as refused:
        check_started("run dir", 126, words + "\n")
    assert refused.value.details == words
    assert NOT_STARTED[words] in refused.value.hint


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "OCI runtime exec failed: x"), (126, ""), (127, "sh: 1: dir: not found\n"), (1, "unable to find user x")],
)
def test_a_program_that_says_something_alike_has_run(code, words):
    check_started("run dir", code, words)


@pytest.fixture
def box():
    engine = FakeEngine(exec=lambda spec, command: ExecResult(int(command[1]), "out\n", "err\n"))
    container = engine.create(ContainerSpec("box", "box:1", {}))
    engine.start(container)
    return Container(engine, container)


def test_a_command_can_be_made_to_raise(box):
    assert box.exec(["end", "3"]).exit_code == 3
    assert box.exec(["end", "0"], check=True).output == "out\nerr\n"
    with pytest.raises(CommandFailed, match="end exited with code 3") as failed:
        box.exec(["end", "3", "--password=x"], check=True)
    assert failed.value.exit_code == 3
    assert failed.value.details == "out\nerr"
    assert "omit check=True" in failed.value.hint
    assert "password" not in str(failed.value)
