"""The pieces of a run that need no engine: names of images, locks, and the files that hand containers over."""

import errno
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from pytest_wincontainers.endpoints import ContainerInfo, StartFailure
from pytest_wincontainers.engines.base import Build, ContainerSpec
from pytest_wincontainers.errors import Cancelled, EngineError, EngineUnavailable, ImageError
from pytest_wincontainers.failures import find_failure
from pytest_wincontainers.run.images import ensure_image, tag_of
from pytest_wincontainers.run.locks import Locks, RunLock
from pytest_wincontainers.run.removal import Swept, labels, sweep
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
    tags.append(tag_of(engine, Build(context, target="final")))
    tags.append(tag_of(engine, Build(context, content="FROM y")))
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


def test_an_image_whose_base_is_newer_than_the_host_is_built_on_another(context, tmp_path):
    built, noted = [], []
    words = "hcs::System::Start: Der virtuelle Computer oder Container wurde unerwartet beendet. (0xc0370106)"

    class Host(FakeEngine):
        def build(self, build, tag, labels, progress):
            built.append(build.arguments["BASE"])
            if build.arguments["BASE"] == "ltsc2025":
                raise ImageError("does not build", details=words, failure=find_failure(words))
            super().build(build, tag, labels, progress)

    def ensure(build):
        return ensure_image(
            Host(), build, Locks(tmp_path, "engine", lambda: None), print, lambda make: make(), noted.append
        )

    older = Build(context, arguments={"BASE": "ltsc2022"})
    newer = Build(context, arguments={"BASE": "ltsc2025"}, otherwise=older)
    reference, _ = ensure(newer)
    assert (built, reference) == (["ltsc2025", "ltsc2022"], tag_of(Host(), older))
    assert noted == [
        "its image was built on ltsc2022, as the host lacks the updates of ltsc2025; update the host, or choose the base "
        "with --wincontainers-windows-base"
    ]
    with pytest.raises(ImageError):
        ensure(replace(newer, otherwise=None))
    with pytest.raises(ImageError):
        ensure(replace(older, arguments={"BASE": "ltsc2025"}))


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


HOLDER = """
import sys, time
from pathlib import Path
from pytest_wincontainers.run.locks import RunLock

lock = RunLock(Path(sys.argv[1]), "run")
lock.hold(sys.argv[2], Path(sys.argv[3]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Starts a process with a run on an engine; it is killed with the test, or by it. And its private folder."""
    started = []

    def start(engine="fake", private=None):
        private = private or tmp_path / "wincontainers-private"
        private.mkdir()
        (private / "database.json").write_text("geheim")
        command = [sys.executable, "-c", HOLDER, str(tmp_path), engine, str(private)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        assert started[-1].stdout.readline().split() == [b"held"]
        return started[-1], private

    yield start
    for one in started:
        one.kill()
        one.communicate()


def test_a_run_is_dead_once_its_process_is(tmp_path, holder):
    process, _ = holder()
    lock = RunLock(tmp_path, "run")
    assert not lock.take_over()
    process.kill()
    process.wait()
    assert lock.take_over()
    assert not RunLock(tmp_path, "run").take_over(), "two would clean up at once"
    lock.let_go()
    assert RunLock(tmp_path, "run").take_over()
    lock.release()
    assert not lock.take_over()


def test_of_a_run_nobody_knows_nothing_is_proven(tmp_path):
    assert not RunLock(tmp_path, "other").take_over()


class Here(FakeEngine):
    """An engine that is known to other runs, with a container of each of these."""

    def __init__(self, *runs, **options):
        super().__init__(**options)
        for run in runs:
            self.create(ContainerSpec(f"wc-{run}-box", "box:1", labels(run, "box")))

    def info(self):
        return replace(super().info(), id="here")

    def left(self):
        return [one.name for one in self.containers([])]


def files(state):
    return sorted(path.name for path in (state / "runs").iterdir())


def long_ago(state):
    """An hour and more passes."""
    for path in (state / "runs").glob("*.json"):
        record = json.loads(path.read_text())
        path.write_text(json.dumps({**record, "dead": record["dead"] - 3601}))


def test_a_sweep_removes_all_that_a_dead_run_left(tmp_path, holder):
    process, private = holder("here")
    engine = Here("run", "unknown")
    assert sweep(engine, tmp_path, "mine") == Swept()
    assert (private.exists(), len(engine.left())) == (True, 2)
    process.kill()
    process.wait()
    assert sweep(engine, tmp_path, "mine").removed == ["removed the containers left by run run, which was killed"]
    assert engine.left() == ["wc-unknown-box"]
    assert not private.exists()
    assert files(tmp_path) == []


def test_a_sweep_keeps_the_lock_of_a_dead_run_as_long_as_a_container_may_appear(tmp_path, holder):
    """An engine ends a call that was under way only minutes later."""
    process, private = holder("here")
    process.kill()
    process.wait()
    for _ in range(2):
        assert sweep(Here(), tmp_path, "mine") == Swept()
        assert not private.exists()
        assert "run.json" in files(tmp_path)
        # On Windows it goes whenever it is let go of.
        (tmp_path / "runs" / "run.lock").unlink(missing_ok=True)
    assert sweep(Here("run"), tmp_path, "mine").removed
    assert files(tmp_path) == []


def test_the_locks_of_dead_runs_do_not_stay_for_ever(tmp_path, holder):
    process, _ = holder("here")
    process.kill()
    process.wait()
    sweep(Here(), tmp_path, "mine")
    long_ago(tmp_path)
    assert sweep(Here(), tmp_path, "mine") == Swept()
    assert files(tmp_path) == []


@pytest.fixture(params=["kept", "deleted"])
def lock_file(request, monkeypatch):
    """What becomes of a lock's file when it is let go of: filelock's UnixFileLock keeps it, WindowsFileLock does not."""

    class Deleting(FileLock):
        def _release(self):
            super()._release()
            Path(self.lock_file).unlink(missing_ok=True)

    if request.param == "deleted":
        monkeypatch.setattr("pytest_wincontainers.run.locks.FileLock", Deleting)


@pytest.mark.usefixtures("lock_file")
@pytest.mark.parametrize("recorded", [True, False], ids=["with a record", "of an earlier version"])
def test_what_could_not_be_removed_is_removed_later(tmp_path, holder, monkeypatch, recorded):
    def fail(method, argument):
        if method == "remove" and fails:
            raise EngineError("driver windowsfilter failed to remove root filesystem")

    monkeypatch.setattr("pytest_wincontainers.run.removal._PAUSES", (0.01,))
    process, _ = holder("here")
    process.kill()
    process.wait()
    if not recorded:
        (tmp_path / "runs" / "run.json").unlink()
    fails = True
    engine = Here("run", fail=fail)
    for _ in range(3):
        (line,) = sweep(engine, tmp_path, "mine").problems
        assert "could not be removed" in line
    fails = False
    assert sweep(engine, tmp_path, "mine").removed == ["removed the containers left by run run, which was killed"]
    assert engine.left() == []
    assert files(tmp_path) == []


def test_a_lock_without_a_record_does_not_stay_for_ever(tmp_path):
    """As earlier versions left them."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "old.lock").touch()
    sweep(Here(), tmp_path, "mine")
    long_ago(tmp_path)
    sweep(Here(), tmp_path, "mine")
    assert files(tmp_path) == []


def test_another_engine_may_still_have_containers_of_a_dead_run(tmp_path, holder):
    process, private = holder("there")
    process.kill()
    process.wait()
    sweep(Here(), tmp_path, "mine")
    assert not private.exists()
    record = tmp_path / "runs" / "run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "dead": 1.0}))
    sweep(Here(), tmp_path, "mine")
    assert "run.json" in files(tmp_path)


def test_a_sweep_removes_no_other_folder(tmp_path, holder):
    process, private = holder("here", private=tmp_path / "home")
    process.kill()
    process.wait()
    sweep(Here(), tmp_path, "mine")
    assert private.exists()


def test_a_sweep_needs_no_engine_for_passwords(tmp_path, holder):
    def away(method, argument):
        raise EngineUnavailable("no engine answers")

    process, private = holder("here")
    process.kill()
    process.wait()
    assert sweep(FakeEngine(fail=away), tmp_path, "mine") == Swept()
    assert not private.exists()
    assert RunLock(tmp_path, "run").take_over()


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


@pytest.fixture
def full(tmp_path, monkeypatch):
    """A handover on a disk that takes no content any more; `even` for nothing at all."""
    import pathlib

    real = pathlib.Path.open

    def write_text(self, *given):
        real(self, "w").close()
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(pathlib.Path, "write_text", write_text)
    (tmp_path / "private").mkdir()
    return Handover(tmp_path / "private")


def test_a_full_disk_leaves_nobody_waiting(full):
    worker = Handover(full.folder)
    for call in (
        lambda: full.publish("web", info()),
        lambda: full.publish_loss("web", "gone"),
        lambda: full.publish_needs("gw0", {}),
        lambda: full.answer_restart(full.folder / "gw0.1.ask.json", ""),
    ):
        (full.folder / "gw0.1.ask.json").touch()
        with pytest.raises(OSError, match="No space left"):
            call()
    outcome = worker.outcome("web")
    assert outcome.message.startswith("web could not be handed over, because the directory for temporary files is full")
    assert "hint: free some space" in outcome.message
    assert "the loss of web could not be handed over" in worker.loss("web")
    assert "a restart could not be handed over" in worker.restart_answer("gw0", 1)
    assert full.needs("gw0") is None
    # In the process that knows it, it needs no disk.
    assert full.outcome("web") == info()


def test_a_disk_that_takes_not_even_an_empty_file(full, monkeypatch):
    import pathlib

    def replace(self, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(pathlib.Path, "replace", replace)
    with pytest.raises(OSError, match="No space left"):
        full.publish("web", info())
    # That is what a worker waits for, besides.
    assert not full.folder.exists()
