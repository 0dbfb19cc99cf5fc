"""Declarations of MySQL: the ways in, and what a snapshot depends on."""

import pytest

from pytest_wincontainers import Mount, command
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.mysql import MySql


@pytest.fixture
def base(tmp_path):
    (tmp_path / "sql" / "a").mkdir(parents=True)
    (tmp_path / "sql" / "b").mkdir()
    (tmp_path / "sql" / "a" / "1.sql").write_text("SELECT 1;")
    return tmp_path


def parts(base, environment=(), common=None, **options):
    options.setdefault("migrations", "sql")
    made = MySql(common or Options(), migrations_pattern="**/*.sql", **options)
    return made.snapshot_parts(base, dict(environment))


def test_names_in_urls_are_quoted():
    face = MySql(Options(), database="shop 1", user="a@b").face(
        "db", {3306: 3306}, {"password": "p", "root_password": "r"}
    )
    assert face.url == "mysql+pymysql://a%40b:p@db:3306/shop%201?charset=utf8mb4"


def test_a_snapshot_is_of_all_that_was_declared(base):
    known = {parts(base), parts(base, database="other"), parts(base, user="other"), parts(base, reset="call")}
    known |= {parts(base, {"TZ": "UTC"}), parts(base, common=Options(mounts=(Mount("x", "/etc/x"),)))}
    known |= {
        parts(base, migrations=command("x", inputs=["sql"])),
        parts(base, migrations=command("y", inputs=["sql"])),
    }
    assert len(known) == 8
    assert parts(base) in known


def test_a_snapshot_is_of_each_files_place_and_content(base):
    first = parts(base)
    (base / "sql" / "a" / "1.sql").rename(base / "sql" / "b" / "1.sql")
    second = parts(base)
    (base / "sql" / "b" / "1.sql").write_text("SELECT 2;")
    assert len({first, second, parts(base)}) == 3


@pytest.mark.parametrize(
    "options", [{"migrations": None}, {"migrations": command("x")}, {"common": Options(image="mysql:8.4")}]
)
def test_no_snapshot(base, options):
    assert parts(base, **options) is None
