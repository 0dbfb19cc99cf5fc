"""What tests against a real engine share: the engine as each host has it, and suites that are run on it.

They fail where no engine answers; nothing is skipped.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import docker
import docker.errors
import pytest

from tests import WITHOUT_HYPOTHESIS
from tests.windows import standins
from tests.windows.presets import PRESETS
from tests.windows.proxy import VIEW, Proxy
from tests.windows.rules import RULES

ROOT = Path(__file__).parents[1]
RUN_LABEL = "pytest-wincontainers.run"

# A shell lets its background jobs ignore Ctrl+C, and the runs that tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


MODES = {"plain": [], "n0": ["-n0"], "n2": ["-n2"]}
# Each test runs on the real engine in every mode, and behind each host's rules in one.
RULED = dict(zip(PRESETS, ["n0", "plain", "n2", "plain", "n2"], strict=True))

# One with process isolation, one with Hyper-V's.
FEW = ("server2022", "windows11")


def pytest_configure(config):
    config.addinivalue_line("markers", "linux_guest: about Linux containers, so not run behind the Windows rules")
    config.addinivalue_line(
        "markers", "few_hosts: about what is in containers, so run behind the rules of two hosts only"
    )
    config.addinivalue_line("markers", "rule(name, ...): would fail if the plugin broke this rule of Windows engines")


def pytest_generate_tests(metafunc):
    ruled = {} if metafunc.definition.get_closest_marker("linux_guest") else RULED
    if metafunc.definition.get_closest_marker("few_hosts"):
        ruled = {name: mode for name, mode in ruled.items() if name in FEW}
    if "engine" not in metafunc.fixturenames:
        return
    if "mode" in metafunc.fixturenames:
        pairs = [pytest.param("linux", MODES[mode], id=f"linux-{mode}") for mode in MODES]
        pairs += [pytest.param(engine, MODES[mode], id=f"{engine}-{mode}") for engine, mode in ruled.items()]
        metafunc.parametrize(("engine", "mode"), pairs, indirect=True)
    elif not any("engine" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")):
        metafunc.parametrize("engine", ["linux", *ruled], indirect=True)


class EngineUnderTest:
    """The real engine, or the same behind the rules of a Windows host."""

    def __init__(self, name, url, proxy=None):
        self.name = name
        self.url = url
        self.proxy = proxy
        self.windows = proxy is not None
        self.client = docker.DockerClient(base_url=url, version="auto", timeout=60)

    def close(self):
        self.client.close()
        if self.proxy is not None:
            self.proxy.stop()


@pytest.fixture(scope="session")
def real_engine():
    """The engine that everything runs on."""
    url = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    try:
        made = EngineUnderTest("linux", url)
        made.client.ping()
    except (docker.errors.DockerException, OSError) as problem:
        pytest.fail(
            f"no engine answers: {problem}\nhint: `python3 dev.py test` brings one; "
            "leave these tests out with --ignore=tests/engine",
            pytrace=False,
        )
    yield made
    made.close()


@pytest.fixture(scope="session")
def real_client(real_engine):
    """A client of our own for the engine that everything runs on."""
    return real_engine.client


@pytest.fixture(scope="session")
def engines(real_engine):
    """The engine as each host has it, made when first asked for."""
    made = {"linux": real_engine}

    def get(name):
        if name not in made:
            # Windows has its network from the start.
            if not real_engine.client.networks.list(names=["^nat$"]):
                real_engine.client.networks.create("nat", driver="bridge")
            standins.forget_old(real_engine.client)
            proxy = Proxy(PRESETS[name], real_engine.url.removeprefix("unix://"), RULES).start()
            made[name] = EngineUnderTest(name, proxy.url, proxy)
        return made[name]

    yield get
    for name, one in made.items():
        if name != "linux":
            one.close()


@pytest.fixture
def engine(request, engines):
    """The engine under test."""
    return engines(request.param)


@pytest.fixture
def client(engine):
    """A client of our own for the engine under test."""
    return engine.client


GUEST = """
IMAGE = "{image}"
ROOT = "{root}"
"""


class Suite:
    """A test suite in a folder of its own, run in processes of its own."""

    base = ""
    """The folder under which all that these tests make lies."""

    def __init__(self, pytester, engine, state):
        self.path = pytester.path
        self._pytester = pytester
        self._client = engine.client
        self._windows = engine.windows
        self._environment = {**os.environ, "WINCONTAINERS_STATE": str(state), "DOCKER_HOST": engine.url}
        self.files(guest=GUEST.format(image=standins.box(), root="C:\\\\" if engine.windows else "/"))
        self._started = []
        self.begun = time.time()

    def files(self, **contents):
        """Write Python files."""
        self._pytester.makepyfile(**contents)

    def shop(self):
        """Take the example shop as the suite."""
        shop = ROOT / "examples" / "shop"
        ignored = shutil.ignore_patterns("__pycache__", ".wincontainers", ".pytest_cache")
        shutil.copytree(shop, self.path, dirs_exist_ok=True, ignore=ignored)

    def run(self, *arguments, **environment):
        """Run it to its end; the finished process with its output as text."""
        process = self.start(*arguments, **environment)
        output, _ = process.communicate(timeout=240)
        print(output)
        return Finished(process.returncode, output)

    def start(self, *arguments, **environment):
        """Start it, in a process group of its own as a terminal would."""
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *WITHOUT_HYPOTHESIS, *arguments],
            cwd=self.path,
            env={**self._environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def end(self):
        """End what a failed test left running."""
        for process in self._started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            process.stdout.close()

    def created(self):
        """The names of the containers that the engine has created for our labels since the suite was made."""
        return [name for name, action in self._events() if action == "create"]

    def _events(self):
        events = self._client.api.events(
            since=int(self.begun) - 1,
            until=int(time.time()) + 1,
            filters={"type": "container", "label": RUN_LABEL, "event": ["create", "start"]},
            decode=True,
        )
        # The engine's filter knows whole seconds only.
        mine = [event for event in events if event["timeNano"] / 1e9 >= self.begun]
        if not self._windows:
            # Behind a proxy other tests may run meanwhile.
            mine = [event for event in mine if VIEW not in event["Actor"]["Attributes"]]
        return [(event["Actor"]["Attributes"]["name"], event["Action"]) for event in mine]

    def artifact(self, pattern):
        """The one artifact that matches."""
        found = list((self.path / ".wincontainers").glob(f"*-*-*/{pattern}"))
        assert len(found) == 1, found
        return found[0]


class Finished:
    """How a run ended."""

    def __init__(self, status, output):
        self.status = status
        self.output = output

    def outcomes(self):
        return pytest.RunResult.parse_summary_nouns(self.output.splitlines())


@pytest.fixture
def suite(nothing_left, pytester, engine, tmp_path_factory):
    made = Suite(pytester, engine, tmp_path_factory.getbasetemp() / "state")
    yield made
    made.end()


@pytest.fixture
def nothing_left(client, tmp_path_factory):
    """After the test: no container, volume or process of ours."""
    Suite.base = str(tmp_path_factory.getbasetemp())
    volumes = {volume.name for volume in client.volumes.list()}
    yield
    left = leftovers(client)
    # Else every later test would fail of it too.
    for one in containers(client):
        one.remove(force=True, v=True)
    assert left == []
    # Other tests may have volumes of their own for the moment.
    wait_for(lambda: not {volume.name for volume in client.volumes.list()} - volumes, seconds=20)


def containers(client):
    """The containers of any run on this engine; not those behind a proxy, which other tests may use meanwhile."""
    found = client.containers.list(all=True, filters={"label": RUN_LABEL}, ignore_removed=True)
    return [one for one in found if VIEW not in one.labels]


def leftovers(client, seconds=0.0):
    """What is left of any run, after so many seconds at the most."""
    deadline = time.monotonic() + seconds
    while True:
        left = [f"container {one.name}" for one in containers(client)] + [f"process {one}" for one in watchdogs()]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def watchdogs():
    """The command lines of watchdogs that run."""
    return [line for _, line in watchdogs_with_ids()]


def watchdogs_with_ids():
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode()
            # The runs of other tests have another state folder.
            if "run/watchdog.py" in line and Suite.base in line:
                found.append((int(path.parent.name), line))
    return found


def wait_for(condition, seconds=60):
    """Wait for something that happens in another process."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value


def interrupt(process):
    """Ctrl+C: the terminal sends it to the whole group."""
    os.killpg(process.pid, signal.SIGINT)


class Relay:
    """A TCP door to the engine that can be shut and opened again while calls go through it."""

    def __init__(self, url):
        self._to = urlsplit(url)
        self._port = 0
        self._open = []
        self.open()

    @property
    def url(self):
        return f"tcp://127.0.0.1:{self._port}"

    def open(self):
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def shut(self):
        """Take no more connections and cut the ones that stand."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = self._dial()
            self._open += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _dial(self):
        if self._to.scheme == "tcp":
            return socket.create_connection((self._to.hostname, self._to.port))
        made = socket.socket(socket.AF_UNIX)
        made.connect(self._to.path)
        return made

    @staticmethod
    def _pump(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def relay(engine):
    door = Relay(engine.url)
    yield door
    door.shut()
