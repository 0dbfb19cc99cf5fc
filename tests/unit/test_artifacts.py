"""The folders of runs and of tests."""

import subprocess
import sys

import pytest

from pytest_wincontainers.reports.artifacts import RunFolder, folder_of_test


def run_of(artifacts, number):
    """The folder of a run that is over."""
    folder = RunFolder(artifacts, f"{number:06d}")
    folder.make()
    folder.release()
    return folder.path


def aged(artifacts, path, number):
    """The same, from long ago."""
    return path.rename(artifacts / f"20200101-0000{number:02d}-{path.name.rpartition('-')[2]}")


def test_the_newest_ten_runs_are_kept(tmp_path):
    artifacts = tmp_path / "out"
    runs = [aged(artifacts, run_of(artifacts, number), number) for number in range(9)]
    newest = [run_of(artifacts, number) for number in range(9, 12)]
    assert sorted(path for path in artifacts.iterdir() if path.is_dir()) == sorted([*runs[2:], *newest])
    assert (artifacts / ".gitignore").read_text().endswith("*\n")


def test_what_is_not_ours_stays(tmp_path):
    """Whatever it is called."""
    foreign = tmp_path / "20190101-000000-abcdef"
    foreign.mkdir()
    (foreign / "data").write_text("1")
    (tmp_path / "mine").mkdir()
    for number in range(15):
        run_of(tmp_path, number)
    assert (foreign / "data").exists()
    assert (tmp_path / "mine").exists()
    assert len(list(tmp_path.glob("*-*-*"))) == 1 + 10


HOLDER = """
import sys, time
from pathlib import Path
from pytest_wincontainers.reports.artifacts import RunFolder

folder = RunFolder(Path(sys.argv[1]), "living")
folder.make()
print(folder.path, flush=True)
time.sleep(600)
"""


def test_the_folder_of_a_running_run_stays_until_its_process_ends(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        living = aged(tmp_path, tmp_path / holder.stdout.readline().strip(), 0)
        (living / "web.log").write_text("a line")
        for number in range(11):
            run_of(tmp_path, number)
        assert (living / "web.log").exists()
        holder.kill()
        holder.wait()
        run_of(tmp_path, 11)
        assert not living.exists()


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


def test_every_test_has_a_folder_of_its_own(tmp_path):
    """Also those whose names are alike once they are made safe, in their last characters, or but for their case."""
    long = "x" * 200
    ids = ["t.py::test_it[a/b]", "t.py::test_it[a:b]", "t.py::test_it[A:b]", f"a.py::{long}", f"b.py::{long}"]
    folders = [folder_of_test(tmp_path, nodeid) for nodeid in ids]
    assert len({folder.name.lower() for folder in folders}) == len(ids)
    assert folder_of_test(tmp_path, ids[0]) == folders[0]
    assert folders[0].name.startswith("t.py-test_it-a-b-")
