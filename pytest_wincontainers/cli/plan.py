"""`wincontainers plan`: what a suite declares, and what becomes of the services of compose files."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_wincontainers.cli.suite import has_suite, in_project
from pytest_wincontainers.errors import DeclarationError

_WRONG = 2


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option("--service", "services", multiple=True, metavar="NAME", help="Only this service and what it depends on.")
@click.option("--profile", "profiles", multiple=True, metavar="NAME", help="Services with this profile, too.")
@click.option(
    "--env-file", "env_files", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help="Instead of .env."
)
@click.option(
    "--project-directory",
    type=click.Path(path_type=Path),
    metavar="DIRECTORY",
    help="The directory that relative paths are below.",
)
@in_project
def plan(
    files: tuple[Path, ...],
    services: tuple[str, ...],
    profiles: tuple[str, ...],
    env_files: tuple[Path, ...],
    project_directory: Path | None,
) -> int:
    """Show which containers a suite declares, or what becomes of compose files.

    Without FILES, shows what the suite's conftest.py declares: images, names on the network, ports and needs. FILES are
    compose files, of which later ones override earlier ones, or a directory; then it shows what compose_services()
    makes of them, what has no effect, and everything that is wrong, each with its file and line. Without a conftest.py
    it takes the compose files of this directory. Exits with 2 if anything is wrong.
    """
    of_compose = any([files, services, profiles, env_files, project_directory])
    if not of_compose and _is_of_suite():
        return _plan_of_suite()
    from pytest_wincontainers.compose import load

    try:
        found = load(
            files or [Path()],
            services=services or None,
            profiles=profiles,
            env_files=env_files or None,
            project_directory=project_directory,
        )
        for line in (*found.describe(), *(f"note: {one}" for one in found.notes)):
            click.echo(line)
        found.check()
    except (DeclarationError, OSError) as problem:
        click.echo(f"wincontainers: {problem}", err=True)
        return _WRONG
    return 0


def _is_of_suite() -> bool:
    from pytest_wincontainers.compose.project import NAMES

    here = Path.cwd()
    return (here / "conftest.py").is_file() or (has_suite() and not any((here / name).is_file() for name in NAMES))


def _plan_of_suite() -> int:
    from pytest_wincontainers.plan import make_plan
    from pytest_wincontainers.session.up import UpSession

    session = UpSession((), "plan", verbose=False)
    status = session.run()
    try:
        made = make_plan(session.declarations, [one.name for one in session.declarations], "RUN", lambda: "***")
        for line in made.describe():
            click.echo(line)
    except DeclarationError as problem:
        session.problems.append(str(problem))
    for one in session.problems:
        click.echo(f"wincontainers: {one}", err=True)
    return _WRONG if session.unread or session.problems else status
