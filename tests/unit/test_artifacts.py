"""The folders of runs and of tests."""

import pytest

from pytest_wincontainers.reports.artifacts import folder_of_test, make_run_folder, run_folder


def test_the_newest_ten_runs_are_kept(tmp_path):
    artifacts = tmp_path / "out"
    for number in range(12):
        make_run_folder(artifacts / f"20260101-0000{number:02d}-abcdef")
    (artifacts / "mine").mkdir()
    make_run_folder(run_folder(artifacts, "fedcba"))
    kept = sorted(path.name for path in artifacts.iterdir())
    assert len(kept) == 12
    assert kept[0] == ".gitignore"
    assert kept[1] == "20260101-000003-abcdef"
    assert "mine" in kept
    assert (artifacts / ".gitignore").read_text().endswith("*\n")


@pytest.mark.parametrize(
    "nodeid",
    ['tests/test_a.py::test_x[a/b:c*?"<>|]', "t.py::test_é", "x" * 300, "..\\..\\a.py::t", "a::" + "[" * 50],
)
def test_a_tests_folder_fits_every_file_system(tmp_path, nodeid):
    made = folder_of_test(tmp_path, nodeid)
    assert made.parent == tmp_path / "tests"
    assert made.is_dir()
    assert 0 < len(made.name) <= 100
    assert not set(made.name) & set('<>:"/\\|?*')
    assert made.name[-1] not in ". "
