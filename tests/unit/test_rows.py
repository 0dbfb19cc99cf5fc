"""Rows that are restored by their keys."""

import pymysql
import pytest

from pytest_wincontainers.databases.rows import _AT_ONCE, restore_some
from pytest_wincontainers.databases.schema import Column, Table, _unquoted

ONE = Table((Column("id", "int"), Column("v", "int", 1)), ("id",), "InnoDB")
TWO = Table((Column("id", "int"), Column("day", "date", 1), Column("v", "int", 2)), ("day", "id"), "InnoDB")


class Cursor:
    """Keeps the statements; an INSERT fails with a code, where one is given."""

    def __init__(self, code=None):
        self.code = code
        self.done = []

    def execute(self, statement):
        self.done.append(statement)
        if self.code and statement.startswith("INSERT"):
            raise pymysql.IntegrityError(self.code, "no")


def test_all_go_before_the_first_comes():
    cursor = Cursor()
    assert restore_some(cursor, "t", "s", ONE, [(str(number),) for number in range(_AT_ONCE + 1)])
    assert [statement.split()[0] for statement in cursor.done] == ["DELETE", "DELETE", "INSERT", "INSERT"]


def test_each_row_is_told_by_all_of_its_key():
    """And none beside it, whose key is alike in one column."""
    cursor = Cursor()
    restore_some(cursor, "t", "s", ONE, [("1",), ("2",)])
    assert cursor.done[0] == "DELETE FROM t WHERE `id` IN (1, 2)"
    cursor = Cursor()
    restore_some(cursor, "t", "s", TWO, [("'2020-01-02'", "1"), ("'2020-01-03'", "2")])
    condition = "(`day` = '2020-01-02' AND `id` = 1) OR (`day` = '2020-01-03' AND `id` = 2)"
    assert cursor.done == [
        f"DELETE FROM t WHERE {condition}",
        f"INSERT INTO t (`id`, `day`, `v`) SELECT `id`, `day`, `v` FROM s WHERE {condition}",
    ]


def test_a_value_that_another_row_has_wants_the_whole_table():
    assert not restore_some(Cursor(1062), "t", "s", ONE, [("1",)])
    with pytest.raises(pymysql.IntegrityError):
        restore_some(Cursor(1451), "t", "s", ONE, [("1",)])


@pytest.mark.parametrize(
    ("written", "name"), [("t", "t"), ("`t`", "t"), ("`we``ird`", "we`ird"), ('"we""ird"', 'we"ird'), ("", "")]
)
def test_a_name_without_its_quotes(written, name):
    assert _unquoted(written) == name
