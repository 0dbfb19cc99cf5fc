"""The text of conftest.py and of the first test file."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import PurePosixPath
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wincontainers.scaffold import code, writing
from pytest_wincontainers.scaffold.project import (
    Compose,
    ComposeEntry,
    Database,
    Migrations,
    Project,
    Setting,
    WebSite,
)

HOSTILE = [
    "Käse & Brot",
    "it's",
    'say "x"',
    "both ' and \"",
    "back\\slash",
    "new\nline",
    "{brace}",
    "#{Token}",
    "x" * 90,
]

shop = Project(
    "shop",
    databases=(Database("database", "shop", Migrations(PurePosixPath("db/migrations"))),),
    sites=(WebSite("shop", PurePosixPath("build/shop"), 8080, "/Default.aspx", ("Web.Docker.config",)),),
    settings=(Setting("connection_strings", "Shop", "database"),),
    browser="browser",
)


def test_one_of_each():
    assert (
        writing.conftest(shop)
        == '''\
"""The containers of the tests."""

from pytest_wincontainers import (
    Site,
    iis_container,
    mysql_container,
    selenium_container,
)


@mysql_container(database="shop", migrations="db/migrations")
def database():
    """MySQL with the schema."""


@iis_container(
    Site(
        "shop",
        path="build/shop",
        port=8080,
        transforms=["Web.Docker.config"],
        health="/Default.aspx",
    ),
)
def web(database):
    """The site, with the connection string of the database."""
    return {"connection_strings": {"Shop": database.connection_string}}


@selenium_container(browser="chrome")
def browser(web):
    """Chrome, on the same network as the site."""
'''
    )
    assert (
        writing.tests(shop)
        == """\
from urllib.request import urlopen

from selenium.webdriver.common.by import By


def test_the_database_answers(database):
    assert database.execute("SELECT 1") == [(1,)]


def test_the_site_answers(web):
    with urlopen(web.url + "/Default.aspx", timeout=60) as answer:
        assert answer.status == 200


def test_the_browser_shows_the_page(browser, web):
    with browser.driver() as driver:
        driver.get(web.inside.url + "/Default.aspx")
        assert driver.find_element(By.TAG_NAME, "body").text
"""
    )


def test_a_compose_file():
    files = (PurePosixPath("compose.yaml"),)
    services = (
        ComposeEntry("my-db", "my_db", "mysql", Migrations(PurePosixPath("db"), "schema.sql")),
        ComposeEntry("job", "job", "job"),
        ComposeEntry("api", "api"),
    )
    project = Project("x", compose=Compose(files, services))
    assert (
        writing.conftest(project)
        == '''\
"""The containers of the tests."""

from pytest_wincontainers import compose_services, mysql_container

services = compose_services(
    "compose.yaml",
    kinds={"my-db": mysql_container(migrations="db", migrations_pattern="schema.sql")},
)
'''
    )
    assert (
        writing.tests(project)
        == """\
def test_my_db_answers(my_db):
    assert my_db.execute("SELECT 1") == [(1,)]


def test_job_succeeds(job):
    assert job.exit_code == 0


def test_api_runs(api):
    assert api.state().running
"""
    )


def test_a_compose_file_whose_services_are_not_known():
    project = Project("x", compose=Compose((PurePosixPath("compose.yaml"),)))
    assert 'compose_services("compose.yaml")' in writing.conftest(project)
    assert writing.tests(project) == (
        "# Give a test the name of a service as a parameter, and it gets that container.\n"
    )


def test_nothing_becomes_an_example():
    assert '@mysql_container(database="test")' in writing.conftest(Project("x"))
    assert "def test_the_database_answers(database):" in writing.tests(Project("x"))


# -- hostile names --------------------------------------------------------------------------------------------------

text = st.text(st.characters(codec="utf-8"), max_size=100) | st.sampled_from(HOSTILE)
paths = text.filter(lambda one: one.strip("./") and "\0" not in one).map(PurePosixPath)
migrations = st.none() | st.builds(Migrations, paths, st.none() | text)


@st.composite
def projects(draw):
    services = tuple(
        ComposeEntry(name, f"service_{place}", kind, draw(migrations))
        for place, (name, kind) in enumerate(
            draw(
                st.lists(
                    st.tuples(text, st.sampled_from(["container", "job", "mysql"])),
                    max_size=3,
                    unique_by=lambda x: x[0],
                )
            )
        )
    )
    databases = tuple(
        Database(f"database_{place}", name, draw(migrations))
        for place, name in enumerate(draw(st.lists(text, max_size=2)))
    )
    fixtures = [one.fixture for one in databases] or ["database_0"]
    settings = st.builds(
        Setting, st.sampled_from(["connection_strings", "app_settings"]), text, st.sampled_from(fixtures), text, text
    )
    sites = st.builds(WebSite, text, paths, st.integers(1, 65535), text, st.just(()) | st.tuples(text))
    return Project(
        "x",
        compose=draw(st.none() | st.builds(Compose, st.lists(paths, min_size=1, max_size=2).map(tuple), st.just(services))),
        databases=databases,
        sites=tuple(draw(st.lists(sites, min_size=1, max_size=3))),
        settings=tuple(draw(st.lists(settings, max_size=3, unique_by=lambda one: (one.kind, one.name)))) if databases else (),
        browser=draw(st.sampled_from([None, "browser"])),
    )  # fmt: skip


def declared(source):
    """What the declarations of a conftest.py are given."""
    sites, made = [], {}

    def kind(name):
        def decorator(*values, **options):
            def take(function):
                made[function.__name__] = (name, values, options, function)

            return take

        return decorator

    names = {name: kind(name) for name in ("iis_container", "mysql_container", "selenium_container")}
    names["Site"] = lambda *values, **options: sites.append((*values, options))
    names["compose_services"] = lambda *values, **options: None
    body = [one for one in ast.parse(source).body if not isinstance(one, ast.ImportFrom)]
    exec(compile(ast.Module(body, []), "conftest.py", "exec"), names)
    return sites, made


@given(projects())
def test_every_name_arrives_as_it_was(project):
    sites, made = declared(writing.conftest(project))
    compile(writing.tests(project), "test_containers.py", "exec")
    assert [(name, options["path"], options["port"]) for name, options in sites] == [
        (one.name, str(one.path), one.port) for one in project.sites
    ]
    for one in project.databases:
        options = made[one.fixture][2]
        assert options["database"] == one.database
        assert options.get("migrations") == (str(one.migrations.folder) if one.migrations else None)
    function = made["web"][3]
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    returned = function(*(SimpleNamespace(connection_string=f"<{name}>") for name in names)) or {}
    for one in project.settings:
        assert returned[one.kind][one.name] == f"{one.before}<{one.database}>{one.after}"


@given(text)
def test_a_string_literal(value):
    assert ast.literal_eval(code.quoted(value)) == value


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed")
@pytest.mark.parametrize("name", [*HOSTILE, "a" * 30, "a" * 45, "a" * 60])
@pytest.mark.parametrize("width", ["88", "120"])
def test_it_is_formatted(tmp_path, name, width):
    path = PurePosixPath(name)
    project = Project(
        "x",
        compose=Compose(
            (path, path), (ComposeEntry(name, "one", "mysql", Migrations(path)), ComposeEntry("b", "b", "mysql"))
        ),
        databases=(Database("database", name, Migrations(path, name)), Database("other_database", "b")),
        sites=(WebSite(name, path, 80, "/" + "p" * 40, (name,)), WebSite("b", path, 8080)),
        settings=(
            Setting("connection_strings", name, "database", "Driver={x};", f";{name}"),
            Setting("app_settings", "b", "other_database"),
        ),
        browser="browser",
    )
    one_site = Project("x", sites=project.sites[:1], browser="browser")
    for place, one in enumerate([project, one_site, Project("x"), shop]):
        (tmp_path / f"conftest_{place}.py").write_text(writing.conftest(one), "utf-8")
        (tmp_path / f"test_{place}.py").write_text(writing.tests(one), "utf-8")
    for arguments in (["format", "--diff"], ["check", "--select=E,F,I,Q,COM818,UP", "--ignore=E501"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--isolated", f"--line-length={width}", "."],
            cwd=tmp_path, capture_output=True, encoding="utf-8",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_is_a_suite():
    """What its comments show is Python, too."""
    lines = writing.conftest(Project("x")).splitlines()
    shown = [line[2:] for line in lines if line.startswith("#")]
    assert ast.parse("\n".join(shown[shown.index('@iis_container(Site("shop", path="build/shop", port=8080))') :]))
