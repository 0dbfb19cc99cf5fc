"""Paths that only Windows has, and drives. Wine knows no limit of 260 characters, so that it cannot show one."""

import os
import shutil
import string
from pathlib import Path

import pytest

from pytest_wincontainers.packing import Folder, packed, unpack
from pytest_wincontainers.run.locks import Locks, RunLock
from tests.kit.wine import under_wine

# Its GetFinalPathNameByHandle fails with ERROR_MORE_DATA instead of asking for a larger buffer.
whole_paths = pytest.mark.skipif(under_wine(), reason="Wine 8 does not resolve paths of more than 260 characters")

TEST = "def test_it(cache):\n    assert cache.container_id\n"


def another_drive(path):
    """A folder on another drive than the path's."""
    if os.path.exists("Z:\\tmp") and Path(path).drive.upper() != "Z:":
        return Path("Z:\\tmp", f"wincontainers-{os.getpid()}-{Path(path).name}")
    drives = [f"{letter}:\\" for letter in string.ascii_uppercase if os.path.exists(f"{letter}:\\")]
    others = [drive for drive in drives if drive[0] != Path(path).drive[0].upper()]
    return Path(others[0], Path(path).name) if others else pytest.skip("there is one drive only")


@pytest.mark.parametrize(
    "name",
    [
        "Jürgen Groß & Söhne",
        "a b  c",
        "100% (neu)",
        "日本語",
        pytest.param("x" * 120 + "\\" + "y" * 120, id="long", marks=whole_paths),
    ],
)
def test_a_suite_in_any_folder(suite, name):
    suite.put(suite.folder.parent / name, TEST)
    result = suite.run()
    result.assert_outcomes(passed=1)
    assert len(suite.logs(suite.folder)) == 1


def test_a_user_with_an_umlaut(suite, tmp_path, monkeypatch):
    """The state of runs and the private folder with passwords are the user's."""
    home = tmp_path / "Jürgen Groß"
    (home / "Temp").mkdir(parents=True)
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("LOCALAPPDATA", str(home / "AppData" / "Local"))
    for name in ("TEMP", "TMP"):
        monkeypatch.setenv(name, str(home / "Temp"))
    suite.run().assert_outcomes(passed=1)
    assert list((home / "AppData" / "Local").rglob("runs"))
    assert not list((home / "Temp").glob("wincontainers-*"))


def test_artifacts_and_basetemp_on_another_drive(suite, tmp_path, mode):
    away = another_drive(tmp_path)
    away.mkdir()
    try:
        suite.run(f"--basetemp={away / 'temp'}", f"--wincontainers-artifacts={away / 'logs'}", *mode).assert_outcomes(
            passed=1
        )
        assert len(suite.logs(away)) == 1
    finally:
        shutil.rmtree(away, ignore_errors=True)


@pytest.mark.parametrize("prefix", ["\\\\?\\", "\\\\.\\"])
def test_paths_that_windows_does_not_look_into(suite, tmp_path, prefix):
    result = suite.run(f"--wincontainers-artifacts={prefix}{tmp_path / 'logs'}")
    result.assert_outcomes(passed=1)
    assert len(suite.logs(tmp_path / "logs")) == 1


def test_a_path_from_the_current_folder_of_a_drive(suite, pytester):
    """C:logs is below wherever this process is on C:."""
    suite.run(f"--wincontainers-artifacts={pytester.path.drive}logs").assert_outcomes(passed=1)
    assert len(suite.logs(pytester.path / "logs")) + len(suite.logs(suite.folder / "logs")) == 1


@whole_paths
@pytest.mark.parametrize("prefix", ["", "\\\\?\\"])
def test_folders_with_long_paths_are_copied(tmp_path, prefix):
    deep = tmp_path.joinpath(*["ü" * 60] * 5)
    deep.mkdir(parents=True)
    (deep / "a.dll").write_bytes(b"x")
    assert len(str(deep)) > 260
    with packed([Folder(Path(f"{prefix}{tmp_path}") / ("ü" * 60), "C:\\site")]) as archive:
        content = archive.read()
    unpack(iter([content]), tmp_path / "back")
    assert (tmp_path / "back").joinpath(*["ü" * 60] * 4, "a.dll").read_bytes() == b"x"


def test_locks_with_long_paths(tmp_path):
    state = tmp_path.joinpath(*["s" * 60] * 4)
    with Locks(state, "engine", lambda: None).named("image-wincontainers/x:1"):
        pass
    lock = RunLock(state, "run")
    lock.hold()
    lock.release()
    assert not lock.take_over()
