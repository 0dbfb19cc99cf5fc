"""On the host of each preset: nothing is wrong as it is, and of each defect one check tells, and no other."""

import pytest

from pytest_wincontainers.doctor.examination import CHECKS, examine
from tests.unit.doctor.defects import DEFECTS
from tests.unit.doctor.scene import Scene
from tests.windows.presets import PRESETS

BAD = {"warning", "failed"}
CASES = [pytest.param(defect, name, id=f"{defect.name}-{name}") for defect in DEFECTS for name in defect.presets]


@pytest.mark.parametrize("preset", PRESETS)
def test_nothing_is_wrong_with_a_host_that_is_set_up(preset):
    found = {one.check: one.state for one in examine(Scene(PRESETS[preset]).facts())}
    beside = {"tls": "not applicable", "winrm": "not applicable"}
    assert found == {check.name: beside.get(check.name, "ok") for check in CHECKS}


@pytest.mark.parametrize("preset", PRESETS)
def test_nothing_is_wrong_with_one_elsewhere(preset):
    scene = Scene(PRESETS[preset])
    scene.far()
    found = {one.check: one.state for one in examine(scene.facts())}
    assert found == {check.name: {"rights": "not applicable"}.get(check.name, "ok") for check in CHECKS}


@pytest.mark.parametrize(("defect", "preset"), CASES)
def test_a_defect_is_told_by_its_check_and_no_other(defect, preset):
    scene = Scene(PRESETS[preset])
    defect.plant(scene)
    bad = [one for one in examine(scene.facts()) if one.state in BAD]
    assert [(one.check, one.state) for one in bad] == [(defect.check, defect.state)], bad
    (finding,) = bad
    assert finding.remedy
    assert "\n" not in finding.detail + finding.remedy


def test_there_are_enough_defects_for_every_check():
    assert {one.check for one in DEFECTS} == {check.name for check in CHECKS}
    assert all(len([one for one in DEFECTS if name in one.presets]) >= 20 for name in PRESETS)
