"""From what was found to the text of conftest.py and of a first test file."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_wincontainers.scaffold.code import (
    WIDTH,
    Brackets,
    Expression,
    around,
    call,
    laid_out,
    mapping,
    named,
    quoted,
    sequence,
)
from pytest_wincontainers.scaffold.project import Compose, Database, Migrations, Project, Setting, WebSite

_EXAMPLE = '''\
"""The containers of the tests: an example, as no site and no database was found."""

from pytest_wincontainers import mysql_container


# Each declaration is a fixture; a test that has it as a parameter gets the container's
# endpoint. Add migrations="directory" to have a schema.
@mysql_container(database="test")
def database():
    """MySQL with an empty database."""


# A site is the directory of a built ASP.NET application, with its web.config:
#
# @iis_container(Site("shop", path="build/shop", port=8080))
# def web(database):
#     """The site, with the database's connection string in its web.config."""
#     return {"connection_strings": {"Shop": database.connection_string}}
#
#
# @selenium_container(browser="chrome")
# def browser(web):
#     """Chrome, on the same network as the site."""
'''
_EXAMPLE_TESTS = """\
def test_the_database_answers(database):
    assert database.execute("SELECT 1") == [(1,)]
"""


def conftest(project: Project) -> str:
    """The text of conftest.py."""
    if project.empty:
        return _EXAMPLE
    head = ['"""The containers of the tests."""', laid_out(_import(project))]
    if project.compose is not None:
        head.append(laid_out(_compose(project.compose)))
    return "\n\n\n".join(["\n\n".join(head), *_declarations(project)]) + "\n"


def tests(project: Project) -> str:
    """The text of the first test file: a test for each tier."""
    if project.empty:
        return _EXAMPLE_TESTS
    written = list(_tests(project))
    if not written:
        return "# Give a test the name of a service as a parameter, and it gets that container.\n"
    standard = ["from urllib.request import urlopen"] if project.sites else []
    others = ["import pytest"] if len(project.sites) > 1 else []
    if project.browser:
        others.append("from selenium.webdriver.common.by import By")
    imports = "\n\n".join("\n".join(group) for group in (standard, others) if group)
    return "\n\n\n".join([*([imports] if imports else []), *written]) + "\n"


# -- conftest.py ------------------------------------------------------------------------------------------------------


def _import(project: Project) -> Expression:
    compose = project.compose
    wanted = {
        "Site": project.sites,
        "compose_services": compose,
        "iis_container": project.sites,
        "mysql_container": project.databases or (compose and any(one.kind == "mysql" for one in compose.services)),
        "selenium_container": project.browser,
    }
    names = [name for name, used in wanted.items() if used]
    line = f"from pytest_wincontainers import {', '.join(names)}"
    return line if len(line) <= WIDTH else Brackets("from pytest_wincontainers import (", names, ")")


def _compose(compose: Compose) -> Expression:
    files = [quoted(str(path)) for path in compose.files]
    arguments = [files[0] if len(files) == 1 else sequence(*files)]
    databases = [one for one in compose.services if one.kind == "mysql"]
    if databases:
        kinds = [(one.name, call("mysql_container", *_migrations(one.migrations))) for one in databases]
        arguments.append(named("kinds", mapping(*kinds)))
    return call("services = compose_services", *arguments)


def _migrations(migrations: Migrations | None) -> Iterator[str]:
    if migrations is not None:
        yield f"migrations={quoted(str(migrations.folder))}"
        if migrations.pattern is not None:
            yield f"migrations_pattern={quoted(migrations.pattern)}"


def _declarations(project: Project) -> Iterator[str]:
    for database in project.databases:
        yield _database(database)
    if project.sites:
        yield _web(project)
    if project.browser:
        yield _declared(
            call("@selenium_container", 'browser="chrome"'),
            f"def {project.browser}({project.web}):",
            "Chrome, on the same network as the site.",
        )


def _declared(decorator: Expression, definition: str, text: str, *body: str) -> str:
    return "\n".join([laid_out(decorator), definition, f'    """{text}"""', *body])


def _database(database: Database) -> str:
    return _declared(
        call("@mysql_container", f"database={quoted(database.database)}", *_migrations(database.migrations)),
        f"def {database.fixture}():",
        "MySQL with the schema." if database.migrations else "MySQL with an empty database.",
    )


def _web(project: Project) -> str:
    parameters = ", ".join(dict.fromkeys(one.database for one in project.settings))
    text = "The site" if len(project.sites) == 1 else "The sites"
    if project.settings:
        text += ", with the connection string" + ("s of the databases" if "," in parameters else " of the database")
    returned = [laid_out(_returned(project.settings), 4)] if project.settings else []
    return _declared(
        call("@iis_container", *map(_site, project.sites)), f"def {project.web}({parameters}):", f"{text}.", *returned
    )


def _site(site: WebSite) -> Expression:
    arguments: list[Expression] = [quoted(site.name), f"path={quoted(str(site.path))}", f"port={site.port}"]
    if site.transforms:
        arguments.append(named("transforms", sequence(*map(quoted, site.transforms))))
    if site.page != "/":
        arguments.append(f"health={quoted(site.page)}")
    return call("Site", *arguments)


def _returned(settings: tuple[Setting, ...]) -> Expression:
    kinds: dict[str, list[tuple[str, str]]] = {}
    for one in settings:
        value = around(one.before, f"{one.database}.connection_string", one.after)
        kinds.setdefault(one.kind, []).append((one.name, value))
    return named("return", mapping(*((kind, mapping(*items)) for kind, items in kinds.items())), " ")


# -- the first tests --------------------------------------------------------------------------------------------------


def _tests(project: Project) -> Iterator[str]:
    for one in project.compose.services if project.compose else ():
        if one.kind == "mysql":
            yield _answers(one.fixture, one.fixture)
        elif one.kind == "job":
            yield f"def test_{one.fixture}_succeeds({one.fixture}):\n    assert {one.fixture}.exit_code == 0"
        else:
            yield f"def test_{one.fixture}_runs({one.fixture}):\n    assert {one.fixture}.state().running"
    for database in project.databases:
        yield _answers(f"the_{database.fixture}", database.fixture)
    if project.sites:
        yield _site_test(project) if len(project.sites) == 1 else _sites_test(project)
    if project.browser:
        yield _browser_test(project)


def _answers(name: str, fixture: str) -> str:
    return f'def test_{name}_answers({fixture}):\n    assert {fixture}.execute("SELECT 1") == [(1,)]'


def _site_test(project: Project) -> str:
    page = f"{project.web}.url + {quoted(project.sites[0].page)}"
    lines = [
        f"def test_the_site_answers({project.web}):",
        laid_out(Brackets("with urlopen(", [page, "timeout=60"], ") as answer:"), 4),
        "        assert answer.status == 200",
    ]
    return "\n".join(lines)


def _sites_test(project: Project) -> str:
    cases = [Brackets("(", [quoted(one.name), quoted(one.page)], ")") for one in project.sites]
    lines = [
        laid_out(call("@pytest.mark.parametrize", '("site", "page")', sequence(*cases))),
        f"def test_a_site_answers({project.web}, site, page):",
        f"    with urlopen({project.web}.site(site).url + page, timeout=60) as answer:",
        "        assert answer.status == 200",
    ]
    return "\n".join(lines)


def _browser_test(project: Project) -> str:
    page = f"{project.web}.inside.url + {quoted(project.sites[0].page)}"
    lines = [
        f"def test_the_browser_shows_the_page({project.browser}, {project.web}):",
        f"    with {project.browser}.driver() as driver:",
        laid_out(call("driver.get", page), 8),
        '        assert driver.find_element(By.TAG_NAME, "body").text',
    ]
    return "\n".join(lines)
