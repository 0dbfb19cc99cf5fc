"""Which directories have migrations."""

import pytest

from pytest_wincontainers.scaffold.scripts import scripts_of
from tests.unit.scaffold.trees import tree


def found(files):
    scripts = scripts_of(tree(dict.fromkeys(files, "SELECT 1;") if not isinstance(files, dict) else files))
    return [(str(one.migrations.folder), one.migrations.pattern) for one in scripts.candidates]


@pytest.mark.parametrize(
    ("files", "folder", "pattern"),
    [
        (["sql/V1__a.sql", "sql/R__b.sql", "sql/U1__a.sql"], "sql", None),
        (["db/000001_a.up.sql", "db/000001_a.down.sql"], "db", None),
        (["db/1_a.sql", "db/10_b.sql"], "db", None),
        (["db/20240101120000-a.SQL"], "db", None),
        (["db/migrations/first.sql"], "db/migrations", None),
        (["Migrations/2023/1.sql", "Migrations/2024/2.sql"], "Migrations", "**/*.sql"),
        (["db/migration/V1__a.sql", "db/migration/views/R__b.sql"], "db/migration", "**/*.sql"),
        (["db/schema.sql", "db/seeds.sql"], "db", "schema.sql"),
        (["1.sql"], ".", None),
    ],
)
def test_one_directory(files, folder, pattern):
    assert found(files) == [(folder, pattern)]


def test_of_several_the_rule_decides():
    files = ["schema.sql", "a/1.sql", "deep/migrations/1.sql", "b/1.sql", "z/V1__a.sql", "y/1_a.up.sql"]
    assert [one for one, _ in found(files)] == ["z", "y", "deep/migrations", "a", "b", "."]


def test_goose_is_known_by_its_annotations():
    assert scripts_of(tree({"db/a.sql": "-- +goose Up\nSELECT 1;"})).candidates[0].title == "has 1 SQL file for goose"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"db/1.sql": "SELECT 1\nGO\n"}, "1.sql is for SQL Server"),
        ({"db/1.sql": "CREATE TABLE [dbo].[a] (b INT)"}, "1.sql is for SQL Server"),
        ({"db/1.sql": "-- migrate:up\nSELECT 1;"}, "migrations of dbmate"),
        ({"db/1.sql": "-- +migrate Up\nSELECT 1;"}, "migrations of sql-migrate"),
        ({"db/V1__a.sql": "", "db/other.sql": ""}, "does not follow Flyway's naming"),
        ({"db/V1__a.sql": "", "db/V1__b.sql": ""}, "two migrations have the same version 1"),
    ],
)
def test_what_the_plugin_does_not_run_is_told(files, says):
    scripts = scripts_of(tree(files))
    assert scripts.candidates == []
    assert says in scripts.notes[0]


def test_other_sql_is_passed_over():
    scripts = scripts_of(tree({"queries/orders.sql": "", "queries/report.sql": ""}))
    assert (scripts.candidates, scripts.notes) == ([], [])


@pytest.mark.parametrize("content", [None, b"\xff\xfe\0", b"\n" * 1_000_000, b" " * 1_000_000, b"--" * 500_000])
def test_hostile_content_takes_no_time(content):
    assert found({"db/1.sql": content}) == [("db", None)]
