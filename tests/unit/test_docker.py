"""What the Docker engine says that need not be an error, and its logs."""

import contextlib
import io
import itertools
import json
import struct
import tarfile
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

import docker.errors
import pytest
import requests

from pytest_wincontainers.engines.base import Build, ContainerSpec, ExecResult
from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.engines.docker import DockerEngine, connection, streams
from pytest_wincontainers.engines.docker.builds import BuildOutput
from pytest_wincontainers.engines.docker.calls import check_started
from pytest_wincontainers.engines.docker.connection import connect
from pytest_wincontainers.engines.docker.pulls import PullProgress
from pytest_wincontainers.errors import CommandFailed, EngineError, EngineUnavailable
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.guests.builds import WindowsHost, WindowsVersion
from pytest_wincontainers.testing import FakeEngine

NO_EXIT_EVENT = "cannot kill container: 3f: tried to kill container, but did not receive an exit event"
INVALID_STATE = "container 3f encountered an error during hcs::System::Terminate: (0xc0370105)"


class Stubborn:
    """The SDK's client, of an engine that answers a kill with these words, and of a container."""

    def __init__(self, words, *, looks=0, status=500):
        self._words, self._status = words, status
        self.looks = looks
        """How often it is seen running after that."""

    def kill(self, container):
        response = requests.Response()
        response.status_code = self._status
        raise docker.errors.APIError("no", response, self._words)

    def inspect_container(self, container):
        self.looks -= 1
        return {"State": {"Running": self.looks >= 0, "ExitCode": 1}, "NetworkSettings": {}}


@pytest.fixture
def kills(monkeypatch):
    """Kills a container, and waits but a moment."""
    monkeypatch.setattr("pytest_wincontainers.engines.docker._KILL_GRACE_SECONDS", 0.2)
    monkeypatch.setattr("pytest_wincontainers.engines.docker._POLL_SECONDS", 0.01)

    def kill(api):
        engine = DockerEngine()
        engine._connected = api
        engine.kill("3f")

    return kill


@pytest.mark.parametrize("words", [NO_EXIT_EVENT, INVALID_STATE])
def test_a_container_that_ends_late_is_waited_for(kills, words):
    api = Stubborn(words, looks=3)
    kills(api)
    assert api.looks == -1


@pytest.mark.parametrize("words", [NO_EXIT_EVENT, INVALID_STATE])
def test_a_container_that_does_not_end_is_an_error(kills, words):
    """Else a start would find it running, do nothing, and count as a restart."""
    with pytest.raises(EngineError, match="refused to kill a container") as refused:
        kills(Stubborn(words, looks=1000))
    assert refused.value.details == words


def test_a_failure_that_does_not_pass_is_not_waited_for(kills):
    api = Stubborn("Access is denied", looks=2)
    with pytest.raises(EngineError):
        kills(api)
    assert api.looks == 1


def test_a_container_that_is_not_running_need_not_be_killed(kills):
    kills(Stubborn("container 3f is not running", status=409, looks=1000))


class Nothing:
    """The SDK's client, of a container without tar that runs under Hyper-V."""

    def inspect_container(self, container):
        return {"State": {"Running": True}, "HostConfig": {"Isolation": "hyperv"}}

    def exec_create(self, container, command, **options):
        return {"Id": "1"}

    def exec_start(self, exec_id, **options):
        said = f"{NO_TAR}\r\n".encode()
        stream = mock.Mock()
        stream._response.raw._fp.fp.read1 = io.BytesIO(struct.pack(">BxxxL", 1, len(said)) + said).read1
        return stream

    def _get_raw_response_socket(self, response):
        return None

    def _disable_socket_timeout(self, connection):
        pass


NO_TAR = (
    "container 3f encountered an error during hcs::System::CreateProcess: failure in a Windows system call: Das System "
    "kann die angegebene Datei nicht finden. (0x2)"
)


def test_what_the_engine_says_of_a_missing_tar_is_no_archive():
    """Server 2016 has none."""
    engine = DockerEngine()
    engine._connected = Nothing()
    engine._info = replace(FakeEngine().info(), guest="windows")
    with pytest.raises(EngineError) as refused:
        list(engine.copy_out("3f", "C:\\log"))
    assert (refused.value.details, refused.value.failure.id) == (NO_TAR, "exec-not-found")


@pytest.mark.parametrize(
    ("default", "options", "limits"),
    [
        ("hyperv", {}, {"memory": 2 << 30}),
        ("hyperv", {"memory": 4096}, {"memory": 4 << 30}),
        ("hyperv", {"isolation": "process"}, {}),
        ("process", {}, {}),
        ("process", {"isolation": "hyperv"}, {"memory": 2 << 30}),
        ("process", {"memory": 512}, {"memory": 512 << 20}),
    ],
)
def test_builds_under_hyperv_have_enough_memory(default, options, limits, tmp_path):
    """The engine gives them 1 GB (moby/moby#50277)."""
    asked = {}

    class Builder:
        def build(self, **given):
            asked.update(given)
            return []

    (tmp_path / "Dockerfile").write_text("FROM x")
    engine = DockerEngine()
    engine._connected = Builder()
    host = WindowsHost(WindowsVersion(26200), server=False, default=default)
    engine._info = replace(FakeEngine().info(), guest="windows", windows=host)
    engine.build(Build(tmp_path, **options), "x:1", {}, print)
    assert (asked["container_limits"], asked["isolation"]) == (limits, options.get("isolation"))


def test_a_named_pipe_that_says_nothing_is_given_up(monkeypatch):
    """The SDK would wait for ever (docker-py docker/transport/npipesocket.py)."""
    silence = threading.Event()
    monkeypatch.setattr(docker.APIClient, "send", lambda *_, **__: silence.wait(20))
    client = object.__new__(connection._Client)
    client.base_url = "http+docker://localnpipe"
    with pytest.raises(TimeoutError, match="nothing came over the named pipe for 0.05 s"):
        client.send(None, timeout=0.05)
    silence.set()
    assert client.send(None, timeout=None)


def test_an_error_of_the_named_pipe_while_connecting_is_told_as_any_other(monkeypatch):
    """The SDK wraps it in its first call only."""
    error = type("error", (Exception,), {"__module__": "pywintypes"})

    class Client:
        def __init__(self, **options):
            pass

        def info(self):
            raise error(2, "CreateFile", "The system cannot find the file specified.")

    monkeypatch.setattr(connection, "_Client", Client)
    with pytest.raises(EngineUnavailable, match=r"no Docker engine answers at npipe:////\./pipe/other") as refused:
        connect("npipe:////./pipe/other")
    assert refused.value.failure.id == "npipe-not-found"
    assert "Start-Service docker" in refused.value.hint


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


# -- building and pulling -----------------------------------------------------------------------------------------------


def test_the_lines_of_a_build_are_whole_and_without_colours():
    output = BuildOutput(lambda _: None)
    # As the classic builder sends what a command writes to its standard error.
    for stream in ("Step 1/2 : RUN x\n", "\x1b[91mE: no ", "\x1b[0m", "\x1b[91mpackage\r\n\x1b[0m", "10%\r20%\r30%\n"):
        output.add({"stream": stream})
    output.add({"stream": "without an end"})
    output.add({"error": "\x1b[91mit ended with 100\x1b[0m"})
    problem = output.problem(Build(folder=Path()), output.error)
    assert problem.details.splitlines() == [
        "Step 1/2 : RUN x",
        "E: no package",
        "30%",
        "without an end",
        "it ended with 100",
    ]


def test_a_pull_tells_its_layers_and_bytes():
    pulled = PullProgress()
    said = [
        pulled.add({"status": "Pulling from library/x", "id": "latest"}),
        pulled.add({"status": "Pulling fs layer", "id": "a"}),
        pulled.add({"status": "Already exists", "id": "b"}),
        pulled.add({"status": "Downloading", "id": "a", "progressDetail": {"current": 1_000_000, "total": 9_000_000}}),
        pulled.add({"status": "Extracting", "id": "a", "progressDetail": {"current": 1, "total": 2}}),
        pulled.add({"status": "Pull complete", "id": "a"}),
        pulled.add({"status": "Status: Downloaded newer image"}),
    ]
    assert said == [
        "",
        "0 of 1 layers",
        "1 of 2 layers",
        "1 of 2 layers, 1 of 9 MB",
        "1 of 2 layers, 9 of 9 MB",
        "2 of 2 layers, 9 of 9 MB",
        "",
    ]


def test_a_build_tells_its_step_and_what_it_pulls():
    told = []
    output = BuildOutput(told.append)
    output.add({"stream": "Step 1/3 : FROM x\n"})
    output.add({"status": "Downloading", "id": "a", "progressDetail": {"current": 2_000_000, "total": 4_000_000}})
    output.add({"stream": "Step 2/3 : RUN y\n"})
    assert told == ["step 1/3", "step 1/3: 0 of 1 layers, 2 of 4 MB", "step 2/3"]


# -- commands -----------------------------------------------------------------------------------------------------


class Daemon(BaseHTTPRequestHandler):
    """Of an engine, what a command takes. It writes `output` together with the head of the answer, then ends."""

    output = ()

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self._answer({"ExitCode": 0})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if not self.path.endswith("/start"):
            self._answer({"Id": "1"})
            return
        self.close_connection = True
        head = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        with contextlib.suppress(OSError):
            for number, piece in self.output:
                self.connection.sendall(head + struct.pack(">BxxxL", number, len(piece)) + piece)
                head = b""

    def _answer(self, content):
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def api(monkeypatch):
    """A client of an engine whose commands write what `api(output)` says."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Daemon)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    client = docker.APIClient(f"tcp://127.0.0.1:{server.server_address[1]}", version="1.44", timeout=5)

    def connected(output):
        monkeypatch.setattr(Daemon, "output", output)
        return client

    yield connected
    client.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_output_that_comes_with_the_head_of_the_answer_is_not_lost(api):
    said = [(1, b"out"), (2, b"err"), (1, b"put")]
    pieces = [(b"out", None), (None, b"err"), (b"put", None)]
    assert streams.ExecStream(api(said), "1", ["x"], {}, "").run() == (0, pieces)
    assert list(streams.read(api(said), "1", ["x"], "")) == pieces


class PipeError(Exception):
    """As pywin32's is: none of Python's own."""


@pytest.mark.parametrize("end", [PipeError(109, "ReadFile", "The pipe has been ended."), ValueError("closed file")])
def test_a_named_pipe_ends_with_an_error(end):
    pieces = [struct.pack(">BxxxL", 1, 3) + b"out", end]
    read = mock.Mock(side_effect=pieces)
    stream = mock.Mock()
    stream._response.raw._fp.fp.read1 = read
    assert list(streams.frames(mock.Mock(), stream)) == [(b"out", None)]


def test_another_error_of_a_named_pipe_is_one():
    stream = mock.Mock()
    stream._response.raw._fp.fp.read1 = mock.Mock(side_effect=PipeError(5, "ReadFile", "Access is denied."))
    with pytest.raises(PipeError):
        list(streams.frames(mock.Mock(), stream))


def test_a_command_that_writes_without_an_end_does_not_take_all_memory(api):
    with pytest.raises(EngineError, match="yes has written more than 64 MiB of output"):
        streams.ExecStream(api(itertools.repeat((1, b"y\n" * 32768))), "1", ["yes"], {}, "").run()


@pytest.mark.parametrize(
    ("guest", "system", "options", "reached"),
    [
        ("windows", "Microsoft Windows Server Version 21H2", None, True),
        ("linux", "Debian GNU/Linux 12", None, True),
        ("linux", "Debian GNU/Linux 12", ["name=seccomp"], True),
        ("linux", "Debian GNU/Linux 12", ["name=seccomp", "name=rootless"], False),
        ("linux", "Docker Desktop", [], False),
    ],
)
def test_whether_containers_have_a_route(guest, system, options, reached, monkeypatch):
    monkeypatch.setattr(connection, "MACHINE", mock.Mock(routes_to_linux_containers=True))
    answer = {"OperatingSystem": system, "SecurityOptions": options}
    assert connection._reaches_containers(answer, RULES[guest]) == reached


@pytest.mark.parametrize(("guest", "made"), [("linux", ["nat"]), ("windows", [])])
def test_the_network_is_made_where_the_engine_does_not_make_it(guest, made, monkeypatch):
    monkeypatch.setattr(DockerEngine, "_guest", RULES[guest])
    engine = DockerEngine()
    engine._connected = mock.Mock()
    engine._connected.networks.return_value = [{"Name": "natural"}]
    if made:
        engine.ensure_network("nat")
    else:
        with pytest.raises(EngineError, match="the engine has no network called nat"):
            engine.ensure_network("nat")
    assert [call.args[0] for call in engine._connected.create_network.call_args_list] == made


def test_a_command_that_takes_too_long_is_let_go(monkeypatch):
    """Its connection is closed; else each one would stay open until the end of the run."""
    running = mock.Mock()
    running.run.side_effect = lambda: threading.Event().wait(5)
    monkeypatch.setattr(streams, "ExecStream", lambda *_: running)
    engine = DockerEngine()
    engine._connected = mock.Mock()
    with pytest.raises(EngineError, match="sleep timed out after 0.05 s"):
        engine.exec("3f", ["sleep"], {}, timeout=0.05)
    running.close.assert_called_once_with()


def test_a_connection_is_closed_once():
    """The one who waits in vain and the one who reads close it at the same time; then the SDK has it for others."""
    running = streams.ExecStream(mock.Mock(), "3f", ["sleep"], {}, "")
    running._stream = stream = mock.Mock()
    stream.close.side_effect = lambda: threading.Event().wait(0.05)
    threads = [threading.Thread(target=running.close) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stream._response.raw._connection.close.assert_called_once_with()


@pytest.mark.parametrize(
    ("build", "place", "command"),
    [
        (Build(Path("app")), "app", "docker build app"),
        (Build(Path("app"), target="final"), "app", "docker build --target final app"),
        (Build(Path("images"), "windows/mysql/Dockerfile"), "images/windows/mysql/Dockerfile", None),
    ],
)
def test_a_build_that_fails_says_which_and_how_to_do_it_by_hand(build, place, command):
    problem = BuildOutput(lambda _: None).problem(build, "a text that nobody knows")
    assert problem.message == f"building the image in {Path(place)} failed"
    assert problem.hint.endswith(command or f"docker build -f {Path(place)} images")


def test_a_stage_and_a_dockerfile_that_is_not_in_the_directory(tmp_path):
    asked, sent = {}, []

    class Builder:
        def build(self, fileobj, **given):
            asked.update(given)
            with tarfile.open(fileobj=fileobj) as archive:
                sent[:] = [(name, archive.extractfile(name).read()) for name in archive.getnames()]
            return []

    (tmp_path / "data.txt").write_text("1")
    engine = DockerEngine()
    engine._connected = Builder()
    engine._info = FakeEngine().info()
    engine.build(Build(tmp_path, target="final", content="FROM x"), "x:1", {}, print)
    assert (asked["target"], asked["dockerfile"]) == ("final", ".1.Dockerfile")
    assert sorted(sent) == [(".1.Dockerfile", b"FROM x"), ("data.txt", b"1")]
    (tmp_path / "Dockerfile").write_text("FROM y")
    engine.build(Build(tmp_path), "x:1", {}, print)
    assert (asked["target"], asked["dockerfile"]) == (None, "Dockerfile")
    assert sorted(name for name, _ in sent) == ["Dockerfile", "data.txt"]
