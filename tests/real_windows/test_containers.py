"""Containers of Windows images."""

import shutil

import pytest

from tests.kit.suite import ROOT
from tests.real_windows import MARKS

pytestmark = MARKS

BOX = """
from host import CORE
from pytest_wincontainers import Mount, container

@container(image=CORE, command=["ping", "-t", "localhost"]{options})
def box():
    pass
"""

COMMANDS = r"""
import contextlib
import docker
import pytest
from host import only_real
from pytest_wincontainers import WincontainersError
from pytest_wincontainers.hosts.events import EVENTS, read_events
from pytest_wincontainers.hosts.local import LocalHost

WORDS = ["a b", 'say "x y"', "100%", "%PATH%", "a&b|c>d^e", "{}", "Grüße, Öl & ß", "c:\\x y\\", "€", "x" * 8000]

@pytest.mark.parametrize("word", WORDS, ids=range(len(WORDS)))
def test_powershell(box, word):
    quoted = word.replace("'", "''")
    assert box.powershell(f"Write-Output '{quoted}'").output == word + "\n"
    assert box.powershell("Write-Output $env:WORD", environment={"WORD": word}).output == word + "\n"

@pytest.mark.parametrize("word", ["a b", 'say "x y"', "100%", "%PATH%", '"a&b"', "{}", "x" * 8000])
def test_cmd(box, word):
    assert box.cmd(f"echo {word}").output == word + "\n"

def test_the_isolation(box, pytestconfig):
    asked = pytestconfig.getoption("--wincontainers-isolation")
    with contextlib.closing(docker.from_env(version="auto")) as client:
        given = client.api.inspect_container(box.container_id)["HostConfig"]["Isolation"]
    assert given in (["process", "hyperv"] if asked == "auto" else [asked])

def test_programs(box):
    assert box.exec("cmd", "/C", "exit", "3").exit_code == 3
    with pytest.raises(WincontainersError, match="shell commands need cmd /C or PowerShell"):
        box.exec("dir")

def test_errors(box):
    done = box.powershell("throw 'no such <thing>'")
    assert done.exit_code == 1
    assert "no such <thing>" in done.output and "CLIXML" not in done.output

def test_the_cache_is_flushed(box):
    done = box.exec("ipconfig", "/flushdns", user="ContainerAdministrator")
    assert done.exit_code == 0, done.output

@only_real
def test_the_event_logs_of_the_host(box):
    found = read_events(LocalHost().run(EVENTS, 60))
    print(*found.lines(), sep="\n")
    assert found.unread == {}

def test_files(box, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "ü.bin").write_bytes(bytes(range(256)) * 1000)
    box.copy_in(tmp_path / "deep", "C:\\copied")
    box.copy_out("C:\\copied", tmp_path / "back")
    assert (tmp_path / "back" / "ü.bin").read_bytes() == bytes(range(256)) * 1000

def test_a_restart(box):
    box.cmd("echo x> C:\\kept.txt", check=True)
    box.restart()
    assert box.cmd("type C:\\kept.txt").output == "x\n"
"""
NEIGHBOURS = """
def test_it(box, other):
    def found():
        # Windows' ping calls a neighbour that does not answer no error.
        done = other.exec("ping", "-4", "-n", "1", box.inside.host, check=True)
        return "TTL=" in done.output and f"{box.host}:" in done.output

    assert found()
    box.restart()
    assert found()
"""


@pytest.mark.parametrize("isolation", ["auto", pytest.param("hyperv", marks=pytest.mark.hyperv)])
def test_commands_files_and_restarts(suite, isolation):
    suite.files(conftest=BOX.format(options=""), test_it=COMMANDS)
    assert suite.run(f"--wincontainers-isolation={isolation}", "-v") == suite.passed(24, only_real=1)


def test_a_mount(suite):
    (suite.path / "given").mkdir()
    (suite.path / "given" / "a.txt").write_text("from here")
    suite.files(
        conftest=BOX.format(options=', mounts=[Mount("given", "C:\\\\given")]'),
        test_it="def test_it(box): assert box.cmd('type C:\\\\given\\\\a.txt').output == 'from here'\n",
    )
    assert suite.run() == {"passed": 1}


def test_neighbours_find_each_other(suite):
    other = '@container(image=CORE, command=["ping", "-t", "localhost"])\ndef other(box): pass\n'
    suite.files(conftest=BOX.format(options="") + other, test_it=NEIGHBOURS)
    assert suite.run("-v") == {"passed": 1}


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "two workers"])
def test_the_example_shop(suite, workers):
    """MySQL, IIS and Chrome from this package's own images, which are built when this runs first."""
    ignored = shutil.ignore_patterns(".wincontainers", "__pycache__", ".pytest_cache")
    shutil.copytree(ROOT / "examples" / "shop", suite.path, dirs_exist_ok=True, ignore=ignored)
    assert suite.run("-v", *workers) == {"passed": 12}
