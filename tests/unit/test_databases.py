"""The prepared state: names, definitions, and what counters say. What a server makes of it is in tests/engine."""

import pytest

from pytest_wincontainers.databases.counters import _FORGETTING, _STATEMENTS, CounterReading, TableCounters, is_counted
from pytest_wincontainers.databases.definitions import _in_charset
from pytest_wincontainers.databases.schema import Column, Definition, quoted
from pytest_wincontainers.databases.transactions import _name, locks_in


def test_names_are_quoted():
    assert quoted("shop", "we`ird") == "`shop`.`we``ird`"


def test_a_definition_survives_its_text_and_another_schema():
    made = Definition("CREATE VIEW `shop`.`v` AS SELECT `shop`.`t`.`id` FROM `shop`.`t`", "ANSI", "utf8mb4", number=3)
    assert Definition.from_json(made.to_json()) == made
    assert made.renamed("view", "shop", "shop_gw0", {"v", "t"}).sql == (
        "CREATE VIEW `shop_gw0`.`v` AS SELECT `shop_gw0`.`t`.`id` FROM `shop_gw0`.`t`"
    )
    assert made.renamed("view", "sho", "x", {"v", "t"}) == made
    assert Definition("CREATE DATABASE `shop`").renamed("schema", "shop", "x", ()).sql == "CREATE DATABASE `x`"


@pytest.mark.parametrize(
    ("sql", "renamed"),
    [
        ("INSERT INTO shop.orders VALUES (1)", "INSERT INTO `new`.orders VALUES (1)"),
        ("CALL Shop . `fill`(1)", "CALL `new` . `fill`(1)"),
        ("SELECT shop.t.id, shop.id FROM shop.t shop", "SELECT `new`.t.id, shop.id FROM `new`.t shop"),
        ("SELECT 'shop.t', \"it''s shop.t\", `shop.t`, x.shop, @shop.t, workshop.t", None),
        ("SELECT 1 -- shop.t\n + 'a\\'shop.t' # shop.t\n /* shop.t */ FROM other.t", None),
        ("SELECT 1 /*! FROM shop.t */ + 1", "SELECT 1 /*! FROM `new`.t */ + 1"),
        ("SELECT 'it''s' FROM shop.t", "SELECT 'it''s' FROM `new`.t"),
        ("SELECT * FROM shop.unknown", None),
        ("CREATE DEFINER=`a`@`%` VIEW `shop`.`t` AS SELECT 1", "CREATE DEFINER=`a`@`%` VIEW `new`.`t` AS SELECT 1"),
    ],
)
def test_names_in_full_get_the_schema_of_the_copy(sql, renamed):
    made = Definition(sql).renamed("procedure", "shop", "new", {"Orders", "fill", "t"})
    assert made.sql == (sql if renamed is None else renamed)


def test_what_a_double_quote_means_depends_on_the_mode():
    sql = 'SELECT "shop"."t"."id" FROM "shop".t'
    assert Definition(sql).renamed("view", "shop", "new", {"t"}).sql == sql
    ansi = Definition(sql, "ANSI_QUOTES,STRICT_ALL_TABLES").renamed("view", "shop", "new", {"t"})
    assert ansi.sql == 'SELECT `new`."t"."id" FROM `new`.t'


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("int", "NOT (t.`c` <=> s.`c`)"),
        ("varchar", "NOT (CAST(t.`c` AS BINARY) <=> CAST(s.`c` AS BINARY))"),
        ("double", "NOT (CAST(t.`c` AS BINARY) <=> CAST(s.`c` AS BINARY))"),
        ("float", "NOT (CAST(CAST(t.`c` AS DOUBLE) AS BINARY) <=> CAST(CAST(s.`c` AS DOUBLE) AS BINARY))"),
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
    first = CounterReading({"a/b": TableCounters(1, 2, 3)}, statements=5, forgetting=1, life="a", trusted=True)
    assert CounterReading({}, 5, 1, "a", trusted=True).same_schema(first)
    assert not CounterReading({}, 6, 1, "a", trusted=True).same_schema(first)
    assert CounterReading({}, 6, 1, "a", trusted=True).knows_tables(first)
    assert not CounterReading({}, 6, 2, "a", trusted=True).knows_tables(first)
    # A server that was started again counts anew.
    assert not CounterReading({}, 5, 1, "b", trusted=True).same_schema(first)
    assert not CounterReading({}, 5, 1, "b", trusted=True).knows_tables(first)
    # Others were in the middle of something.
    assert not CounterReading({}, 5, 1, "a").same_schema(first)
    assert not first.knows_tables(CounterReading({}, 5, 1, "a"))
    assert not first.same_schema(CounterReading())
    # The server was free to set them back.
    assert CounterReading({}, 5, 1, "a", trusted=True, steady=False).same_schema(first)
    assert not CounterReading({}, 5, 1, "a", trusted=True, steady=False).knows_tables(first)


@pytest.mark.parametrize(
    ("options", "counted"),
    [
        ("STATS_PERSISTENT=1 STATS_AUTO_RECALC=0", True),
        ("STATS_PERSISTENT=0", False),
        ("STATS_AUTO_RECALC=1", False),
        ("STATS_SAMPLE_PAGES=2", True),
    ],
)
def test_whether_counters_show_each_change(options, counted):
    assert is_counted(f"CREATE TABLE `t` (\n  `id` int(11)\n) ENGINE=InnoDB {options}") == counted


@pytest.mark.parametrize(
    ("charset", "sent"),
    [
        ("latin1", "SELECT 'Käse'".encode("cp1252")),
        ("cp850", "SELECT 'Käse'".encode("cp850")),
        ("utf8mb3", "SELECT 'Käse'".encode()),
        ("ascii", "SELECT 'Käse'"),
        ("unheard of", "SELECT 'Käse'"),
        ("", "SELECT 'Käse'"),
    ],
)
def test_a_definition_is_sent_in_the_charset_that_it_was_made_in(charset, sent):
    assert _in_charset("SELECT 'Käse'", charset) == sent


REPORT = """
LIST OF TRANSACTIONS FOR EACH SESSION:
---TRANSACTION (0x7f3d10975780), not started
MariaDB thread id 3, OS thread handle 131104069027520, query id 101 172.23.0.1 root
0 lock struct(s), heap size 1128, 0 row lock(s)
---TRANSACTION 71, ACTIVE 0 sec
2 lock struct(s), heap size 1128, 1 row lock(s)
MariaDB thread id 31, OS thread handle 131104069027520, query id 101 172.23.0.1 root
TABLE LOCK table `shop`.`orders` trx id 71 lock mode IX
RECORD LOCKS space id 7 page no 3 n bits 320 index PRIMARY of table `shop`.`orders` trx id 71 lock_mode X
TABLE LOCK table `we``ird`.`x` trx id 71 lock mode IS
---TRANSACTION 72, ACTIVE (PREPARED) 0 sec recovered trx
2 lock struct(s), heap size 1128, 1 row lock(s), undo log entries 1
---TRANSACTION 70, ACTIVE 3 sec
MySQL thread id 30, OS thread handle 131104069641920, query id 98 172.23.0.1 root
--------
FILE I/O
"""


def test_who_has_locked_what():
    assert dict(locks_in(REPORT)) == {31: {"shop", "we`ird"}, 30: set()}


@pytest.mark.parametrize(("data", "length"), [(b"one\x00b", 3), ("0x6f6e650062", 3), ("0x6F6E650062", 3)])
def test_the_name_of_a_prepared_transaction(data, length):
    assert _name(7, length, 2, data) == "X'6f6e65',X'0062',7"
