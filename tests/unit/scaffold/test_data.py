"""The databases of a project, and the services of its compose file."""

from pathlib import PurePosixPath

import pytest

from pytest_wincontainers.scaffold.project import ComposeEntry, Database, Migrations, Setting
from pytest_wincontainers.scaffold.services import Services
from tests.unit.scaffold.trees import MYSQL, SHOP, checked, config, found


def test_a_database_with_its_migrations():
    project = found({"site/web.config": SHOP, "site/index.html": "", "db/migrations/1_a.sql": "", "more/1.sql": ""})
    assert project.databases == (Database("database", "shop", Migrations(PurePosixPath("db/migrations"))),)
    assert project.settings == (Setting("connection_strings", "Shop", "database"),)
    assert any("is the first of 2: " in one.reason for one in project.guesses)
    assert checked(project, "more is not used")


def test_several_databases_have_the_migrations_with_their_names():
    content = config(*(MYSQL.format(name=one, database=one) for one in ("Shop", "My-Members", "log")))
    project = found(
        {
            "site/web.config": content,
            "site/index.html": "",
            "db/1.sql": "",
            "db/my_members/V1__a.sql": "",
            "shop/schema.sql": "",
        }
    )
    assert project.databases == (
        Database("shop_database", "Shop", Migrations(PurePosixPath("shop"), "schema.sql")),
        Database("my_members_database", "My-Members", Migrations(PurePosixPath("db/my_members"))),
        Database("log_database", "log"),
    )


def test_app_settings_and_section_files():
    files = {
        "site/web.config": '<c><connectionStrings configSource="Config\\Conn.config"/><appSettings>'
        '<add key="Db" value="Server=h;Port=3306;Database=shop;Uid=a"/><add key="Title" value="Server"/></appSettings></c>',
        "site/config/conn.config": f"<connectionStrings>{MYSQL.format(name='Shop', database='SHOP')}</connectionStrings>",
        "site/index.html": "",
    }
    project = found(files)
    assert [one.database for one in project.databases] == ["SHOP"]
    assert [(one.kind, one.name, one.database) for one in project.settings] == [
        ("connection_strings", "Shop", "database"),
        ("app_settings", "Db", "database"),
    ]


@pytest.mark.parametrize(
    ("source", "says"),
    [("..\\..\\x.config", "outside"), ("C:\\x", "outside"), ("x.config", "is missing"), ("b.config", "is no XML")],
)
def test_section_files_that_cannot_be_read(source, says):
    content = f'<c><connectionStrings configSource="{source}"/></c>'
    assert checked(found({"s/web.config": content, "s/index.html": "", "s/b.config": "<a"}), says)


def test_a_name_that_no_server_takes_is_told():
    for name in ("mysql", "x" * 40):
        project = found({"s/web.config": config(MYSQL.format(name="A", database=name)), "s/index.html": ""})
        assert (project.databases, project.settings) == ((), ())
        assert checked(project, "the connection string A in s/web.config stays as it is: ")


def test_sql_beside_another_kind_of_database_is_not_used():
    content = config('<add name="A" connectionString="Server=.;Initial Catalog=a;Integrated Security=True"/>')
    project = found({"s/web.config": content, "s/index.html": "", "migrations/1.sql": ""})
    assert project.databases == ()
    assert checked(project, "it is not for MySQL")


def test_migrations_alone():
    assert found({"db/V1__a.sql": ""}).databases == (Database("database", "test", Migrations(PurePosixPath("db"))),)


# -- compose files --------------------------------------------------------------------------------------------------


def loader(*entries, **options):
    return lambda files: Services(tuple(entries), **options)


def test_a_compose_file_with_its_override():
    files = dict.fromkeys(["compose.override.yml", "compose.yaml", "docker-compose.yml", "deep/compose.yaml"], "")
    project = found(files, load=loader(ComposeEntry("a-b", "a_b")))
    assert [str(path) for path in project.compose.files] == ["compose.yaml", "compose.override.yml"]
    assert checked(project, "deep/compose.yaml is not used")


def test_the_database_of_a_compose_file_is_used():
    files = {"compose.yaml": "", "s/web.config": SHOP, "s/index.html": "", "db/1.sql": ""}
    project = found(files, load=loader(ComposeEntry("Web", "Web"), ComposeEntry("my-db", "my_db", "mysql")))
    assert project.databases == ()
    assert project.compose.services[1].migrations == Migrations(PurePosixPath("db"))
    assert project.settings == (Setting("connection_strings", "Shop", "my_db"),)
    assert project.web == "site"


def test_what_a_service_runs_by_itself_is_not_run_again():
    files = {"compose.yaml": "", "db/init/1.sql": "", "db/schema.sql": ""}
    for initial in ("db", "db/init"):
        services = loader(ComposeEntry("db", "db", "mysql"), initial=frozenset({PurePosixPath(initial)}))
        project = found(files, load=services)
        assert ("schema", "db/init") in [(one.subject, one.value) for one in project.guesses]
        left = None if initial == "db" else Migrations(PurePosixPath("db"), "schema.sql")
        assert project.compose.services[0].migrations == left


def test_a_site_that_a_compose_file_builds_is_left_to_it():
    files = {"compose.yaml": "", "s/web.config": SHOP, "s/index.html": ""}
    project = found(files, load=loader(ComposeEntry("s", "s"), built=frozenset({PurePosixPath("s")})))
    assert project.sites == ()
    assert any("its service serves it" in one.reason for one in project.guesses)


def test_a_compose_file_that_is_refused_is_told():
    project = found({"compose.yaml": ""}, load=loader(problem="x"))
    assert project.compose is None
    assert checked(project, "wincontainers plan compose.yaml")


def test_a_compose_file_without_pyyaml():
    project = found({"compose.yaml": ""}, packages=())
    assert project.compose.services == ()
    assert checked(project, 'pip install "pytest-wincontainers[compose]"')
