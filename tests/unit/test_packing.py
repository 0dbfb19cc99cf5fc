"""Folders that go into containers, and what comes out of them."""

import io
import os
import tarfile

import pytest

from pytest_wincontainers.errors import LinkError
from pytest_wincontainers.packing import Folder, check_links, digest, packed, rebased, unpack, walk
from tests.kit.links import needs_links


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


def test_a_file_goes_in_alone(tmp_path):
    """Without its directory, which may be there and have a mode of its own, as /tmp has."""
    source = tmp_path / "one.json"
    source.write_text("{}")
    with packed([Folder(source, "/tmp/one.json"), Folder(b"two", "C:\\tmp\\two.txt")]) as archive:
        with tarfile.open(fileobj=archive) as read:
            assert [entry.name for entry in read] == ["tmp/one.json", "tmp/two.txt"]
            assert read.extractfile("tmp/two.txt").read() == b"two"


def test_a_digest_tells_contents_and_names_apart():
    found = [Folder(b"a", "/a"), Folder(b"b", "/a"), Folder(b"a", "/b"), Folder(None, "/a", {"x": b"a"})]
    assert len({digest([one]) for one in found}) == 4
    assert digest([Folder(b"a", "/a")]) == digest(found[:1])


def test_an_archive_is_moved_with_its_links(tmp_path):
    """As a job's cache keeps it: what `npm` made must be there as it was."""
    long = "deep/" * 40 + "name.js"
    packed_out = io.BytesIO()
    with tarfile.open(fileobj=packed_out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in ("node_modules", "node_modules/.bin"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        file = tarfile.TarInfo(f"node_modules/{long}")
        file.size, file.mode = 3, 0o755
        archive.addfile(file, io.BytesIO(b"abc"))
        symbolic, hard = tarfile.TarInfo("node_modules/.bin/tool"), tarfile.TarInfo("node_modules/same")
        symbolic.type, symbolic.linkname = tarfile.SYMTYPE, f"../{long}"
        hard.type, hard.linkname = tarfile.LNKTYPE, f"node_modules/{long}"
        archive.addfile(symbolic)
        archive.addfile(hard)
    moved = io.BytesIO()
    rebased(iter([packed_out.getvalue()]), "C:\\job/app/node_modules", moved)
    with tarfile.open(fileobj=io.BytesIO(moved.getvalue())) as archive:
        root = "job/app/node_modules"
        assert archive.getnames() == [root, f"{root}/.bin", f"{root}/{long}", f"{root}/.bin/tool", f"{root}/same"]
        assert archive.extractfile(f"{root}/{long}").read() == b"abc"
        assert archive.getmember(f"{root}/{long}").mode == 0o755
        assert archive.getmember(f"{root}/.bin/tool").linkname == f"../{long}"
        assert archive.getmember(f"{root}/same").linkname == f"{root}/{long}"


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


# -- links -------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path):
    """A directory beside another one, and named through a link itself."""
    for name, content in {"real/bin/a.dll": "a", "real/bin/deep/b.dll": "b", "beside/secret": "s"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "site").symlink_to("real")
    return tmp_path / "site"


def contents(folder):
    with packed([Folder(folder, "/x")]) as archive, tarfile.open(fileobj=archive) as read:
        return {entry.name: read.extractfile(entry).read().decode() for entry in read if entry.isfile()}


@needs_links
def test_links_that_stay_inside_are_followed(site):
    (site / "bin" / "to-file.dll").symlink_to("deep/b.dll")
    (site / "to-directory").symlink_to(site / "bin" / "deep")
    (site / "to-link").symlink_to("to-directory")
    assert contents(site) == {
        "x/bin/a.dll": "a",
        "x/bin/deep/b.dll": "b",
        "x/bin/to-file.dll": "b",
        "x/to-directory/b.dll": "b",
        "x/to-link/b.dll": "b",
    }
    assert [(name.as_posix(), path.is_dir()) for name, path in walk(site)][:2] == [("bin", True), ("bin/a.dll", False)]


REFUSED = {
    "a file outside": ("../../beside/secret", r"the link .*site.bin.link leads out of .*site, to .*beside.secret"),
    "a directory outside": ("../../beside", r"the link .*site.bin.link leads out of .*site, to .*beside"),
    "the system": (os.path.abspath(os.sep), r"leads out of"),
    "itself": ("link", r"the link .*site.bin.link leads to .*link, which does not exist"),
    "nothing": ("nothing", r"the link .*site.bin.link leads to .*nothing, which does not exist"),
    "its directory": (".", r"the link .*site.bin.link leads to .*bin, which contains it"),
    "its root": ("..", r"the link .*site.bin.link leads to .*real, which contains it"),
}


@needs_links
@pytest.mark.parametrize("case", REFUSED)
def test_other_links_are_refused(site, case):
    target, words = REFUSED[case]
    (site / "bin" / "link").symlink_to(target)
    for refuse in (check_links, contents):
        with pytest.raises(LinkError, match=words) as refused:
            refuse(site)
        assert refused.value.hint


@needs_links
def test_a_circle_of_links_is_refused(site):
    (site / "one").mkdir()
    (site / "two").mkdir()
    (site / "one" / "on").symlink_to("../two")
    (site / "two" / "back").symlink_to("../one")
    with pytest.raises(LinkError, match="which contains it"):
        check_links(site)


@needs_links
def test_what_comes_out_does_not_go_through_links_that_lead_out(tmp_path):
    back, beside = tmp_path / "back", tmp_path / "beside"
    (back / "bin").mkdir(parents=True)
    beside.mkdir()
    (beside / "kept").write_text("old")
    (back / "bin" / "a.dll").symlink_to(beside / "kept")
    (back / "new").symlink_to(beside / "new")
    (back / "directory").symlink_to(beside)
    for name in ("bin/a.dll", "new", "directory/x"):
        with pytest.raises(LinkError, match=r"back.* leads out of .*back, to .*beside") as refused:
            unpack(archive_of(("site", None), (f"site/{name}", b"x")), back)
        assert "remove the link" in refused.value.hint
    assert [(one.name, one.read_text()) for one in beside.iterdir()] == [("kept", "old")]


@needs_links
def test_what_comes_out_goes_where_it_is_told(tmp_path):
    """The target may be a link, as whoever names it knows; and links that stay in it are followed."""
    (tmp_path / "real" / "bin").mkdir(parents=True)
    (tmp_path / "back").symlink_to("real")
    (tmp_path / "back" / "short").symlink_to("bin")
    unpack(archive_of(("site", None), ("site/short/a.dll", b"x")), tmp_path / "back")
    assert (tmp_path / "real" / "bin" / "a.dll").read_bytes() == b"x"
    (tmp_path / "file").symlink_to("elsewhere")
    unpack(archive_of(("a.txt", b"alone")), tmp_path / "file")
    assert (tmp_path / "elsewhere").read_bytes() == b"alone"


def test_a_walk_leaves_out_what_is_not_wanted(tmp_path):
    for name in ("B/x", "a/2", "a/10", "a-b", "c/left/f"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [name.as_posix() for name, _ in walk(tmp_path, lambda name, _: name.name != "left")]
    assert found == ["B", "B/x", "a", "a/10", "a/2", "a-b", "c"]
    assert [name.as_posix() for name, _ in walk(tmp_path, lambda _, directory: not directory)] == ["a-b"]
