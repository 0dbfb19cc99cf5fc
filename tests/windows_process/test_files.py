"""Files that others have open, delete or replace, which Windows forbids where Linux does not; and locks of processes.

Wine keeps to the sharing modes between its own processes.
"""

import subprocess
import sys
import threading
import time

import pytest

from pytest_wincontainers.endpoints import StartFailure
from pytest_wincontainers.machine import files
from pytest_wincontainers.reports.artifacts import RunFolder
from pytest_wincontainers.reports.logs import LogWriter, files_of, read
from pytest_wincontainers.reports.masks import Mask
from pytest_wincontainers.run.locks import Locks, RunLock
from pytest_wincontainers.session.handover import Handover

HOLD = """
import sys, time
from pathlib import Path
from pytest_wincontainers.run.locks import Locks, RunLock

with Locks(Path(sys.argv[1]), "engine", lambda: None).named("x"):
    RunLock(Path(sys.argv[1]), "run").hold()
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the locks."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout.readline().split() == [b"held"]
    yield process
    process.kill()
    process.communicate()


def test_a_lock_of_another_process_is_free_once_that_is_terminated(tmp_path, other):
    waited = []

    def end():
        waited.append(1)
        other.kill()

    begun = time.monotonic()
    with Locks(tmp_path, "engine", lambda: None).named("x", end):
        assert waited == [1]
    assert time.monotonic() - begun < 10
    assert RunLock(tmp_path, "run").take_over()


def test_a_lock_is_taken_again_and_again_by_two_processes(tmp_path):
    """Whether its file goes when it is let go of, and comes again."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom pytest_wincontainers.run.locks import Locks\n"
        "counter = Path(sys.argv[1], 'counter')\n"
        "for _ in range(60):\n"
        "    with Locks(Path(sys.argv[1]), 'engine', lambda: None).named('x'):\n"
        "        counter.write_text(str(int(counter.read_text()) + 1))\n"
    )
    (tmp_path / "counter").write_text("0")
    started = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(2)]
    assert [one.wait(120) for one in started] == [0, 0]
    assert (tmp_path / "counter").read_text() == "120"


def test_a_run_can_be_let_go_of_while_somebody_reads_its_record(tmp_path):
    lock = RunLock(tmp_path, "run")
    lock.hold("engine")
    with (tmp_path / "runs" / "run.json").open():
        lock.release()
    assert RunLock(tmp_path, "run").take_over(), "the record stays where it could not be removed"


def test_what_is_handed_over_again_reaches_those_who_read_it_meanwhile(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_OPEN_SECONDS", 60)
    owner, over = Handover(tmp_path), threading.Event()
    owner.publish("web", StartFailure("0"))
    seen, problems = set(), []

    def read():
        while not over.is_set():
            try:
                seen.add(Handover(tmp_path).outcome("web").message)
            except Exception as problem:
                problems.append(problem)
            # More often than any worker asks.
            time.sleep(0.005)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(200):
        owner.publish("web", StartFailure(str(number)))
    over.set()
    for reader in readers:
        reader.join()
    assert problems == []
    assert len(seen) > 1


def test_a_log_that_somebody_has_open_is_written_on(tmp_path):
    """As an editor and `type` have it: they let others write."""
    writer = LogWriter(tmp_path / "web.log", Mask(()), size=1 << 20, files=2)
    writer.open()
    telling = writer.telling()
    telling.add(b"2026-01-01T00:00:00.1Z one\n")
    with (tmp_path / "web.log").open() as reader:
        telling.add(b"2026-01-01T00:00:00.2Z two\n")
        assert reader.read().count("\n") == 2
    writer.close()


def test_a_log_cannot_be_deleted_while_it_is_written_and_is_whole_then(tmp_path):
    writer = LogWriter(tmp_path / "web.log", Mask(()), size=1 << 20, files=2)
    writer.open()
    telling = writer.telling()
    telling.add(b"2026-01-01T00:00:00.1Z one\n")
    for harm in ((tmp_path / "web.log").unlink, lambda: (tmp_path / "web.log").rename(tmp_path / "old.log")):
        with pytest.raises(PermissionError):
            harm()
    telling.add(b"2026-01-01T00:00:00.2Z two\n")
    writer.close()
    assert (tmp_path / "web.log").read_text().split()[1::2] == ["one", "two"]


def test_an_old_file_of_a_log_that_somebody_reads_goes_the_next_time(tmp_path):
    writer = LogWriter(tmp_path / "web.log", Mask(()), size=10, files=2)
    telling = writer.telling()
    lines = [b"2026-01-01T00:00:00.%dZ line\n" % number for number in range(6)]
    telling.add(lines[0])
    with (tmp_path / "web.log").open():
        for line in lines[1:4]:
            telling.add(line)
        assert (tmp_path / "web.log").exists()
    for line in lines[4:]:
        telling.add(line)
    writer.close()
    assert [path.name for _, path in files_of(tmp_path / "web.log")] == ["web.5.log", "web.6.log"]
    assert read(tmp_path / "web.log") == b"".join(lines[4:])


def test_old_runs_of_which_a_file_is_open_do_not_keep_a_new_one_from_starting(tmp_path):
    for number in range(12):
        folder = tmp_path / f"20260101-0000{number:02}-old{number}"
        folder.mkdir()
        (folder / "run.json").write_text("{}")
        (folder / "web.log").write_text("x")
    with (tmp_path / "20260101-000000-old0" / "web.log").open():
        made = RunFolder(tmp_path, "new", runs=10, days=0)
        made.make()
        made.release()
    assert made.path.is_dir()
    assert not (tmp_path / "20260101-000001-old1").exists()
