"""The fixture `other_host`: another machine with an engine, which all workers share."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock

from tests.kit.namespaces import OtherHost, missing, sweep
from tests.kit.waiting import wait_for
from tests.windows import standins


class Users:
    """The workers that use one machine: how many, and where it is. To be asked and changed under `lock`."""

    def __init__(self, folder):
        self.lock = FileLock(folder / "other-host.lock")
        self._path = folder / "other-host.json"

    def read(self):
        return json.loads(self._path.read_text("utf-8")) if self._path.exists() else {"count": 0}

    def write(self, **told):
        self._path.write_text(json.dumps(told), "utf-8")

    def leave(self):
        with self.lock:
            told = self.read()
            self.write(**{**told, "count": told["count"] - 1})

    def gone(self):
        # A file that is being written has no text for a moment.
        with self.lock:
            return not self.read()["count"]


@pytest.fixture(scope="session")
def other_host(request, real_engine, tmp_path_factory):
    """The machine, with the images of the example shop; one for all workers. Fails where it cannot be set up."""
    reason = missing()
    if reason:
        pytest.fail(f"no second host: {reason}", pytrace=False)
    own = tmp_path_factory.getbasetemp()
    users = Users(own.parent if hasattr(request.config, "workerinput") else own)
    client = tmp_path_factory.mktemp("client")
    with users.lock:
        told = users.read()
        mine = not told["count"]
        # containerd has sockets deep below, and their paths are short.
        folder = Path(tempfile.mkdtemp(prefix=f"wc-host-{os.getpid()}-") if mine else told["folder"])
        made = OtherHost(folder, client)
        if mine:
            set_up(made)
        else:
            made.join(told["address"])
        users.write(count=told["count"] + 1, folder=str(folder), address=made.address)
    try:
        yield made
    finally:
        users.leave()
        if mine:
            # It ends with its worker, so that one stays as long as any other needs it.
            wait_for(users.gone, seconds=600)
            made.close()
            shutil.rmtree(folder)


def set_up(made):
    try:
        sweep()
        made.start()
        images = [standins.box(), *(standins.own(name) for name in ("mysql", "aspnet", "selenium"))]
        made.load(images)
    except BaseException as problem:
        made.close()
        shutil.rmtree(made.folder)
        if not isinstance(problem, (RuntimeError, OSError)):
            raise
        pytest.fail(f"no second host: it cannot be set up in a network namespace: {problem}", pytrace=False)
