"""What stays of a session's containers, and what it takes of an earlier one's."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping

import pytest

from pytest_wincontainers.engines.base import EngineAddress
from pytest_wincontainers.engines.registry import docker_address
from pytest_wincontainers.errors import StartError
from pytest_wincontainers.run.ending import Stay
from pytest_wincontainers.run.places import state_folder
from pytest_wincontainers.run.stack import Stack, Stacks, TakenStack, project_of
from pytest_wincontainers.settings import Settings


class SessionStacks:
    """The stacks of one suite. Raises pytest.UsageError where the engine is one that other processes cannot reach."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.settings = settings
        """The settings of the run. Beside one that uses the project's containers, it is as one without reuse."""
        self._project = project_of(config.rootpath)
        self._engine = _address(config, settings)
        self._stacks = Stacks(state_folder(settings.state))
        self.taken: TakenStack | None = None
        """The containers of an earlier run that this session uses."""

    def take(self, *, up: bool) -> TakenStack | None:
        """Take one that nobody else uses, if the settings say so.

        With `up`, raises StartError if somebody uses one: a person does not mean to start others beside it.
        """
        if not self.settings.reuse:
            return None
        self.taken = self._stacks.take_for(self._project, self._engine)
        for stack in self._stacks.of(self._project, self._engine) if up and self.taken is None else ():
            if self._stacks.in_use(stack):
                raise StartError(
                    f"run {stack.run} is using the containers of this project",
                    hint="wait until it has ended; `wincontainers ps` shows what it uses",
                )
        if self.taken is None and not up and self._stacks.of(self._project, self._engine):
            self.settings = self.settings.with_values(reuse=False)
        return self.taken

    def stay(self, declared: Iterable[str], *, failed: bool, up: bool) -> Stay | None:
        """Whether this session's containers stay, and for how long."""
        if up:
            why = "up"
        elif self.taken is not None:
            why = self.taken.stack.why
        elif self.settings.keep == "always" or (self.settings.keep == "failed" and failed):
            why = "keep"
        # Others that use a stack at the same time each have one of their own; one is enough to be left.
        elif self.settings.reuse and not self._stacks.of(self._project, self._engine):
            why = "reuse"
        else:
            return None
        keep = self.settings.keep
        for_a_look = keep == "always" or (keep == "failed" and failed)
        seconds = self.settings.keep_hours * 3600
        return Stay(seconds, why, self._project, self._engine, frozenset(declared), failed_too=for_a_look)


def _address(config: pytest.Config, settings: Settings) -> EngineAddress:
    brought = config.hook.pytest_wincontainers_engine(config=config)
    if brought is None:
        return docker_address(settings.engine, settings.insecure_engine)
    if brought.address is None:
        raise pytest.UsageError(
            "containers of this engine cannot stay after a run, because no other process can reach it\n"
            "hint: omit --wincontainers-keep and --wincontainers-reuse"
        )
    address: EngineAddress = brought.address
    return address


def describe(stack: Stack, names: Mapping[str, object]) -> Iterator[str]:
    """What a person is told of a stack that stays. `names` are the containers to tell of."""
    until = time.strftime("%Y-%m-%d %H:%M", time.localtime(stack.until))
    yield f"containers stay until {until} (run {stack.run}):"
    for name, one in stack.containers.items():
        if name in names:
            ports = ", ".join(f"{inside} at {one.info.host}:{outside}" for inside, outside in one.info.ports.items())
            state = "" if one.ready else " (not ready)"
            yield f"  {name}: {one.info.container_name}{state}{', port ' if ports else ''}{ports}"
    down = f"wincontainers down --run {stack.run}" if stack.why == "keep" else "wincontainers down"
    yield f"see `wincontainers ps --passwords`, `logs NAME`, `exec NAME COMMAND`; `{down}` removes them"
