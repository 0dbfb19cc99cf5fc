"""Whether a container of an earlier run is used again, and what a later run needs to know to decide that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from importlib.metadata import version
from typing import Any

from pytest_wincontainers.endpoints import ContainerInfo
from pytest_wincontainers.engines.base import ContainerSpec, Image
from pytest_wincontainers.errors import EngineError
from pytest_wincontainers.packing import digest
from pytest_wincontainers.plan import PlannedContainer
from pytest_wincontainers.run.container.comparison import NotComparable, described
from pytest_wincontainers.run.context import RunContext
from pytest_wincontainers.run.keeping import key_of
from pytest_wincontainers.run.stack import KeptContainer
from pytest_wincontainers.services import ReuseSupport
from pytest_wincontainers.services.recipe import Recipe

# What decides when it is ready, not what it then is.
_NO_PARTS = frozenset({"ready", "timeout", "starts_after_ready"})
_OF_THE_RUN = frozenset({"labels", "environment", "image"})


@dataclass(frozen=True)
class Earlier:
    """A container of an earlier run; `restores`: its prepared state is to be restored."""

    container: KeptContainer
    restores: bool


class Reuse:
    """What is known of one container of a run in this respect."""

    def __init__(
        self,
        context: RunContext,
        planned: PlannedContainer,
        earlier: Earlier | None,
        remove: Callable[[str], None],
    ) -> None:
        self._context = context
        self._planned = planned
        self._remove = remove
        self._kept = earlier.container if earlier is not None else None
        self.earlier = earlier.container.info.container_id if earlier is not None else ""
        """The id of the earlier run's container."""
        self.restores = earlier is not None and earlier.restores
        self.parts: Mapping[str, str] = {}
        """By what the container is made of, a hash; empty where nobody can tell."""

    def look(self, image: Image, spec: ContainerSpec, recipe: Recipe) -> None:
        """Find out what the container of this run is made of."""
        if self._context.stays:
            self.parts = parts_of(self._planned, image, spec, recipe)

    def adopt(self) -> str:
        """The id of the earlier run's container if it can be used; otherwise "", and then it is removed.

        Says why in the notes. Raises EngineError.
        """
        kept = self._kept
        if kept is None:
            return ""
        differs = self._differs(kept)
        if not differs:
            return kept.info.container_id
        self.give_up(differs)
        return ""

    @property
    def outdated(self) -> bool:
        """Whether the earlier run's container may know others by old addresses."""
        return self._kept is not None and self._kept.outdated

    @property
    def untouched(self) -> KeptContainer | None:
        """The earlier run's container, as long as nothing speaks against it."""
        return replace(self._kept, outdated=True) if self._kept is not None else None

    def kept(self, info: ContainerInfo, endpoint: Callable[[], Any], *, ready: bool) -> KeptContainer:
        """What a later run, or a person, needs to know of the container."""
        access: Mapping[str, str] = {}
        if ready:
            # The code may be somebody else's, and raise whatever it likes.
            with suppress(Exception):
                access = self._planned.service.access(endpoint())
            machine = self._context.info.host
            fixed = self._context.fixed_ports(self._planned)
            access = {**access, **{f"published {inside}": f"{machine}:{port}" for inside, port in fixed.items()}}
        parts = self.parts if ready else {}
        return KeptContainer(
            self._planned.service.kind, info, parts, access, self._planned.declaration.name, ready=ready
        )

    def give_up(self, why: str) -> None:
        """Remove the earlier run's container, and say why in the notes. Raises EngineError."""
        if self._kept is not None:
            self.disown(why)
            self._remove(self.earlier)

    def disown(self, why: str) -> None:
        """The earlier run's container is about to be removed; say why in the notes."""
        self._kept = None
        if why:
            self._context.board.note(f"{self._planned.name} was started anew: {why}")

    def _differs(self, kept: KeptContainer) -> str:
        if not kept.ready:
            return "it was not ready"
        if not self.parts or not kept.parts:
            return "what it was made of cannot be compared"
        names = dict.fromkeys([*kept.parts, *self.parts])
        changed = [name for name in names if kept.parts.get(name) != self.parts.get(name)]
        if changed:
            several = len(changed) > 1 or changed[0].endswith("s")
            return f"its {' and its '.join(changed)} {'have' if several else 'has'} changed"
        if kept.info.workers != self._planned.workers:
            return "the run has other pytest-xdist workers"
        try:
            state = self._context.engine.state(kept.info.container_id)
        except EngineError:
            return "somebody had removed it"
        if state.paused:
            return "somebody had paused it"
        return "" if state.running else "it had ended"


def parts_of(planned: PlannedContainer, image: Image, spec: ContainerSpec, recipe: Recipe) -> Mapping[str, str]:
    """What a container is made of: by its name for people, a hash. Empty if its preparation cannot be compared.

    Raises OSError if a file cannot be read.
    """
    try:
        return _parts_of(planned, image, spec, recipe)
    except NotComparable:
        return {}


def _parts_of(planned: PlannedContainer, image: Image, spec: ContainerSpec, recipe: Recipe) -> Mapping[str, str]:
    service = planned.service
    declared = {one.name: getattr(service, one.name) for one in fields(service)}
    declared["options"] = {name: value for name, value in service.options.items() if name not in _NO_PARTS}
    created = {name: value for name, value in vars(spec).items() if name not in _OF_THE_RUN}
    found = {
        "image": image.id,
        "declaration": key_of(version("pytest-wincontainers"), described(declared), described(created)),
        "environment": key_of(described(recipe.environment)),
        "files": digest(recipe.copied),
    }
    if isinstance(service, ReuseSupport):
        prepared = service.reuse_parts(planned.declaration.base, recipe.environment)
        if prepared is None:
            return {}
        found[service.reuse_title] = key_of(prepared)
    return found
