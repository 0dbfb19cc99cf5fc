"""`wincontainers doctor`: whether an engine and its machine are set up for the plugin."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_wincontainers.cli.suite import has_suite

if TYPE_CHECKING:
    from pytest_wincontainers.doctor.facts import Fact, Suite
    from pytest_wincontainers.doctor.finding import Finding
    from pytest_wincontainers.engines.base import Engine
    from pytest_wincontainers.settings import Settings

_FAILED = 1


@click.command()
@click.option("--engine", metavar="URL", help="The engine, in the form of DOCKER_HOST (default: as in a test run).")
@click.option("--image", "images", multiple=True, metavar="REF", help="Check this image against the engine's machine.")
@click.option(
    "--port",
    "ports",
    multiple=True,
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="Check that this port of the engine's machine can be published.",
)
@click.option("--winrm", metavar="HOST", help="The engine's machine, to be asked over WinRM (default: none).")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 300),
    default=1.5,
    show_default=True,
    metavar="SECONDS",
    help="How long the engine may take for an answer.",
)
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object.")
@click.option("-v", "--verbose", is_flag=True, help="Show the source of every check.")
def doctor(
    engine: str | None,
    images: tuple[str, ...],
    ports: tuple[int, ...],
    winrm: str | None,
    timeout: float,
    *,
    as_object: bool,
    verbose: bool,
) -> int:
    """Check whether the engine and its machine are set up for the plugin.

    Asks the engine, this machine where it runs Windows, and with --winrm the engine's machine; nothing is changed. The
    images and ports that the suite's conftest.py declares are checked, too. Each problem is shown with its remedy.
    Exits with 1 if a check failed. Settings come from pytest's configuration and the environment, such as
    WINCONTAINERS_WINRM_USER.
    """
    from pytest_wincontainers.doctor.examination import examine
    from pytest_wincontainers.doctor.facts import Missing, WinRm
    from pytest_wincontainers.doctor.gathering import address_of, gather, host_for
    from pytest_wincontainers.doctor.report import outcome
    from pytest_wincontainers.engines.registry import docker_address, make_engine
    from pytest_wincontainers.errors import DeclarationError
    from pytest_wincontainers.session.project import settings_of

    try:
        settings = settings_of(Path.cwd(), engine=engine, winrm=winrm)
    except DeclarationError as problem:
        raise click.UsageError(str(problem)) from None
    address = address_of(settings)
    host = host_for(settings, address)
    made = make_engine(docker_address(settings.engine, settings.insecure_engine))
    try:
        suite = partial(_suite, made, settings, timeout)
        facts = gather(made, host, address, images=images, ports=ports, suite=suite, seconds=timeout)
        findings = examine(facts)
        _show(address, findings, as_object=as_object, verbose=verbose)
    finally:
        made.close()
        if not isinstance(host, (Missing, WinRm)):
            host.close()
    return _FAILED if outcome(findings) == "failed" else 0


def _suite(engine: Engine, settings: Settings, seconds: float) -> Fact[Suite]:
    """What the suite declares that this directory is of."""
    from pytest_wincontainers.doctor.facts import Missing, Suite

    if not has_suite():
        return Suite()
    from pytest_wincontainers.errors import EngineError
    from pytest_wincontainers.limits import OutOfTime, within
    from pytest_wincontainers.session.images import known_images
    from pytest_wincontainers.session.up import UpSession

    session = UpSession((), "plan", verbose=False)
    session.run()
    if session.unread:
        return Missing(session.unread)
    ports = [port for one in session.declarations for port in one.service.options.get("publish", {}).values()]
    try:
        return Suite(within(seconds, lambda: known_images(session.declarations, engine, settings)), ports)
    except (EngineError, OutOfTime):
        return Missing("the engine does not tell which of the suite's images it has")


def _show(address: str, findings: Sequence[Finding], *, as_object: bool, verbose: bool) -> None:
    from pytest_wincontainers.doctor.report import COLOURS, WIDTH, as_json, lines, summary

    if as_object:
        click.echo(json.dumps(as_json(address, findings), indent=2))
        return
    for line in lines(findings, verbose=verbose):
        state = line.state.ljust(WIDTH)
        click.echo(f"{click.style(state, fg=COLOURS[line.state]) if line.state else state}  {line.text}")
    click.echo(summary(findings))
