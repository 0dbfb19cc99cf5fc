"""What of a directory is looked at."""

import sys
from pathlib import Path, PurePosixPath

import pytest

from pytest_wincontainers.scaffold.tree import Unreadable, read_tree
from tests.kit.links import needs_links


def make(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(tree):
    return [str(path) for path in tree.files]


def test_near_files_come_first(tmp_path):
    make(tmp_path, "a/deep/one.sql", "b/two.sql", "z.sln")
    tree = read_tree(tmp_path)
    assert names(tree) == ["z.sln", "b/two.sql", "a/deep/one.sql"]
    assert tree.name == tmp_path.name
    assert tree.complete


def test_what_tools_have_made_is_left_out(tmp_path):
    skipped = [".git", "bin", "obj", "Obj", "node_modules", "packages", ".venv", "venv", "__pycache__"]
    make(tmp_path, *(f"{one}/web.config" for one in skipped), "site/web.config", "site/bin/Site.dll", ".pytest.ini")
    tree = read_tree(tmp_path)
    assert names(tree) == [".pytest.ini", "site/web.config"]
    assert tree.exists(PurePosixPath("site/bin/Site.dll"))
    assert not tree.exists(PurePosixPath("site/bin"))


def test_of_visual_studio_only_iis_express_counts(tmp_path):
    make(
        tmp_path,
        ".vs/config/applicationhost.config",
        ".vs/Shop/config/applicationhost.config",
        ".vs/Shop/v17/applicationhost.config",
        ".vs/Shop/config/web.config",
    )
    assert names(read_tree(tmp_path)) == [
        ".vs/config/applicationhost.config",
        ".vs/Shop/config/applicationhost.config",
    ]


@needs_links
def test_links_are_not_followed(tmp_path):
    make(tmp_path, "in/site/web.config", "out/web.config")
    (tmp_path / "in" / "site" / "round").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in" / "other").symlink_to(tmp_path / "out", target_is_directory=True)
    assert names(read_tree(tmp_path / "in")) == ["site/web.config"]


@needs_links
def test_the_directory_itself_may_be_a_link(tmp_path):
    make(tmp_path, "real/site/web.config")
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    assert names(read_tree(tmp_path / "link")) == ["site/web.config"]


@pytest.mark.parametrize("shape", ["wide", "deep", "empty"])
def test_a_huge_tree_is_not_read_to_its_end(tmp_path, shape):
    for number in range(60):
        if shape == "wide":
            make(tmp_path, f"{number:02}.sql")
        elif shape == "deep":
            make(tmp_path, f"{number % 6}/{'d/' * (number // 6)}one.sql")
        else:
            (tmp_path / f"{number:02}").mkdir()
    tree = read_tree(tmp_path, files=20)
    assert len(tree.files) <= 21
    assert not tree.complete
    assert read_tree(tmp_path, files=200).complete


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / "dump.sql").write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(Unreadable, match="larger than 1 MiB"):
        read_tree(tmp_path).read(PurePosixPath("dump.sql"))


def test_what_is_read_in_all_is_limited(tmp_path):
    (tmp_path / "some.sql").write_bytes(b" " * (1 << 20))
    tree = read_tree(tmp_path)
    for _ in range(64):
        tree.read(PurePosixPath("some.sql"))
    with pytest.raises(Unreadable, match="too much"):
        tree.read(PurePosixPath("some.sql"))


def test_a_file_that_is_gone(tmp_path):
    with pytest.raises(Unreadable, match="cannot be read"):
        read_tree(tmp_path).read(PurePosixPath("web.config"))
    with pytest.raises(OSError, match="none"):
        read_tree(tmp_path / "none")


def test_a_path_is_found_in_any_letter_case(tmp_path):
    make(tmp_path, "Config/Connections.config")
    tree = read_tree(tmp_path)
    assert tree.on_disk(PurePosixPath("config/connections.CONFIG")) == PurePosixPath("Config/Connections.config")
    assert tree.on_disk(PurePosixPath("CONFIG")) == PurePosixPath("Config")
    assert tree.on_disk(PurePosixPath("other")) is None


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not have such names")
def test_names_that_are_no_text_are_passed_over(tmp_path):
    Path(str(tmp_path) + "/a\udcff.sql").write_bytes(b"")
    make(tmp_path, "b\n.sql", "Käse & 'Brot'.sql")
    assert names(read_tree(tmp_path)) == ["Käse & 'Brot'.sql"]
