"""Checks for what the engine would refuse, before anything starts."""

from __future__ import annotations

from pathlib import Path

from pytest_wincontainers.engines.base import Engine, EngineInfo, Image, Mount
from pytest_wincontainers.errors import DeclarationError, WincontainersError
from pytest_wincontainers.guests import RULES
from pytest_wincontainers.guests.builds import Isolation, Unfit, choose_isolation
from pytest_wincontainers.guests.windows import is_pipe
from pytest_wincontainers.plan import Plan, PlannedContainer, at
from pytest_wincontainers.services.recipe import image_of


def check(plan: Plan, engine: Engine, info: EngineInfo, isolation: Isolation | None) -> None:
    """Raise DeclarationError for the first thing in the plan that this engine cannot do.

    An image that the engine does not have is looked at when it does.
    """
    for planned in plan.containers:
        declaration = planned.declaration
        try:
            declaration.check_engine(info)
            for mount in planned.service.options.get("mounts", ()):
                _check_mount(mount, declaration.base, info)
            image = image_of(planned.service, declaration.base, info)
            known = engine.image(image) if isinstance(image, str) else None
            if known is not None:
                isolation_of(planned, known, info, isolation)
        except DeclarationError as problem:
            raise at(declaration, problem) from None
        except WincontainersError:
            raise
        except Exception as problem:
            raised = DeclarationError(f"{type(problem).__name__}: {problem}", hint="its service raised this")
            raise at(declaration, raised) from problem


def _check_mount(mount: Mount, base: Path, info: EngineInfo) -> None:
    problem = RULES[info.guest].mount_problem(on_engine(base, mount.source), mount.target, near=info.near)
    if problem:
        raise DeclarationError(
            f"the engine runs {RULES[info.guest].title} containers and would refuse a mount: {problem}",
            hint="use Mount(source, target) with a directory of the engine's machine and its path in the container",
        )


def on_engine(base: Path, source: str | Path) -> str:
    """A mount's source as the engine is told it: relative ones are resolved against the declaring file's folder."""
    # What is absolute in whatever way stays as it was written; it may be meant for another kind of machine.
    foreign = is_pipe(str(source)) or str(source)[1:2] == ":" or str(source).startswith("/")
    return str(source) if foreign else str((base / source).resolve())


def isolation_of(
    planned: PlannedContainer, image: Image, info: EngineInfo, isolation: Isolation | None
) -> Isolation | None:
    """The isolation to ask for. Raises DeclarationError where the engine cannot run the image."""
    if image.guest != info.guest:
        raise DeclarationError(
            f"the image of {planned.name} is for {RULES[image.guest].title}, but the engine runs "
            f"{RULES[info.guest].title} containers",
            hint=f"use an image for {RULES[info.guest].title}, or select another engine with DOCKER_HOST",
        )
    if info.windows is None:
        return None
    try:
        return choose_isolation(info.windows, image.windows, planned.service.options.get("isolation") or isolation)
    except Unfit as unfit:
        problem, hint = unfit.args
        raise DeclarationError(f"{planned.name} cannot be started: {problem}", hint=hint) from None
