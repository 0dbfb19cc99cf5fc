"""The engine that everything runs on, as it is and behind the rules of each Windows host.

Tests that need it fail where no engine answers; nothing is skipped.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading

import docker
import docker.errors
import pytest
from filelock import FileLock

from tests.kit.relay import Relay
from tests.windows import standins
from tests.windows.presets import PRESETS
from tests.windows.proxy import Proxy
from tests.windows.rules import RULES


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
    """The engine that everything runs on, with its network and the images that most tests use."""
    url = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    try:
        made = EngineUnderTest("linux", url)
        told = made.client.info()
    except (docker.errors.DockerException, OSError) as problem:
        pytest.fail(
            f"no engine answers: {problem}\nhint: `python3 dev.py test` brings one; "
            "leave these tests out with --ignore=tests/engine",
            pytrace=False,
        )
    # All workers, and other checkouts that test on the same engine, want the same ones.
    with FileLock(os.path.join(tempfile.gettempdir(), f"wincontainers-tests-{told['ID'].replace(':', '')[:12]}.lock")):
        # Windows has its network from the start.
        if not made.client.networks.list(names=["^nat$"]):
            made.client.networks.create("nat", driver="bridge")
        standins.build_all()
    yield made
    made.close()


@pytest.fixture(scope="session")
def real_client(real_engine):
    """A client of our own for the engine that everything runs on."""
    return real_engine.client


class Recorder:
    """What happens on an engine, from now on: the engine itself remembers its last 256 events only."""

    def __init__(self, url):
        self._events = []
        # Nothing may happen for a long time.
        self._api = docker.APIClient(base_url=url, version="auto", timeout=None)
        self._stream = self._api.events(decode=True, filters={"event": ["create", "commit", "mount"]})
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        # Ends with the stream, in whatever way the client finds it closed.
        with contextlib.suppress(Exception):
            for event in self._stream:
                self._events.append(event)

    def events(self, kind, action):
        """The events of this kind so far, such as ("container", "create")."""
        assert self._thread.is_alive(), "the engine tells nothing any more"
        return [one for one in self._events if (one["Type"], one["Action"]) == (kind, action)]

    def close(self):
        self._stream.close()
        self._api.close()


@pytest.fixture(scope="session")
def recorder(real_engine):
    """What happens on the engine that everything runs on, as soon as it has happened."""
    made = Recorder(real_engine.url)
    yield made
    made.close()


@pytest.fixture(scope="session")
def engines(real_engine):
    """The engine as each host has it, made when first asked for."""
    made = {"linux": real_engine}

    def get(name):
        if name not in made:
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


@pytest.fixture
def relay(engine):
    """A door to the engine under test that can be shut."""
    door = Relay(engine.url)
    yield door
    door.shut()
