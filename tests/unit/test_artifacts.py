"""The folders of runs and of tests."""

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_wincontainers.reports.artifacts import RunFolder, folder_of_test


def run_of(artifacts, number, days=0):
    """The folder of a run that is over."""
    folder = RunFolder(artifacts, f"{number:06d}", runs=10, days=days)
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
    assert sorted(path for path in artifacts.glob("*-*-*") if path.is_dir()) == sorted([*runs[2:], *newest])
    assert (artifacts / ".gitignore").read_text().endswith("*\n")


def test_old_runs_go_whatever_their_number(tmp_path):
    old = aged(tmp_path, run_of(tmp_path, 1), 1)
    second = run_of(tmp_path, 2)
    assert old.exists()
    run_of(tmp_path, 3, days=30)
    assert not old.exists()
    assert second.exists()


def test_the_latest_run_is_found_by_its_link(tmp_path):
    for number in (1, 2):
        newest = run_of(tmp_path, number)
        assert (tmp_path / "latest").resolve() == newest.resolve() or (
            (tmp_path / "latest").read_text() == f"{newest.name}\n"
        )
    assert [path for path in tmp_path.iterdir() if path.name.startswith("latest.")] == []


def test_the_latest_run_is_named_in_a_file_where_there_are_no_links(tmp_path, monkeypatch):
    def refused(*arguments, **options):
        raise OSError("a required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refused)
    run_of(tmp_path, 1)
    newest = run_of(tmp_path, 2)
    assert (tmp_path / "latest").read_text() == f"{newest.name}\n"


def test_a_link_that_the_system_does_not_replace_is_made_anew(tmp_path, monkeypatch):
    """As Windows does not, of a link to a directory."""
    real = Path.replace

    def replace(path, target):
        if Path(target).is_symlink():
            raise PermissionError("access is denied")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    run_of(tmp_path, 1)
    newest = run_of(tmp_path, 2)
    latest = tmp_path / "latest"
    assert latest.resolve() == newest.resolve() or latest.read_text() == f"{newest.name}\n"


def test_a_directory_called_latest_stays(tmp_path):
    (tmp_path / "latest").mkdir()
    run_of(tmp_path, 1)
    assert list((tmp_path / "latest").iterdir()) == []


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

folder = RunFolder(Path(sys.argv[1]), "living", runs=10, days=0)
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
