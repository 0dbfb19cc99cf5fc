"""What a Windows machine answers, read."""

import json

import pytest

from pytest_wincontainers.doctor.examination import examine
from pytest_wincontainers.doctor.facts import Defender, DnsClient, HostFacts, Missing
from pytest_wincontainers.doctor.windows_host import CONDITIONS, SERVICES, facts_of
from pytest_wincontainers.guests.builds import WindowsVersion
from pytest_wincontainers.hosts.base import EXCLUDED_PORTS, port_ranges
from tests.kit.hosts import GB, NETSH, FakeHost
from tests.unit.doctor.scene import Scene
from tests.windows.presets import PRESETS


def told(**answers):
    given = dict(zip(("services", "ports", "conditions"), FakeHost().answers().values(), strict=True))
    return facts_of("winhost", **{**given, **answers})


def test_everything_that_a_machine_tells():
    assert told() == HostFacts(
        name="winhost",
        services={"docker": "Running", "hns": "Running", "vmms": "Running"},
        excluded_ports=(range(5357, 5358), range(50000, 50060)),
        build=WindowsVersion(20348, 5499),
        dns=DnsClient(None, None, ("192.0.2.53",)),
        free_disk={"C:": 90 * GB, "D:": GB},
        free_memory=20 * GB,
        defender=Defender(True, ("C:\\ProgramData\\Docker\\",)),
    )


@pytest.mark.parametrize(
    ("output", "ranges"),
    [
        (NETSH, [(5357, 5357), (50000, 50059)]),
        (
            "Ausschlussbereiche f\u00fcr Protokollport tcp\r\n\r\nStartport  Endport\r\n  80  80  \r\n 2869 2968 *\r\n",
            [(80, 80), (2869, 2968)],
        ),
        (
            "协议 tcp 端口排除范围\n\n开始端口    结束端口\n----------    --------\n     49670       49769\n\n* - 管理的端口排除。\n",
            [(49670, 49769)],
        ),
        ("", []),
    ],
    ids=["English", "German", "Chinese", "nothing"],
)
def test_ranges_in_any_language(output, ranges):
    assert port_ranges(output) == tuple(range(first, last + 1) for first, last in ranges)


@pytest.mark.parametrize("output", ["", "no", "{", "[1]", "null"])
def test_an_answer_that_is_none(output):
    facts = told(services=output, conditions=output)
    assert facts.services == facts.build == facts.defender == Missing("the machine's answer is not JSON")
    assert facts.has_hyperv is None


def test_one_fact_less():
    answer = FakeHost().conditions
    answer["defender"] = {"error": "Access\r\n is denied."}
    answer["disk"] = {"value": "C:"}
    del answer["dns"]
    facts = told(conditions=json.dumps(answer))
    assert facts.defender == Missing("Access is denied.")
    assert facts.free_disk == Missing('the machine answers "C:"')
    assert facts.dns == Missing("the machine does not tell it")
    assert facts.free_memory == 20 * GB


def test_what_only_administrators_may_see_is_not_checked():
    scene = Scene(PRESETS["server2022"])
    scene.host.conditions["defender"]["value"]["exclusions"] = ["N/A: Must be an administrator to view exclusions"]
    (found,) = [one for one in examine(scene.facts()) if one.check == "antivirus"]
    assert (found.state, found.detail) == ("not checked", "Defender shows its exclusions to administrators only")


@pytest.mark.parametrize(
    "exclusion",
    ["c:\\programdata\\DOCKER", "C:\\ProgramData\\", "%ProgramData%\\docker", "C:\\", "C:/ProgramData/docker/"],
)
def test_a_data_root_that_defender_leaves_out(exclusion):
    scene = Scene(PRESETS["server2022"])
    scene.host.conditions["defender"]["value"]["exclusions"] = ["D:\\x", exclusion]
    (found,) = [one for one in examine(scene.facts()) if one.check == "antivirus"]
    assert found.state == "ok"


def test_defender_that_is_off():
    scene = Scene(PRESETS["server2022"])
    scene.host.conditions["defender"]["value"] = {"scans": False, "exclusions": []}
    (found,) = [one for one in examine(scene.facts()) if one.check == "antivirus"]
    assert found.state == "ok"


def test_a_machine_that_cannot_be_asked_leaves_the_rest():
    scene = Scene(PRESETS["server2022"])
    scene.host = None
    states = {one.check: one.state for one in examine(scene.facts())}
    unknown = {"services", "ports", "dns", "disk", "antivirus"}
    assert {name for name, state in states.items() if state == "not checked"} == unknown
    assert "failed" not in states.values()


def test_where_there_is_no_windows_powershell_the_newer_one_is_asked():
    for command in (SERVICES, CONDITIONS):
        assert command.program[0] == "pwsh"
        assert command.program[-2] == "-EncodedCommand"
    assert EXCLUDED_PORTS.program[0] == "netsh"
