"""Folders that go into containers, and what comes out of them."""

import io
import sys
import tarfile

import pytest

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.packing import Folder, packed, unpack, walk

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own there")


def test_a_walk_goes_through_all_in_one_order(tmp_path):
    for name in ("b/x", "a/2", "a/10", "a-b", "c/d/e", "c/left/f"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [name.as_posix() for name, _ in walk(tmp_path, lambda name, _: name.name != "left")]
    assert found == ["a", "a-b", "b", "c", "a/10", "a/2", "b/x", "c/d", "c/d/e"]
    assert [name.as_posix() for name, _ in walk(tmp_path, lambda _, directory: not directory)] == ["a-b"]


@needs_links
def test_a_walk_follows_links_inside_and_ends(tmp_path):
    (tmp_path / "site" / "a" / "b").mkdir(parents=True)
    (tmp_path / "site" / "a" / "b" / "file").touch()
    (tmp_path / "site" / "a" / "b" / "up").symlink_to("..")
    (tmp_path / "site" / "again").symlink_to("a")
    (tmp_path / "entry").symlink_to("site")
    for folder in ("site", "entry"):
        files = [name.as_posix() for name, path in walk(tmp_path / folder) if path.is_file()]
        assert files == ["a/b/file", "again/b/file"]


@needs_links
@pytest.mark.parametrize("target", ["../outside", "../outside/file", "/", "../site-2"])
def test_a_walk_does_not_lead_out(tmp_path, target):
    for name in ("site", "site-2", "outside"):
        (tmp_path / name).mkdir()
    (tmp_path / "outside" / "file").touch()
    (tmp_path / "site" / "link").symlink_to(target)
    with pytest.raises(DeclarationError, match="link is a link that leads out of") as caught:
        list(walk(tmp_path / "site"))
    assert "put a copy there" in caught.value.hint


def test_a_folder_goes_in_whole_with_what_is_replaced(tmp_path):
    source = tmp_path / "site"
    (source / "bin" / "empty").mkdir(parents=True)
    (source / "Web.config").write_text("old")
    (source / "bin" / "run.sh").write_text("#!/bin/sh")
    (source / "bin" / "run.sh").chmod(0o700)
    folder = Folder(source, "C:\\sites/shop", {"Web.config": b"new"})
    with packed([folder]) as archive, tarfile.open(fileobj=archive) as read:
        names = {entry.name: entry for entry in read}
        assert set(names) == {
            "sites/shop",
            "sites/shop/Web.config",
            "sites/shop/bin",
            "sites/shop/bin/empty",
            "sites/shop/bin/run.sh",
        }
        assert read.extractfile("sites/shop/Web.config").read() == b"new"
        assert names["sites/shop/bin/run.sh"].mode == 0o755
        assert {entry.uid for entry in names.values()} == {0}


def archive_of(*entries):
    spool = io.BytesIO()
    with tarfile.open(mode="w", fileobj=spool) as archive:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            if content is None:
                entry.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
            else:
                entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content) if isinstance(content, bytes) else None)
    return iter([spool.getvalue()])


def test_what_comes_out_of_a_container(tmp_path):
    unpack(archive_of(("site", None), ("site/bin", None), ("site/bin/a.dll", b"x")), tmp_path / "back")
    assert (tmp_path / "back" / "bin" / "a.dll").read_bytes() == b"x"
    unpack(archive_of(("a.txt", b"alone")), tmp_path / "b.txt")
    assert (tmp_path / "b.txt").read_bytes() == b"alone"


def test_nothing_comes_out_beside_its_target(tmp_path):
    unpack(archive_of(("site", None), ("site/passwd", "/etc/passwd")), tmp_path / "back")
    assert list((tmp_path / "back").iterdir()) == []
    with pytest.raises(OSError, match="a path outside its directory"):
        unpack(archive_of(("site", None), ("site/../../x", b"x")), tmp_path / "back")
    assert not (tmp_path.parent / "x").exists()
