"""The pieces of a run that need no engine: names of images, locks, and the files that hand containers over."""

import os
import subprocess
import sys
import threading
import time

import pytest

from pytest_wincontainers.endpoints import ContainerInfo, StartFailure
from pytest_wincontainers.engines.base import Build
from pytest_wincontainers.errors import Cancelled, ImageError
from pytest_wincontainers.run.images import ensure_image, tag_of
from pytest_wincontainers.run.locks import Locks, RunLock
from pytest_wincontainers.session.handover import Handover
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


def info(**changes):
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
    return ContainerInfo(**{**fields, **changes})


def test_what_is_published_is_read_again(tmp_path):
    handover = Handover(tmp_path)
    assert handover.outcome("web") is None
    handover.publish("web", info())
    handover.publish("db", StartFailure("no", skip=True))
    assert Handover(tmp_path).outcome("web") == info()
    assert Handover(tmp_path).outcome("db") == StartFailure("no", skip=True)
    assert handover.loss("web") is None
    handover.publish_loss("web", "gone")
    assert handover.loss("web") == "gone"


def test_passwords_do_not_show():
    assert "geheim" not in repr(info())


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
