"""Gathering the facts: whatever fails is a fact less, and nothing is waited for too long."""

import time
from dataclasses import replace

import pytest

from pytest_wincontainers.doctor import gathering
from pytest_wincontainers.doctor.examination import examine
from pytest_wincontainers.doctor.facts import Missing, NoAnswer, WinRm
from pytest_wincontainers.doctor.gathering import gather, host_for
from pytest_wincontainers.engines.docker import DockerEngine
from pytest_wincontainers.errors import EngineError
from pytest_wincontainers.hosts.local import LocalHost
from pytest_wincontainers.machine.posix import PosixMachine
from pytest_wincontainers.machine.windows import WindowsMachine
from pytest_wincontainers.settings import from_environment
from pytest_wincontainers.testing import FakeEngine
from tests.kit.hosts import FakeHost
from tests.unit.doctor.scene import IMAGE, Scene
from tests.windows.presets import PRESETS

NO_HOST = Missing("it cannot be asked")


class SceneEngine(FakeEngine):
    """Tells what a scene is."""

    def __init__(self, scene):
        super().__init__()
        self.scene = scene

    def info(self):
        return self.scene.info()

    def diagnostics(self):
        return self.scene.diagnostics()

    def image(self, reference):
        return self.scene.images[reference]


@pytest.fixture
def scene():
    return Scene(PRESETS["server2022"])


def test_everything_is_asked_for(scene):
    facts = gather(SceneEngine(scene), scene.host, scene.address, images=[IMAGE], ports=[8080], seconds=5)
    assert facts.engine == scene.info()
    assert facts.diagnostics == scene.diagnostics()
    assert facts.host == scene.facts().host
    assert facts.images == scene.images
    assert facts.ports == (8080,)
    assert facts.winrm == WinRm("winhost")


def test_an_engine_that_tells_nothing_more_of_itself():
    facts = gather(FakeEngine(), NO_HOST, "", seconds=5)
    assert facts.diagnostics == Missing("this engine does not tell it")
    assert facts.host == NO_HOST


@pytest.mark.parametrize(
    ("problem", "reason"),
    [(EngineError("no", details="first\nsecond"), "no: first"), (KeyError("SystemTime"), "'SystemTime'")],
)
def test_what_an_engine_refuses_is_missing(scene, problem, reason):
    class Refusing(SceneEngine):
        def diagnostics(self):
            raise problem

        def image(self, reference):
            raise problem

    facts = gather(Refusing(scene), NO_HOST, scene.address, images=[IMAGE], seconds=5)
    assert facts.engine == scene.info()
    assert facts.diagnostics == facts.images[IMAGE] == Missing(reason)


def test_an_engine_that_breaks():
    class Broken(FakeEngine):
        def info(self):
            raise RuntimeError

    assert gather(Broken(), NO_HOST, "", seconds=5).engine == NoAnswer("RuntimeError")


def test_a_machine_that_refuses_everything(scene):
    scene.host.refusal = "winhost cannot be reached over WinRM"
    facts = gather(SceneEngine(scene), scene.host, "tcp://winhost:2376", seconds=5)
    told = "winhost cannot be reached over WinRM: connection refused"
    assert facts.winrm == WinRm("winhost", told, "start the service WinRM")
    assert facts.host.services == facts.host.dns == facts.host.excluded_ports == Missing(told)


def test_a_machine_that_never_answers_is_not_waited_for_without_an_engine(refused):
    class Sleepy(FakeHost):
        def run(self, command, seconds):
            time.sleep(seconds)

    begun = time.monotonic()
    facts = gather(DockerEngine(refused), Sleepy(), refused, seconds=0.3)
    # Each of its answers would take 20 s.
    assert time.monotonic() - begun < 10
    assert facts.host.services == Missing("winhost has not told it in time")
    assert facts.winrm == Missing("winhost has not answered in time")


def test_an_engine_elsewhere_is_not_judged_by_this_machine(scene, monkeypatch):
    """The current docker context may name one, which only its answer tells."""
    monkeypatch.setattr(LocalHost, "run", lambda self, command, seconds: scene.host.answers()[command])
    near = gather(SceneEngine(scene), LocalHost(), "", seconds=5)
    assert near.host.services == scene.host.services
    assert near.winrm is None
    scene.address = "tcp://winhost:2376"
    facts = gather(SceneEngine(scene), LocalHost(), "", seconds=5)
    assert facts.host == Missing(gathering._ELSEWHERE)
    states = {one.check: one.state for one in examine(facts)}
    assert (states["rights"], states["tls"], states["winrm"]) == ("not applicable", "ok", "warning")


@pytest.mark.parametrize(
    ("address", "machine", "kind"),
    [
        ("", WindowsMachine(), LocalHost),
        ("npipe:////./pipe/docker_engine", WindowsMachine(), LocalHost),
        ("tcp://127.0.0.1:2375", WindowsMachine(), LocalHost),
        ("tcp://winhost:2376", WindowsMachine(), Missing),
        ("", PosixMachine(), Missing),
    ],
)
def test_whom_to_ask(address, machine, kind):
    assert type(host_for(from_environment({}), address, machine)) is kind


def test_a_winrm_host_without_an_account():
    host = host_for(from_environment({}, winrm="winhost"), "tcp://winhost:2376")
    assert host == WinRm(
        "winhost",
        "a WinRM host is set, but no account for it",
        "set WINCONTAINERS_WINRM_USER and WINCONTAINERS_WINRM_PASSWORD",
    )


def test_the_disk_of_an_engine_on_this_machine(scene, tmp_path):
    class Near(SceneEngine):
        near = True

        def info(self):
            return replace(super().info(), near=self.near)

        def diagnostics(self):
            return replace(super().diagnostics(), data_root=str(tmp_path))

    assert gather(Near(scene), NO_HOST, "", seconds=5).free_disk > 0
    # Docker Desktop's has the same path somewhere else.
    Near.near = False
    inside = Missing("the engine runs in a virtual machine of its own")
    assert gather(Near(scene), NO_HOST, "", seconds=5).free_disk == inside


# -- no engine ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["refused", "unanswered", "swallowed"])
def test_no_engine_is_told_in_time(kind, request):
    url = request.getfixturevalue(kind)
    begun = time.monotonic()
    facts = gather(DockerEngine(url), NO_HOST, url, seconds=0.5)
    # The client's own limit is 20 s.
    assert time.monotonic() - begun < 10
    assert isinstance(facts.engine, NoAnswer)
    if kind != "refused":
        assert facts.engine.words == "there is no answer within 0.5 s"
