"""The process between a run and a command on this machine: it ends the command when the run's process is gone.

Its standard input is a pipe from the owner: a line of JSON that says what to run, with the environment that nobody else
is to see, and then nothing until the owner closes it, or dies, even by kill -9. It is the command's parent, so that no
other process can have got the command's number meanwhile. Run by path, with the owner's path for imports, as this
package may not be installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

_POLL_SECONDS = 0.05
_NOT_RUN = 126


def main() -> int:
    # Not through a buffer, of which another thread may hold the lock at the end.
    with open(0, "rb", buffering=0, closefd=False) as owner:
        duty = json.loads(owner.readline())
    sys.path[:] = duty["path"]
    from pytest_wincontainers.machine import MACHINE

    MACHINE.own_children()
    # Not a mapping beside it, as Windows does not tell the names of variables apart by case.
    os.environ.update(duty["environment"])
    above = os.getppid()
    try:
        child = subprocess.Popen(
            duty["words"],
            cwd=duty["folder"],
            stdin=subprocess.DEVNULL,
            **duty["detached"],
        )
    except OSError as problem:
        os.write(1, f"{duty['words'][0]} could not be run: {problem}\n".encode())
        return _NOT_RUN
    gone = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(gone,), daemon=True).start()
    while child.poll() is None:
        # A process that the owner has forked holds the pipe, too; then the owner's death shows in who is above.
        if gone.wait(_POLL_SECONDS) or os.getppid() != above:
            MACHINE.kill_tree(child)
    return _as_exit_code(child.returncode)


def _wait_for_the_end(gone: threading.Event) -> None:
    os.read(0, 1)
    gone.set()


def _as_exit_code(code: int) -> int:
    # Of a signal as shells have it; and of Windows, whose codes have no sign, with one.
    if code < 0:
        return 128 - code
    return code - (1 << 32) if code >= 1 << 31 else code


if __name__ == "__main__":
    os._exit(main())
