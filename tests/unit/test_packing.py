"""Folders that go into containers, and what comes out of them."""

import io
import tarfile

import pytest

from pytest_wincontainers.packing import Folder, packed, unpack


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
