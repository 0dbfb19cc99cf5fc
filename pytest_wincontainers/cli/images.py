"""`wincontainers images`: the images that this package has made on an engine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_wincontainers.cli.output import out, table
from pytest_wincontainers.cli.suite import in_project
from pytest_wincontainers.errors import EngineError

if TYPE_CHECKING:
    from pytest_wincontainers.engines.base import Engine, ListedImage

_OURS = "wincontainers/"
_engine_option = click.option("--engine", metavar="URL", help="The engine, in the form of DOCKER_HOST.")


@click.group()
def images() -> None:
    """Build, list and remove images.

    These are the images of services and of build=, and snapshots of prepared databases.
    """


@images.command("list")
@_engine_option
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def list_(engine: str | None, *, as_json: bool) -> None:
    """List the images and snapshots that were made on the engine."""
    with _connected(engine) as connected:
        found = list(_made(connected))
    if as_json:
        names = ("kind", "image", "id", "created")
        out(json.dumps([dict(zip(names, (kind, *one), strict=True)) for kind, one in _values(found)], indent=2))
        return
    rows = [
        [
            one.reference or f"(no name) {one.id[:19]}",
            kind,
            time.strftime("%Y-%m-%d %H:%M", time.localtime(one.created)),
        ]
        for kind, one in found
    ]
    for line in table(["IMAGE", "KIND", "CREATED"], rows):
        out(line)


@images.command()
@_engine_option
@click.option("-a", "--all", "every", is_flag=True, help="Also the images, not only snapshots and what has no name.")
def prune(engine: str | None, *, every: bool) -> int:
    """Remove snapshots.

    The next run makes those anew that it needs. What a container uses stays.
    """
    status = 0
    with _connected(engine) as connected:
        for kind, one in _made(connected):
            if not every and kind == "image" and one.reference:
                continue
            name = one.reference or one.id
            try:
                connected.remove_image(name)
                out(f"removed {name}")
            except EngineError as problem:
                click.echo(f"wincontainers: {name} was not removed: {problem.details or problem.message}", err=True)
                status = 1
    return status


@images.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@in_project
def build(names: tuple[str, ...]) -> int:
    """Build or pull the images of a suite's containers, without starting any.

    For a machine that runs tests: the first run is then as fast as the others.
    """
    from pytest_wincontainers.session.up import UpSession

    session = UpSession(names, "images", verbose=False, say=_Progress())
    status = session.run()
    for line in session.notes:
        out(line)
    for problem in session.problems:
        click.echo(f"wincontainers: {problem}", err=True)
    return status


class _Progress:
    """Shows each step once, as a build tells the same again and again."""

    def __init__(self) -> None:
        self._told = ""

    def __call__(self, text: str) -> None:
        # With bytes and layers it is another text each time.
        step = ":".join(text.split(":")[:3]).split(",")[0]
        if step != self._told:
            self._told = step
            click.echo(step, err=True)


def _values(found: Sequence[tuple[str, ListedImage]]) -> Iterator[tuple[str, tuple[str, str, float]]]:
    for kind, one in found:
        yield kind, (one.reference, one.id, one.created)


def _made(engine: Engine) -> Iterator[tuple[str, ListedImage]]:
    """The images, the newest first, each with its kind."""
    from pytest_wincontainers.run.container.snapshots import LABEL as SNAPSHOT
    from pytest_wincontainers.run.images import LABEL as IMAGE

    snapshots = {one.id for one in engine.images(SNAPSHOT)}
    found = {(one.id, one.reference): one for label in (IMAGE, SNAPSHOT) for one in engine.images(label)}
    for one in sorted(found.values(), key=lambda one: one.created, reverse=True):
        # Another name was given by a person, to an image of ours or to one that is built on it.
        if not one.reference or one.reference.startswith(_OURS):
            yield ("snapshot" if one.id in snapshots else "image"), one


@contextmanager
def _connected(url: str | None) -> Iterator[Engine]:
    from pytest_wincontainers.engines.registry import docker_address, make_engine
    from pytest_wincontainers.session.project import settings_of

    settings = settings_of(Path.cwd(), engine=url)
    with closing(make_engine(docker_address(settings.engine, settings.insecure_engine))) as engine:
        engine.info()
        yield engine
