"""`wincontainers doctor` on engines that behave as the hosts of all presets do, as they are and with defects."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import zip_longest
from pathlib import Path

import pytest

from pytest_wincontainers.cli import main
from pytest_wincontainers.doctor import gathering
from tests.hosts.tls import Authority, Door
from tests.kit.hosts import GB, FakeHost
from tests.unit.doctor.defects import DEFECTS
from tests.unit.doctor.scene import PIPE, Scene
from tests.windows import standins
from tests.windows.presets import PRESETS
from tests.windows.proxy import Platform, Proxy
from tests.windows.rules import RULES
from tests.windows.rules.base import Area

BAD = {"warning", "failed"}
every_preset = pytest.mark.parametrize("engine", list(PRESETS), indirect=True)


@pytest.fixture(autouse=True)
def _nothing_is_declared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def host(engine, monkeypatch):
    """The engine's machine."""
    preset = engine.proxy.preset
    made = FakeHost(f"10.0.{preset.build}.{preset.revision}")
    monkeypatch.setattr(gathering, "host_for", lambda settings, address: made)
    return made


@pytest.fixture
def planted(engine):
    """The same engine with other answers: `act` changes those to requests for `path`."""
    proxies = []

    def plant(path=None, act=None):
        area = Area()
        # Whatever the machine of the tests has.
        area.answered("GET", "/info", "a test")(lambda call: call.answer.update(MemTotal=16 * GB))
        if act:
            area.answered("GET", path, "a test")(act)
        proxies.append(Proxy(engine.proxy.preset, engine.proxy.socket_path, [*RULES, *area]).start())
        return proxies[-1]

    yield plant
    for one in proxies:
        one.stop()


@pytest.fixture
def examine(capsys):
    """Run the command; its exit code, its findings, and what it says besides."""

    def run(url, *options):
        code = main(["doctor", f"--engine={url}", "--timeout=20", "--json", *options])
        output = capsys.readouterr()
        return code, json.loads(output.out)["findings"], output.err

    return run


@pytest.fixture
def doctor(examine):
    """The same for an image that is there; its exit code, and what is a warning or failed, as (check, state)."""

    def run(url, *options):
        code, findings, _ = examine(url, f"--image={standins.box()}", *options)
        return code, [(one["check"], one["state"]) for one in findings if one["state"] in BAD]

    return run


@every_preset
def test_nothing_is_wrong_with_a_host_that_is_set_up(planted, host, doctor):
    assert doctor(planted().url, "--port=8080") == (0, [])
    assert host.closed


@pytest.mark.parametrize("engine", ["linux"], indirect=True)
def test_nothing_fails_on_a_linux_engine(engine, doctor):
    code, bad = doctor(engine.url)
    assert code == 0
    assert not [one for one in bad if one[0] not in {"disk", "memory"}]


@pytest.mark.parametrize("engine", ["server2022", "windows11"], indirect=True)
def test_linux_containers_are_meant_where_the_images_are_for_linux(planted, host, doctor):
    def linux(call):
        call.answer.update(
            OSType="linux", OperatingSystem="Docker Desktop", KernelVersion="6.6-microsoft-standard-WSL2"
        )

    proxy = planted("/info", linux)
    assert doctor(proxy.url) == (1, [("containers", "failed"), ("images", "failed")])
    proxy.images[standins.box()] = Platform("linux", "")
    assert doctor(proxy.url) == (0, [])


# -- defects of an engine and its machine -----------------------------------------------------------------------------


def of_another_time(scene):
    scene.api = "1.12"


def stopped(scene):
    scene.reached = "refused"


def hanging(scene):
    scene.reached = "unanswered"


# What the error of such an engine is in `DEFECTS`, an engine does here.
DONE = {
    "an_api_that_the_sdk_has_left": of_another_time,
    "the_docker_service_stopped": stopped,
    "no_docker_service": stopped,
    "no_pipe_although_the_service_runs": stopped,
    "the_docker_service_paused": hanging,
    "an_engine_that_swallows_everything": hanging,
}


def is_played(defect):
    """Whether an engine behind the rules can have it: not one of the way to it, nor of what cannot be asked."""
    scene = Scene(PRESETS[defect.presets[0]])
    defect.plant(scene)
    return defect.name in DONE or not (scene.no_answer or scene.address != PIPE)


PLAYED = [one for one in DEFECTS if is_played(one)]
CASES = [pytest.param(one, name, id=f"{one.name}-{name}") for one in PLAYED for name in one.presets]


def rules_of(scene):
    """What an engine answers that is as the scene has it."""
    area = Area()

    @area.answered("GET", "/info", "a test")
    def info(call):
        now = datetime.now(timezone.utc) + timedelta(seconds=scene.clock_offset)
        call.answer.update(MemTotal=scene.memory, OSType=scene.guest, SystemTime=now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))

    @area.answered("GET", "/networks", "a test")
    def networks(call):
        call.answer = []
        for one in scene.networks:
            ranges = [
                {name: value for name, value in (("Subnet", subnet), ("Gateway", gateway)) if value}
                for subnet, gateway in zip_longest(one.subnets, one.gateways)
            ]
            call.answer.append(
                {"Name": one.name, "Driver": one.driver, "IPAM": {"Driver": "windows", "Config": ranges}}
            )

    return [*RULES, *area]


@pytest.mark.parametrize(("defect", "engine"), CASES, indirect=["engine"])
def test_a_defect_is_told_by_its_check_and_no_other(defect, engine, examine, monkeypatch, request):
    scene = Scene(engine.proxy.preset)
    defect.plant(scene)
    DONE.get(defect.name, str)(scene)
    monkeypatch.setattr(gathering, "host_for", lambda settings, address: scene.host)
    preset = replace(
        scene.preset,
        engine=scene.version,
        api=scene.api,
        min_api="1.12",
        kernel=scene.kernel,
        isolation=scene.isolation,
    )
    proxy = Proxy(preset, engine.proxy.socket_path, rules_of(scene)).start()
    options = [f"--port={port}" for port in scene.ports]
    for reference, image in scene.images.items():
        # The box stands for an image that is on the engine.
        options.append(f"--image={standins.box() if image else reference}")
        if image:
            version = f"10.0.{image.windows.number}.{image.windows.revision}" if image.windows else ""
            proxy.images[standins.box()] = Platform(image.guest, version)
    url = proxy.url
    if hasattr(scene, "reached"):
        url = request.getfixturevalue(scene.reached)
        options.append("--timeout=0.5")
    code, findings, _ = examine(url, *options)
    proxy.stop()
    bad = [one for one in findings if one["state"] in BAD]
    assert [(one["check"], one["state"]) for one in bad] == [(defect.check, defect.state)], bad
    assert code == (1 if defect.state == "failed" else 0)
    assert bad[0]["remedy"]


@pytest.mark.parametrize("preset", PRESETS)
def test_there_are_enough_defects_on_every_host(preset):
    assert len([one for one in PLAYED if preset in one.presets]) >= 25


# -- the way to an engine ---------------------------------------------------------------------------------------------


@every_preset
def test_winrm_refused(planted, doctor, monkeypatch, refused):
    monkeypatch.setenv("WINCONTAINERS_WINRM_USER", "tester")
    monkeypatch.setenv("WINCONTAINERS_WINRM_PASSWORD", "Pass-word 1")
    url = planted().url
    assert doctor(url, f"--winrm=https://{refused}/wsman") == (1, [("winrm", "failed")])
    monkeypatch.delenv("WINCONTAINERS_WINRM_USER")
    assert doctor(url, "--winrm=winhost") == (1, [("winrm", "failed")])


@pytest.fixture
def door(engine):
    doors = []

    def make(context=None):
        doors.append(Door(engine.url, "127.0.0.2", context))
        return doors[-1].url

    yield make
    for one in doors:
        one.close()


@every_preset
def test_an_engine_elsewhere(engine, host, doctor, door, tmp_path, monkeypatch):
    assert doctor(door()) == (1, [("tls", "failed")])
    monkeypatch.setenv("WINCONTAINERS_INSECURE_ENGINE", "127.0.0.2")
    assert doctor(door())[1][:1] == [("tls", "warning")]
    monkeypatch.delenv("WINCONTAINERS_INSECURE_ENGINE")
    (tmp_path / "ours").mkdir()
    (tmp_path / "others").mkdir()
    ours, others = Authority(tmp_path / "ours"), Authority(tmp_path / "others", "somebody else")
    certificate, key = ours.issue("client")
    certificate.rename(tmp_path / "ours" / "cert.pem")
    key.rename(tmp_path / "ours" / "key.pem")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path / "ours"))
    assert "tls" not in dict(doctor(door(ours.server_context(host="127.0.0.2", client_certificates=True)))[1])
    assert doctor(door(others.server_context(host="127.0.0.2"))) == (1, [("tls", "failed")])
    assert doctor(door(ours.server_context(host="127.0.0.3"))) == (1, [("tls", "failed")])
    # Without TLS at the other end.
    assert doctor(door()) == (1, [("tls", "failed")])


# -- a suite --------------------------------------------------------------------------------------------------------

SUITE = """
from pytest_wincontainers import container

@container(image="{image}", ports=[80], publish={{80: {port}}})
def web():
    pass
"""


@pytest.fixture
def conftest(tmp_path, monkeypatch):
    """Write the suite of the current directory, which the command loads into this process."""
    monkeypatch.delitem(sys.modules, "conftest", raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def write(text):
        (tmp_path / "conftest.py").write_text(text)

    return write


@every_preset
def test_what_the_suite_declares(planted, host, examine, conftest):
    proxy = planted()
    conftest(SUITE.format(image=standins.box(), port=8080))
    code, findings, _ = examine(proxy.url)
    assert (code, [one for one in findings if one["state"] in BAD]) == (0, [])
    conftest(SUITE.format(image=standins.box(), port=50007))
    proxy.images[standins.box()] = Platform("windows", "10.0.27000.1")
    code, findings, _ = examine(proxy.url)
    image, port = [one for one in findings if one["state"] in BAD]
    assert (code, image["check"], image["subject"], image["state"]) == (1, "images", standins.box(), "failed")
    assert (port["check"], port["state"], port["detail"]) == ("ports", "failed", "Windows excludes the port 50007")


@pytest.mark.parametrize("engine", ["server2019", "windows11"], indirect=True)
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def (", "SyntaxError"),
        (
            "import pytest_wincontainers as w\n@w.container(image='x', prots=[1])\ndef web(): pass",
            "container() has no option 'prots'; did you mean 'ports'?",
        ),
        ("def pytest_configure(config):\n    raise RuntimeError('not today')", "RuntimeError: not today"),
    ],
    ids=["syntax", "option", "hook"],
)
def test_a_suite_that_cannot_be_loaded(planted, host, examine, conftest, tmp_path, text, says):
    conftest(text)
    url = planted("/info", lambda call: call.answer.update(MemTotal=1 * GB)).url
    code, findings, said = examine(url, f"--image={standins.box()}")
    assert (code, [one["check"] for one in findings if one["state"] in BAD]) == (1, ["memory"])
    assert says in said
    unread = [(one["check"], one["subject"], one["detail"]) for one in findings if one["state"] == "not checked"]
    why = f"the suite in {tmp_path} cannot be loaded, as pytest's own message says"
    assert unread == [("images", "", why), ("ports", "", why)]
    assert [one["state"] for one in findings if one["subject"] == standins.box()] == ["ok"]


# -- the process ----------------------------------------------------------------------------------------------------


def run(*options, **environment):
    """The command in a directory with a suite, which costs no time where no engine answers."""
    Path("conftest.py").write_text(SUITE.format(image="x", port=8080))
    command = [sys.executable, "-m", "pytest_wincontainers.cli", "doctor", *options]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env={**os.environ, **environment})


@pytest.mark.parametrize("kind", ["refused", "unanswered", "swallowed"])
def test_without_an_engine_it_answers_soon(kind, request):
    """Within 3 s on a machine with nothing else to do; the client's own limit would be 20."""
    url = request.getfixturevalue(kind)
    begun = time.monotonic()
    done = run(DOCKER_HOST=url)
    assert time.monotonic() - begun < 15
    assert ("there is no answer within 1.5 s" in done.stdout) == (kind != "refused")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("failed          engine: ")
    assert "remedy: start the engine" in done.stdout


@pytest.mark.parametrize("url", ["unix:///nowhere/docker.sock", "npipe:////./pipe/nowhere"])
def test_without_a_pipe_it_answers_soon(url):
    begun = time.monotonic()
    done = run(f"--engine={url}")
    assert time.monotonic() - begun < 15
    assert (done.returncode, done.stderr) == (1, "")
    assert "remedy: " in done.stdout


def test_an_engine_that_cannot_be():
    done = run("--engine=gopher://winhost")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("failed          engine: ")


def test_there_is_colour_on_a_terminal_only(refused):
    assert "\x1b" not in run(f"--engine={refused}").stdout
    terminal, end = os.openpty()
    command = [sys.executable, "-m", "pytest_wincontainers.cli", "doctor", f"--engine={refused}"]
    assert subprocess.run(command, stdout=end).returncode == 1
    os.close(end)
    assert os.read(terminal, 100).startswith(b"\x1b[31mfailed")
    os.close(terminal)
