"""How the owner tells other processes the outcome of each container: a small file in a private directory.

A file is written once and appears whole. It holds passwords, so the folder is for this account only, lies
outside the artifacts, and goes with the run.

On a full disk there still is room for an empty file: it says that there was something to say, so that nobody waits
for it for ever.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pytest_wincontainers.endpoints import ContainerInfo, StartFailure
from pytest_wincontainers.machine.files import while_open

_UNWRITTEN = (
    "{what} could not be handed over, because the directory for temporary files is full or cannot be written\n"
    "hint: free some space there, or set TMPDIR (on Windows, TEMP) to another directory"
)


class Handover:
    """The private folder of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._published: dict[str, ContainerInfo | StartFailure] = {}

    def publish(self, name: str, outcome: ContainerInfo | StartFailure) -> None:
        """Say what became of a container. Raises OSError; this process knows it even so."""
        self._published[name] = outcome
        self._write(f"{name}.json", {type(outcome).__name__: asdict(outcome)})

    def outcome(self, name: str) -> ContainerInfo | StartFailure | None:
        """What was published, or None as long as nothing is."""
        if name in self._published:
            return self._published[name]
        content = self._read(f"{name}.json")
        if content is None:
            return None
        if not content:
            return StartFailure(_UNWRITTEN.format(what=name))
        failure = content.get("StartFailure")
        return StartFailure(**failure) if failure else ContainerInfo.from_json(content["ContainerInfo"])

    def publish_loss(self, name: str, message: str) -> None:
        """Say that a container that was ready has ended."""
        self._write(f"{name}.lost.json", {"lost": message})

    def loss(self, name: str) -> str | None:
        """How a container was lost, if it was."""
        content = self._read(f"{name}.lost.json")
        return None if content is None else str(content.get("lost", _UNWRITTEN.format(what=f"the loss of {name}")))

    def publish_needs(self, worker: str, needs: dict[str, Any]) -> None:
        """Say what the tests that a worker collected need."""
        self._write(f"needs.{worker}.json", needs)

    def needs(self, worker: str) -> dict[str, Any] | None:
        """What that worker said."""
        return self._read(f"needs.{worker}.json") or None

    def ask_for_restart(self, worker: str, number: int, name: str) -> None:
        """Ask the owner to restart a container; `worker` and `number` tell the requests apart."""
        self._write(f"{worker}.{number}.ask.json", {"restart": name})

    def asked_restarts(self) -> list[tuple[Path, str]]:
        """The requests that nobody has answered yet, and the containers that they name."""
        asked = ((path, self._read(path.name)) for path in sorted(self.folder.glob("*.ask.json")))
        return [(path, str(content["restart"])) for path, content in asked if content is not None]

    def answer_restart(self, request: Path, problem: str) -> None:
        """Say that a container was restarted, or in which words that failed."""
        request.unlink()
        self._write(request.name.replace(".ask.", ".done."), {"problem": problem})

    def restart_answer(self, worker: str, number: int) -> str | None:
        """The answer to a request: the words of a failure, or "" for none; None as long as there is no answer."""
        content = self._read(f"{worker}.{number}.done.json")
        return None if content is None else str(content.get("problem", _UNWRITTEN.format(what="a restart")))

    def _write(self, name: str, content: object) -> None:
        part = self.folder / f"{name}.part"
        try:
            part.write_text(json.dumps(content), "utf-8")
            while_open(lambda: part.replace(self.folder / name))
        except OSError:
            if self.folder.exists():
                self._write_nothing(name)
            raise

    def _write_nothing(self, name: str) -> None:
        part = self.folder / f"{name}.part"
        try:
            with part.open("w"):
                pass
            part.replace(self.folder / name)
        except OSError:
            # Whoever waits looks for the folder, too.
            shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            written = while_open(lambda: (self.folder / name).read_text("utf-8"))
        except FileNotFoundError:
            return None
        content: dict[str, Any] = json.loads(written) if written else {}
        return content
