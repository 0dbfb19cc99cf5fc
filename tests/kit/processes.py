"""The processes in which pytest runs a suite: of this machine's Python, or of Windows' Python under Wine."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

from tests.kit.relay import Relay
from tests.kit.waiting import wait_for
from tests.kit.wine import WindowsPython

# A shell lets its background jobs ignore Ctrl+C, and the runs that tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Process(subprocess.Popen):
    """A process that writes text, in a group of its own as a terminal would start it."""

    def __init__(self, command, *, folder, environment, stdin=subprocess.DEVNULL, start_new_session=True):
        super().__init__(
            command,
            cwd=folder,
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=start_new_session,
        )
        self._said = bytearray()

    def until(self, words, seconds=60):
        """Wait until these words are in its output."""
        wait_for(lambda: words in self._text(), seconds=seconds)

    def communicate(self, *, timeout):
        """Wait for its end; all of its output."""
        rest, _ = super().communicate(timeout=timeout)
        return self._text() + rest, None

    def _text(self):
        # By hand, as what a reader of text has taken in advance would be missing at the end.
        while not self.stdout.closed and select.select([self.stdout], [], [], 0)[0]:
            piece = os.read(self.stdout.fileno(), 1 << 16)
            if not piece:
                break
            self._said += piece
        return self._said.decode("utf-8", "replace").replace("\r\n", "\n")

    def interrupt(self):
        """Ctrl+C: the terminal sends it to the whole group."""
        os.killpg(self.pid, signal.SIGINT)

    def die(self):
        """End it at once, and nothing but it; and wait for its end."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait(timeout=30)

    def end(self):
        """End what a failed test left running."""
        if self.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.wait()
        self.stdout.close()


# clone, fork, vfork and clone3 of x86-64.
FORKS = {"56", "57", "58", "435"}


class WindowsProcess(Process):
    """The same under Wine, with a console of its own. Its output is a pipe, as Wine would draw on a terminal."""

    def __init__(self, command, *, folder, environment, helper):
        self._helper = helper
        self._pid_file = folder / "owner.pid"
        self._pid_file.unlink(missing_ok=True)
        import pty  # not on Windows, where other tests load this file

        self._console, keyboard = pty.openpty()
        try:
            # Wine reads a keyboard only of the terminal that controls the process.
            owning = ["setsid", "--ctty", *command]
            super().__init__(owning, folder=folder, environment=environment, stdin=keyboard, start_new_session=False)
        finally:
            os.close(keyboard)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with contextlib.suppress(OSError):
            while piece := os.read(self.stdout.fileno(), 1 << 16):
                self._said += piece

    def communicate(self, *, timeout):
        """Wait for its end, not for that of its output: Wine gives that to processes, too, which are to have none."""
        self.wait(timeout)
        size = -1
        while len(self._said) != size:
            size = len(self._said)
            self._reader.join(0.5)
        return self._text(), None

    def _text(self):
        return self._said.decode("utf-8", "replace").replace("\r\n", "\n")

    def interrupt(self):
        # Wine makes a thread in its handler of the signal, which in the middle of a fork would wait for ever. Not
        # stopped for the look, as a fork that is stopped begins anew.
        while self._forks():
            time.sleep(0.005)
        os.write(self._console, b"\x03")

    def _forks(self):
        """Whether it is starting another process or thread: a thread in such a call, or a copy that is to be another."""
        calls = set()
        for path in Path(f"/proc/{self.pid}/task").glob("*/syscall"):
            with contextlib.suppress(OSError):
                calls.add(path.read_text().split()[0])
        return bool(FORKS & calls) or self._copies() > 1

    def _copies(self):
        mine, found = Path(f"/proc/{self.pid}/cmdline").read_bytes(), 0
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                session = (folder / "stat").read_text().rpartition(")")[2].split()[3]
                found += int(session) == self.pid and (folder / "cmdline").read_bytes() == mine
        return found

    def die(self):
        self._helper.do(f"terminate {self._pid_file.read_text()}")
        self.wait(timeout=30)

    def end(self):
        # Wine leaves a process half started whose parent is ended meanwhile.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()
        self._reader.join(10)
        super().end()
        with contextlib.suppress(OSError):
            os.close(self._console)


class Local:
    """Runs of this machine's Python."""

    costs = 1
    birth_seconds = 0.0
    lost = False

    def start(self, words, folder, environment):
        """Start Python with these arguments."""
        return Process([sys.executable, *words], folder=folder, environment=environment)

    def url(self, url):
        """How the process reaches an engine."""
        return url

    def path(self, path):
        """What the process calls a path."""
        return str(path)

    def close(self):
        pass


OWNER = """
import os, pathlib, tempfile

tempfile.tempdir = {temporary!r}
if "PYTEST_XDIST_WORKER" not in os.environ:
    pathlib.Path("owner.pid").write_text(str(os.getpid()))
"""


class Windows:
    """Runs of Windows' Python, which reach each engine by a named pipe of its own."""

    costs = 5
    """How many runs of this machine's Python take as long."""
    birth_seconds = 0.5
    """A process whose parent ends while Wine makes it stays half made, and does nothing for ever."""

    def __init__(self):
        self._python = WindowsPython()
        if not self._python.is_made():
            pytest.fail("Windows' Python is not set up here\nhint: run `python3 dev.py windows`", pytrace=False)
        self._begin()

    def _begin(self):
        self._helper = Helper(self._python)
        wait_for(self._python.server)
        # That of all workers. The first one that begins anew has another.
        self._server = self._python.server()
        self._pipes = {}
        self._doors = []

    def start(self, words, folder, environment):
        # Wine would take it for its own.
        temporary = environment.pop("TMPDIR", None)
        (folder / "owner_pid.py").write_text(OWNER.format(temporary=temporary))
        plugin = ["-powner_pid"] if words[:2] == ["-m", "pytest"] else []
        return WindowsProcess(
            self._python.command(*words[:2], *plugin, *words[2:]),
            folder=folder,
            environment=self._python.environment(environment),
            helper=self._helper,
        )

    def url(self, url):
        if url not in self._pipes:
            if not url.startswith("tcp:"):
                self._doors.append(Relay(url))
            port = (url if url.startswith("tcp:") else self._doors[-1].url).rpartition(":")[2]
            name = f"wincontainers-{os.getpid()}-{port}"
            self._helper.do(f"pipe {name} {port}")
            self._pipes[url] = f"npipe:////./pipe/{name}"
        return self._pipes[url]

    def path(self, path):
        return self._python.path(Path(path))

    @property
    def lost(self):
        """Whether Wine's server has died, and nothing that needs it goes on."""
        return self._python.server() != self._server

    def renew(self):
        """Begin anew after Wine's server has died."""
        self._helper.end()
        for door in self._doors:
            door.shut()
        self._begin()

    def close(self):
        self._helper.close()
        for door in self._doors:
            door.shut()


class Helper:
    """The process of `windows_helper`."""

    def __init__(self, python):
        self._process = subprocess.Popen(
            python.command(Path(__file__).with_name("windows_helper.py")),
            env=python.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def do(self, command):
        """Have it do something."""
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer.strip() == "done", answer or self._process.stderr.read()

    def close(self):
        # Wine's own services may hold its output for longer.
        self._process.stdin.close()
        self._process.wait(timeout=30)
        for stream in (self._process.stdout, self._process.stderr):
            stream.close()

    def end(self):
        """End it where it cannot end by itself."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(BrokenPipeError):
            self.close()


_MADE = pytest.StashKey()
_LOST = pytest.StashKey()
PROCESSES = {"local": Local, "windows": Windows}


@pytest.fixture(scope="session")
def processes(request):
    """The kind of process in which suites run."""
    made = request.config.stash[_MADE] = PROCESSES[request.config.option.process]()
    yield made
    del request.config.stash[_MADE]
    made.close()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item):
    made = item.config.stash.get(_MADE, None)
    if made is not None and made.lost:
        item.stash[_LOST] = True
        made.renew()
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """Run a test again in which Wine's server has died, as Wine 8's does now and then; it is counted as "rerun"."""
    if item.config.option.process != "windows":
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    failed = [report for report in reports if report.failed]
    if failed and item.stash.get(_LOST, False):
        failed[0].outcome = "rerun"
        reports = [failed[0], *runtestprotocol(item, log=False, nextitem=nextitem)]
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
