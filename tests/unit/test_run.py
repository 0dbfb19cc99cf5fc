"""The pieces of a run that need no engine: names of images, locks, files that hand over, folders, status lines."""

import os
import subprocess
import sys
import threading
import time

import pytest

from pytest_wincontainers.endpoints import Handed
from pytest_wincontainers.engines.base import Build
from pytest_wincontainers.errors import Cancelled, ImageError, MigrationError
from pytest_wincontainers.packing import Folder, packed, unpack
from pytest_wincontainers.reports import status
from pytest_wincontainers.reports.artifacts import folder_of_test, make_run_folder, run_folder
from pytest_wincontainers.reports.board import Board, State
from pytest_wincontainers.run.handover import Failed, Handover
from pytest_wincontainers.run.images import ensure_image, tag_of
from pytest_wincontainers.run.locks import Locks, RunLock
from pytest_wincontainers.testing import FakeEngine

# -- images -----------------------------------------------------------------------------------------------------


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "My Image"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM x")
    return folder


def test_an_images_name_follows_all_that_goes_in(context):
    engine = FakeEngine()
    tags = [tag_of(engine, Build(context))]
    tags.append(tag_of(engine, Build(context, arguments={"A": "1"})))
    tags.append(tag_of(engine, Build(context, arguments={"A": "2"})))
    (context / "more").write_text("1")
    tags.append(tag_of(engine, Build(context)))
    (context / "more").write_text("2")
    tags.append(tag_of(engine, Build(context)))
    (context / "more").rename(context / "less")
    tags.append(tag_of(engine, Build(context)))
    assert len(set(tags)) == len(tags)
    assert all(tag.startswith("wincontainers/my-image:") for tag in tags)
    assert tag_of(engine, Build(context)) == tags[-1]


def test_an_image_is_made_once(context, tmp_path):
    built = []
    engine = FakeEngine(fail=lambda method, argument: built.append(argument) if method == "build" else None)
    said = []

    def ask():
        ensure_image(engine, Build(context), Locks(tmp_path, "engine", lambda: None), said.append, lambda make: make())

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert "building the image: step 1/1" in said


def test_an_image_that_does_not_build(context, tmp_path):
    def fail(method, argument):
        if method == "build":
            raise ImageError("does not build")

    with pytest.raises(ImageError, match="does not build"):
        ensure_image(
            FakeEngine(fail=fail), Build(context), Locks(tmp_path, "engine", lambda: None), print, lambda make: make()
        )


# -- locks ------------------------------------------------------------------------------------------------------


def test_slots_are_shared_and_never_more(tmp_path):
    locks = Locks(tmp_path, "engine", lambda: None)
    inside, most = [], []

    def work():
        with locks.slot(2):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.03)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 2


def test_a_crowded_engine_starts_one_at_a_time_for_all_processes(tmp_path):
    """Also those that began before count: whoever comes next waits until they are through."""
    locks = Locks(tmp_path, "engine", lambda: None)
    inside, most, began = [], [], threading.Event()

    def early():
        with locks.slot(4):
            began.set()
            time.sleep(0.2)
            inside.append("early")
            time.sleep(0.1)
            inside.remove("early")

    def late():
        with Locks(tmp_path, "engine", lambda: None).slot(4):
            inside.append("late")
            most.append(len(inside))
            time.sleep(0.02)
            inside.remove("late")

    threads = [threading.Thread(target=early)]
    threads[0].start()
    began.wait()
    locks.crowded()
    threads += [threading.Thread(target=late) for _ in range(5)]
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 5


def test_a_crowd_is_forgotten(tmp_path):
    locks = Locks(tmp_path, "engine", lambda: None)
    locks.crowded()
    (crowd,) = tmp_path.rglob("crowded")
    os.utime(crowd, (time.time() - 301, time.time() - 301))
    with locks.slot(2), Locks(tmp_path, "engine", lambda: None).slot(2):
        pass


def test_waiting_for_a_lock_ends_with_the_run(tmp_path):
    def check():
        raise Cancelled("over")

    told = []
    with Locks(tmp_path, "engine", lambda: None).named("x"):
        with pytest.raises(Cancelled), Locks(tmp_path, "engine", check).named("x", lambda: told.append(1)):
            pytest.fail("two hold it")
    assert told == [1]


HOLDER = "import sys, time; from pathlib import Path; from pytest_wincontainers.run.locks import RunLock; "
HOLDER += "lock = RunLock(Path(sys.argv[1]), 'run'); lock.hold(); print('held', flush=True); time.sleep(60)"


def test_a_run_is_dead_once_its_process_is(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        lock = RunLock(tmp_path, "run")
        assert not lock.is_dead()
        holder.kill()
        holder.wait()
        assert lock.is_dead()
        lock.forget()
        assert not lock.is_dead()


def test_of_a_run_nobody_knows_nothing_is_proven(tmp_path):
    assert not RunLock(tmp_path, "other").is_dead()


# -- handing over -------------------------------------------------------------------------------------------------


def handed(**changes):
    fields = {
        "name": "web",
        "container_id": "1",
        "container_name": "wc-web",
        "host": "10.0.0.1",
        "ports": {80: 8080},
        "secrets": {"password": "geheim"},
        "log": "web.log",
        "guest": "linux",
        "clock_offset": 0.0,
        "seconds": 1.5,
    }
    return Handed(**{**fields, **changes})


def test_what_is_published_is_read_again(tmp_path):
    handover = Handover(tmp_path)
    assert handover.outcome("web") is None
    handover.publish("web", handed())
    handover.publish("db", Failed("no", skip=True))
    assert Handover(tmp_path).outcome("web") == handed()
    assert Handover(tmp_path).outcome("db") == Failed("no", skip=True)
    assert handover.loss("web") is None
    handover.publish_loss("web", "gone")
    assert handover.loss("web") == "gone"


def test_passwords_do_not_show():
    assert "geheim" not in repr(handed())


# -- folders ----------------------------------------------------------------------------------------------------


def test_a_restart_is_asked_for_and_answered(tmp_path):
    worker, owner = Handover(tmp_path), Handover(tmp_path)
    assert owner.asked_restarts() == []
    worker.ask_for_restart("gw0", 1, "web")
    ((request, name),) = owner.asked_restarts()
    assert name == "web"
    assert worker.restart_answer("gw0", 1) is None
    owner.answer_restart(request, "")
    assert owner.asked_restarts() == []
    assert worker.restart_answer("gw0", 1) == ""


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


def test_a_folder_goes_in_whole_with_what_is_replaced(tmp_path):
    import tarfile

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
    import io
    import tarfile

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
    with pytest.raises(OSError, match="leaves its folder"):
        unpack(archive_of(("site", None), ("site/../../x", b"x")), tmp_path / "back")
    assert not (tmp_path.parent / "x").exists()


# -- status -----------------------------------------------------------------------------------------------------


def test_lines_tell_state_and_seconds():
    now = [100.0]
    board = Board(["database", "web"], clock=lambda: now[0])
    now[0] = 101.0
    board.say("database", State.IMAGE, "building the image: step 1/3")
    board.say("web", State.BOOTING)
    assert status.living_lines(board) == [
        "  database     1.0 s  building the image: step 1/3",
        "  web          1.0 s  booting",
    ]
    told = {}
    assert status.news(board, told) == ["wincontainers: database: building the image"]
    board.say("database", State.IMAGE, "building the image: step 2/3")
    assert status.news(board, told) == []
    now[0] = 103.5
    board.say("database", State.READY)
    board.say("web", State.FAILED)
    now[0] = 200.0
    assert status.news(board, told) == [
        "wincontainers: database: ready after 3.5 s",
        "wincontainers: web: failed after 3.5 s",
    ]
    board.note("something else")
    board.note("something else")
    assert status.summary(board) == ["database ready after 3.50 s, web failed after 3.50 s", "something else"]


# -- errors -----------------------------------------------------------------------------------------------------


def test_an_error_is_a_sentence_details_and_a_hint():
    error = MigrationError("it failed", details="a\nb", hint="mend it")
    assert str(error) == "it failed\n  | a\n  | b\nhint: mend it"
