"""What compose files say, by the rules of `compose_services`."""

from dataclasses import replace
from pathlib import PurePosixPath
from types import ModuleType

import pytest

from pytest_wincontainers.scaffold.project import Compose, ComposeEntry, Migrations, Project
from pytest_wincontainers.scaffold.services import loader
from pytest_wincontainers.scaffold.writing import conftest
from pytest_wincontainers.services.declaration import declarations_in

pytest.importorskip("yaml")
FILE = PurePosixPath("compose.yaml")


def load(folder, text):
    (folder / "compose.yaml").write_text(text, encoding="utf-8")
    return loader(folder)([FILE])


def test_services_and_their_kinds(tmp_path):
    (tmp_path / "src" / "Web").mkdir(parents=True)
    (tmp_path / "src" / "Web" / "Dockerfile").write_text("FROM x\n", encoding="utf-8")
    found = load(
        tmp_path,
        """
services:
  my-db: {image: "docker.io/library/mysql:8.4", environment: {MYSQL_PASSWORD: a, MYSQL_ROOT_PASSWORD: b}}
  admin: {image: phpmyadmin/mysql-admin, depends_on: {seed: {condition: service_completed_successfully}}}
  seed: {image: seed}
  web:
    build: {context: src, dockerfile: Web/Dockerfile}
""",
    )
    assert found.entries == (
        ComposeEntry("my-db", "my_db", "mysql"),
        ComposeEntry("admin", "admin"),
        ComposeEntry("seed", "seed", "job"),
        ComposeEntry("web", "web"),
    )
    assert found.built == {PurePosixPath("src"), PurePosixPath("src/Web")}
    assert not found.problem


def test_what_a_database_runs_by_itself(tmp_path):
    (tmp_path / "init").mkdir()
    (tmp_path / "one.sql").write_text("", encoding="utf-8")
    found = load(
        tmp_path,
        """
services:
  db:
    image: mysql
    volumes:
      - ./init:/docker-entrypoint-initdb.d
      - ./one.sql:/docker-entrypoint-initdb.d/one.sql:ro
""",
    )
    assert found.initial == {PurePosixPath("init"), PurePosixPath("one.sql")}


def test_what_is_written_of_it_declares_a_database(tmp_path):
    """As pytest would, with the plugin's own decorators."""
    found = load(tmp_path, "services: {my-db: {image: mysql:8.4, environment: {MYSQL_DATABASE: shop}}}")
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "1.sql").write_text("SELECT 1;", encoding="utf-8")
    (entry,) = found.entries
    entry = replace(entry, migrations=Migrations(PurePosixPath("db")))
    module = ModuleType("conftest")
    exec(
        compile(conftest(Project("x", compose=Compose((FILE,), (entry,)))), str(tmp_path / "conftest.py"), "exec"),
        vars(module),
    )
    (declaration,) = declarations_in([module])
    assert (declaration.name, declaration.service.kind, declaration.service.database) == ("my_db", "mysql", "shop")
    declaration.service.check(declaration.base)


@pytest.mark.parametrize("image", ["mariadb", "mysql/mysql-server:8.0", "reg.test:5000/percona@sha256:" + "a" * 64])
def test_images_with_mysql(tmp_path, image):
    assert load(tmp_path, f"services: {{db: {{image: '{image}'}}}}").entries[0].kind == "mysql"


def test_a_database_whose_password_is_not_known_is_a_service_as_any_other(tmp_path):
    found = load(tmp_path, "services: {db: {image: mysql, environment: {MYSQL_PASSWORD_FILE: /a}}}")
    assert found.entries == (ComposeEntry("db", "db"),)
    assert "PASSWORD" in found.databases_problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "services:",
        "services: {a: {image: x, profiles: [y]}}",
        "services: [",
        "services: {a: {imgae: x}}",
        "services: {a: {image: x, privileged: true}}",
    ],
)
def test_what_is_wrong_is_told_in_a_line(tmp_path, text):
    found = load(tmp_path, text)
    assert found.entries == ()
    assert found.problem
    assert "\n" not in found.problem
