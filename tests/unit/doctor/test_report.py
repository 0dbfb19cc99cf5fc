"""How findings are shown."""

import json

from pytest_wincontainers.doctor.examination import CHECKS, as_markdown, examine
from pytest_wincontainers.doctor.finding import Finding, Section
from pytest_wincontainers.doctor.report import Line, as_json, lines, outcome, summary
from tests.unit.doctor.scene import IMAGE, Scene
from tests.windows.presets import PRESETS


def finding(state, check="nat", detail="what it is", remedy="", subject=""):
    return Finding(check, subject, state, detail, remedy, "owner/repo#1", Section.NAT)


def test_a_problem_has_its_remedy_below():
    assert list(lines([finding("failed", remedy="do this", subject="x:1")], verbose=False)) == [
        Line("failed", "nat x:1: what it is"),
        Line("", "remedy: do this"),
        Line("", "source: owner/repo#1"),
        Line("", "more: docs/hosts.md#the-nat-network"),
    ]


def test_what_is_well_takes_a_line():
    found = [finding("ok")]
    assert list(lines(found, verbose=False)) == [Line("ok", "nat: what it is")]
    assert [one.text for one in lines(found, verbose=True)][1:] == [
        "source: owner/repo#1",
        "more: docs/hosts.md#the-nat-network",
    ]


def test_what_is_not_checked_for_one_reason_is_one_line():
    found = [finding("not checked", "dns", "no"), finding("ok"), finding("not checked", "disk", "no")]
    assert [one.text for one in lines(found, verbose=False)] == ["nat: what it is", "dns, disk: no"]
    assert len(list(lines(found, verbose=True))) == 9


def test_the_worst_state_counts():
    ok, warning, failed = finding("ok"), finding("warning"), finding("failed")
    assert outcome([ok, failed, warning]) == "failed"
    assert outcome([ok, warning]) == "warning"
    assert outcome([ok, finding("not checked")]) == "ok"
    assert summary([ok, failed, ok, finding("not checked")]) == "2 ok, 1 failed, 1 not checked"


def test_the_object():
    scene = Scene(PRESETS["server2022"])
    scene.networks.clear()
    shown = json.loads(json.dumps(as_json(scene.address, examine(scene.facts()))))
    assert (shown["engine"], shown["outcome"]) == (scene.address, "failed")
    assert {one["check"] for one in shown["findings"]} == {check.name for check in CHECKS}
    (nat,) = [one for one in shown["findings"] if one["check"] == "nat"]
    assert nat == {
        "check": "nat",
        "subject": "",
        "state": "failed",
        "detail": "there is no network nat",
        "remedy": "Restart-Service docker; if it is still missing, stop docker and hns and start both",
        "source": "moby/moby daemon/daemon_windows.go, docker/for-win#427",
        "section": "The nat network",
        "link": "docs/hosts.md#the-nat-network",
    }
    assert [one["subject"] for one in shown["findings"] if one["check"] == "images"] == [IMAGE]


def test_sections_have_the_anchors_that_github_makes():
    assert Section.ENGINE.link == "docs/hosts.md#dockers-engine"
    assert Section.RESOURCES.link == "docs/hosts.md#disk-memory-and-antivirus"


def test_the_table_has_every_check():
    rows = as_markdown().splitlines()[2:]
    assert len(rows) == len(CHECKS)
    assert all(one.says.endswith(".") and one.source for one in CHECKS)
    assert rows[0].startswith("| `engine` | An engine answers. | [Docker's engine](hosts.md#dockers-engine) | ")
