"""What a job has made: copied out of its container, judged, and kept for later runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from pytest_wincontainers.engines.base import ContainerState
from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.errors import EngineError, JobFailed, StartError
from pytest_wincontainers.reports.logs import tail
from pytest_wincontainers.run.container.follower import TAIL_LINES
from pytest_wincontainers.run.context import RunContext
from pytest_wincontainers.services.job import Job
from pytest_wincontainers.services.job.results import read_cases


class JobOutputs:
    """The outputs of one job, among the artifacts of the run. `say` is as for `JobCache`."""

    def __init__(self, context: RunContext, name: str, job: Job, log: Path, say: Callable[[str], None]) -> None:
        self._context = context
        self._name = name
        self._job = job
        self._log = log
        self._say = say
        self._place = context.artifacts / name

    def collect(self, container: str, state: ContainerState) -> Mapping[str, Any]:
        """Copy out what the job has made; the details for its endpoint.

        Raises JobFailed if the job failed, and StartError for what is missing.
        """
        results = self._copy_results(container)
        if state.out_of_memory:
            raise self._failure(state)
        if state.exit_code != 0 and self._job.check_exit_code and not _explained(results):
            raise self._failure(state)
        if self._job.patterns and not results:
            raise StartError(
                f"{self._name} has written no test results: no file matches {', '.join(self._job.patterns)}",
                details=tail(self._log, TAIL_LINES),
                hint="results= names files relative to the job's working directory",
            )
        # What cannot be read is said before the tests begin.
        read_cases(results)
        outputs = {name: self._copy(container, name, path) for name, path in self._job.collect.items()}
        return {
            "exit_code": state.exit_code,
            "outputs": {name: str(path) for name, path in outputs.items()},
            "results": [str(path) for path in results],
            "reused": False,
        }

    def _failure(self, state: ContainerState) -> JobFailed:
        memory = ", out of memory" if state.out_of_memory else ""
        return JobFailed(
            f"the command of {self._name} exited with code {state.exit_code}{memory}",
            details=tail(self._log, TAIL_LINES) or "(no output)",
            hint="increase its limit with memory=…" if memory else f"its full log is {self._log}",
        )

    def _inside(self, path: str) -> str:
        return self._job.inside(path, self._context.info.guest)

    def _copy(self, container: str, name: str, path: str) -> Path:
        self._say(f"collecting {path}")
        target = self._place / name
        try:
            links = Container(self._context.engine, container).copy_out(self._inside(path), target)
        except EngineError as problem:
            if problem.status != 404:
                raise
            raise StartError(
                f"{self._name} has not made {path}, which collect= names",
                details=tail(self._log, TAIL_LINES),
                hint="collect= names paths relative to the job's working directory",
            ) from None
        if links:
            self._context.board.note(f"{self._name}: links in {path} were not collected: {links}")
        return target

    def _copy_results(self, container: str) -> Sequence[Path]:
        """The result files that there are."""
        found: dict[Path, None] = {}
        root = self._place / "results"
        for pattern in self._job.patterns:
            parts = PurePosixPath(pattern.replace("\\", "/")).parts
            # The directory that has them all; engines copy no patterns.
            fixed = next((number for number, part in enumerate(parts) if set(part) & set("*?[")), len(parts))
            inside = "/".join(parts[:fixed])
            self._say(f"collecting {pattern}")
            try:
                Container(self._context.engine, container).copy_out(self._inside(inside or "."), root / inside)
            except EngineError as problem:
                if problem.status != 404:
                    raise
            found.update(dict.fromkeys(sorted(one for one in root.glob("/".join(parts)) if one.is_file())))
        return list(found)

    def write(self, details: Mapping[str, Any], entry: Path) -> None:
        """Write an entry for later runs: the outputs, the log, and the details with paths relative to them."""
        entry.mkdir()
        shutil.copyfile(self._log, entry / "log")
        if self._place.is_dir():
            shutil.copytree(self._place, entry / "made")
        moved = _moved(details, lambda path: Path(path).relative_to(self._place).as_posix())
        (entry / "job.json").write_text(json.dumps({**moved, "reused": True}), "utf-8")

    def read(self, entry: Path) -> Mapping[str, Any]:
        """Take over an entry; the details for the endpoint."""
        if (entry / "made").is_dir():
            shutil.copytree(entry / "made", self._place)
        shutil.copyfile(entry / "log", self._log)
        return _moved(json.loads((entry / "job.json").read_text("utf-8")), lambda path: str(self._place / path))


def _explained(results: Sequence[Path]) -> bool:
    """Whether failed tests are the reason for the exit code."""
    try:
        return any(one.outcome == "failed" for one in read_cases(results))
    except StartError:
        # Cut off in the middle, perhaps; the exit code says more.
        return False


def _moved(details: Mapping[str, Any], move: Callable[[str], str]) -> Mapping[str, Any]:
    outputs = {name: move(path) for name, path in details["outputs"].items()}
    return {**details, "outputs": outputs, "results": [move(path) for path in details["results"]]}
