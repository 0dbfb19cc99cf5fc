"""The prepared state: names, definitions, and what counters say. What a server makes of it is in tests/engine."""

import pytest

from pytest_wincontainers.databases.schema import Column, Definition, quoted
from pytest_wincontainers.databases.watch import _FORGETTING, _STATEMENTS, Counts, Seen


def test_names_are_quoted():
    assert quoted("shop", "we`ird") == "`shop`.`we``ird`"


def test_a_definition_survives_its_text_and_another_schema():
    made = Definition("CREATE VIEW `shop`.`v` AS SELECT `shop`.`t`.`id` FROM `shop`.`t`", "ANSI", "utf8mb4", number=3)
    assert Definition.from_json(made.to_json()) == made
    assert made.renamed("view", "shop", "shop_gw0").sql == (
        "CREATE VIEW `shop_gw0`.`v` AS SELECT `shop_gw0`.`t`.`id` FROM `shop_gw0`.`t`"
    )
    assert made.renamed("view", "sho", "x") == made
    assert Definition("CREATE DATABASE `shop`").renamed("schema", "shop", "x").sql == "CREATE DATABASE `x`"


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("int", "NOT (t.`c` <=> s.`c`)"),
        ("varchar", "NOT (CAST(t.`c` AS BINARY) <=> CAST(s.`c` AS BINARY))"),
        ("double", "NOT (CAST(t.`c` AS BINARY) <=> CAST(s.`c` AS BINARY))"),
        ("json", "NOT (CAST(t.`c` AS BINARY) <=> CAST(s.`c` AS BINARY))"),
    ],
)
def test_values_differ_in_any_way_at_all(kind, condition):
    assert Column("c", kind).differs("t", "s") == condition


@pytest.mark.parametrize(
    ("name", "definition", "forgets"),
    [
        ("Com_alter_table", True, True),
        ("Com_create_index", True, True),
        ("Com_analyze", True, True),
        ("Com_create_view", True, False),
        ("Com_drop_procedure", True, False),
        ("Com_truncate", True, False),
        ("Com_rename_table", True, False),
        ("Com_create_user", False, False),
        ("Com_insert", False, False),
        ("Com_select", False, False),
        ("Com_stmt_execute", False, False),
    ],
)
def test_which_statements_matter(name, definition, forgets):
    assert bool(_STATEMENTS.fullmatch(name)) == definition
    assert bool(_FORGETTING.fullmatch(name)) == forgets


def test_what_two_looks_tell():
    first = Seen({"a/b": Counts(1, 2, 3)}, statements=5, forgetting=1, started=100.0)
    assert Seen({}, 5, 1, 101.0).same_schema(first)
    assert not Seen({}, 6, 1, 100.0).same_schema(first)
    assert Seen({}, 6, 1, 100.0).knows_tables(first)
    assert not Seen({}, 6, 2, 100.0).knows_tables(first)
    # A server that was started again counts anew.
    assert not Seen({}, 5, 1, 120.0).same_schema(first)
    assert not Seen({}, 5, 1, 120.0).knows_tables(first)
    assert not first.same_schema(Seen())
