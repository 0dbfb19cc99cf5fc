"""`wincontainers init`: the first conftest.py of a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_wincontainers.errors import DeclarationError

if TYPE_CHECKING:
    from pytest_wincontainers.scaffold.project import Project

_TEST_FILE = "test_containers.py"


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), default=".", metavar="[DIRECTORY]")
@click.option("--stdout", "--dry-run", "shown", is_flag=True, help="Print the files instead of writing them.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the declarations to FILE instead of conftest.py, and no tests.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON, and write nothing.")
def init(directory: Path, output: Path | None, *, shown: bool, as_json: bool) -> int | None:
    """Write the first conftest.py of a project, and a first test file.

    Looks in DIRECTORY (default: the current one) for solutions, ASP.NET applications and their web.config, migrations,
    compose files and tests with Selenium, and declares what it finds. Prints what was guessed, why, and what to check.
    Nothing is overwritten.
    """
    from pytest_wincontainers.scaffold import writing

    if sum([shown, output is not None, as_json]) > 1:
        raise click.UsageError("--stdout, --output and --json exclude each other")
    project = _found(directory)
    if as_json:
        from pytest_wincontainers.scaffold.report import as_json as json_of

        click.echo(json_of(project))
        return None
    declarations, tests = writing.conftest(project), writing.tests(project)
    test_file = directory / project.tests / _TEST_FILE
    if shown:
        click.echo(f"# conftest.py\n{declarations}\n\n# {project.tests / _TEST_FILE}\n{tests}", nl=False)
        _explain(project, err=True)
        return None
    target = output or directory / "conftest.py"
    if target.exists():
        if output is None:
            click.echo(declarations, nl=False)
        raise DeclarationError(
            f"{target} exists and is not overwritten" + ("; above is what would be added to it" if not output else ""),
            hint="add it there, or write it to another file with --output",
        )
    _write(target, declarations)
    click.echo(f"wrote {target}")
    if output is None:
        if test_file.exists():
            click.echo(f"kept {test_file}, which exists")
        else:
            test_file.parent.mkdir(parents=True, exist_ok=True)
            _write(test_file, tests)
            click.echo(f"wrote {test_file}")
    _explain(project, err=False)
    if output is not None and output.resolve().parent != directory.resolve():
        click.echo(f"- the paths in {output} are relative to {directory}: move it there, or change them")
    click.echo("\nrun the tests: pytest -p wincontainers")
    return None


def _found(directory: Path) -> Project:
    from importlib.util import find_spec

    from pytest_wincontainers.scaffold.finding import find
    from pytest_wincontainers.scaffold.services import loader
    from pytest_wincontainers.scaffold.tree import read_tree

    if not directory.is_dir():
        raise DeclarationError(f"{directory} is not a directory", hint="name the directory of the project")
    packages = {name for name in ("lxml", "selenium", "yaml") if find_spec(name) is not None}
    return find(read_tree(directory), loader(directory) if "yaml" in packages else None, packages)


def _explain(project: Project, *, err: bool) -> None:
    from pytest_wincontainers.scaffold.report import explained

    for line in explained(project):
        click.echo(line, err=err)


def _write(path: Path, text: str) -> None:
    # "x": whatever has come to be there meanwhile is kept.
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
