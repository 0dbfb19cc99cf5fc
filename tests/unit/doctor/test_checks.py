"""Checks where there is nothing to look at, or too little is known."""

import pytest

from pytest_wincontainers.doctor.examination import examine
from pytest_wincontainers.doctor.facts import Missing
from tests.kit.hosts import GB
from tests.unit.doctor.scene import IMAGE, Scene
from tests.windows.presets import PRESETS


@pytest.fixture
def scene():
    return Scene(PRESETS["server2022"])


@pytest.fixture
def linux(scene):
    """An engine for Linux containers on Linux."""
    scene.guest, scene.host, scene.kernel = "linux", None, "6.1.0-28-amd64"
    scene.networks.clear()
    scene.images.clear()
    return scene


def states(scene):
    return {one.check: one.state for one in examine(scene.facts())}


def test_what_is_windows_own_does_not_apply_to_linux(linux):
    found = states(linux)
    assert {name for name, state in found.items() if state == "not applicable"} == {
        "services",
        "tls",
        "isolation",
        "images",
        "ports",
        "dns",
        "antivirus",
        "winrm",
    }
    assert {name for name, state in found.items() if state == "not checked"} == {"disk"}
    assert not {"warning", "failed"} & set(found.values())


def test_linux_engines_elsewhere_need_no_winrm(linux):
    linux.address = "tcp://host:2376"
    assert (states(linux)["winrm"], states(linux)["tls"]) == ("not applicable", "ok")


@pytest.mark.parametrize(("free", "state"), [(3 * GB, "warning"), (GB // 2, "failed"), (6 * GB, "ok")])
def test_linux_images_need_less_room(linux, free, state):
    facts = linux.facts()
    object.__setattr__(facts, "free_disk", free)
    assert {one.check: one.state for one in examine(facts)}["disk"] == state


def test_linux_containers_are_well_where_all_images_are_for_linux(linux):
    linux.kernel = "6.6.87.2-microsoft-standard-WSL2"
    assert states(linux)["containers"] == "failed"
    linux.images["web:1"] = linux.image(0, guest="linux")
    assert states(linux)["containers"] == "ok"
    linux.images["other:1"] = linux.image(20348)
    assert states(linux)["containers"] == "failed"


@pytest.mark.parametrize(
    ("name", "image", "reason"),
    [
        ("web:1", None, "it is not on the engine yet, and its tag tells no build"),
        ("ltsc2025/web", None, "it is not on the engine yet, and its tag tells no build"),
        ("web:1", Missing("the engine refused"), "the engine refused"),
        ("web:1", "no build", "the engine does not tell its build"),
    ],
)
def test_an_image_of_which_too_little_is_known(scene, name, image, reason):
    scene.images = {name: scene.image(0) if image == "no build" else image}
    (found,) = [one for one in examine(scene.facts()) if one.check == "images"]
    assert (found.subject, found.state, found.detail) == (name, "not checked", reason)


def test_an_image_that_a_linux_engine_does_not_have(linux):
    linux.images["web:1"] = None
    (found,) = [one for one in examine(linux.facts()) if one.check == "images"]
    assert (found.state, found.detail) == ("not checked", "it is not on the engine yet")


def test_a_tag_tells_the_build_of_an_image_that_is_not_there_yet(scene):
    scene.images = {"registry.example:5000/servercore:ltsc2022": None, "dotnet:4.8-windowsservercore-ltsc2019": None}
    found = [one for one in examine(scene.facts()) if one.check == "images"]
    assert [one.detail for one in found] == [
        "Windows 10.0.20348 runs with process isolation, by its tag",
        "Windows 10.0.17763 runs with hyperv isolation, by its tag",
    ]


def test_the_machine_tells_the_revision_that_the_engine_does_not():
    """On Server 2016, an image runs as processes only on a host with the same one."""
    scene = Scene(PRESETS["server2016"])
    info = scene.info

    def without_revision():
        told = info()
        object.__setattr__(told.windows, "build", type(told.windows.build)(14393))
        return told

    scene.info = without_revision
    scene.images = {IMAGE: scene.image(14393, 1)}
    (found,) = [one for one in examine(scene.facts()) if one.check == "images"]
    assert found.detail == "Windows 10.0.14393.1 runs with hyperv isolation"
    scene.host = None
    (found,) = [one for one in examine(scene.facts()) if one.check == "images"]
    assert found.detail == "Windows 10.0.14393.1 runs with process isolation"


def test_an_engine_that_does_not_tell_its_memory(scene):
    scene.memory = 0
    assert states(scene)["memory"] == "not checked"


def test_one_cause_is_told_once(scene):
    scene.host.services["docker"] = "Stopped"
    scene.no_answer = "open //./pipe/docker_engine: The system cannot find the file specified."
    found = {one.check: one for one in examine(scene.facts())}
    assert (found["engine"].state, found["engine"].detail) == ("not checked", "it does not answer; see services")
    assert found["services"].remedy == "Start-Service docker, and Set-Service docker -StartupType Automatic"
    assert {one.state for name, one in found.items() if name not in {"services", "tls", "winrm"}} == {"not checked"}


def test_a_drive_of_which_the_machine_tells_nothing(scene):
    del scene.host.conditions["disk"]["value"]["C:"]
    (found,) = [one for one in examine(scene.facts()) if one.check == "disk"]
    assert (found.state, found.detail) == ("not checked", "winhost tells nothing of the drive C:")
