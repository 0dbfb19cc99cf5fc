"""What docs/windows.md says has been shown, and where."""

import re
import subprocess

import pytest

from tests.kit.docs import ROOT

TEXT = (ROOT / "docs" / "windows.md").read_text("utf-8")
HEAD = "| feature | Linux engine | Windows rules | Windows process | Windows host |"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.partition(f"{HEAD}\n|---|---|---|---|---|\n")[2].partition("\n\n")[0].splitlines()
]
PLACES = [name.strip() for name in HEAD.strip("|").split("|")][1:]
# What each place runs; of tests/engine the Windows process runs a selection.
RUN = {
    "Linux engine": ("plugin", "engine", "unit"),
    "Windows rules": ("engine", "windows"),
    "Windows process": ("plugin", "engine", "unit", "hosts"),
    "Windows host": ("real_windows",),
}
CLAIMS = [
    pytest.param(place, name, id=f"{row[0]} - {place} - {name}")
    for row in ROWS
    for place, cell in zip(PLACES, row[1:], strict=True)
    for name in cell.replace("`", " ").split()
]


@pytest.mark.parametrize(("place", "name"), CLAIMS)
def test_what_is_named_is_there_and_runs_there(place, name):
    path = ROOT / "tests" / name
    assert path.exists()
    assert name.split("/")[0] in RUN[place]
    if path.is_file():
        # Tests of a whole module that are for one guest only.
        only = re.search(r"(?m)^pytestmark = .*(linux|windows)_guest", path.read_text("utf-8"))
        assert not only or only[1] == ("linux" if place == "Linux engine" else "windows")


def test_every_feature_has_a_place_and_every_test_for_hosts_a_feature():
    assert len(ROWS) > 10
    assert all(any(row[1:]) for row in ROWS)
    named = {name for row in ROWS for name in row[-1].replace("`", " ").split()}
    assert named == {f"real_windows/{path.name}" for path in (ROOT / "tests" / "real_windows").glob("test_*.py")}


def test_that_no_host_has_run_it_is_said_once():
    words = ["git", "ls-files", "*.md", "*.py", "*.toml", "*.yml"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    said = re.compile(
        r"(?i)\b(?:has|have|was|were)\s+(?:not|never)\b(?:\s+(?:yet|been))*\s+run\s+on\s+(?:a\s+)?(?:real\s+)?Windows"
    )
    assert [name for name in listed.stdout.split() for _ in said.findall((ROOT / name).read_text("utf-8"))] == [
        "docs/windows.md"
    ]
