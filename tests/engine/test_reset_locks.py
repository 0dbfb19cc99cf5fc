"""What a test has left open when the prepared state is restored: transactions, prepared ones (XA), and locks."""

import time

import pymysql
import pytest

from pytest_wincontainers.databases.prepared import PreparedState
from pytest_wincontainers.errors import PreparationError
from tests.kit.database import Server

# They share a server.
pytestmark = [pytest.mark.linux_guest, pytest.mark.xdist_group("locks")]


@pytest.fixture(scope="module")
def server(real_client):
    made = Server(real_client)
    made.execute(
        "CREATE TABLE plain (id INT PRIMARY KEY, v INT)",
        "INSERT INTO plain VALUES (1, 1), (2, 2)",
        "CREATE DATABASE t_gw0",
        "CREATE DATABASE other",
        "CREATE TABLE other.notes (id INT PRIMARY KEY)",
    )
    keeper = PreparedState(lambda: made.connect(database=None), "wincontainers")
    keeper.keep(lambda _: None)
    yield made
    made.remove()


@pytest.fixture(params=["all", "copy"])
def prepared(server, request):
    """The state of all databases, and that of one worker's copy."""
    copied = ("t", "t_gw0") if request.param == "copy" else None
    made = PreparedState(lambda: server.connect(database="information_schema"), "wincontainers", copied)
    if copied:
        made.make_copy([])
    made.reset()
    made.schema = "t_gw0" if copied else "t"
    return made


@pytest.mark.parametrize("default", [None, "other", "mysql"])
def test_a_transaction_of_a_connection_that_has_no_or_another_default_database(server, prepared, default):
    with server.connect(database=default) as holder, holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"UPDATE {prepared.schema}.plain SET v = 7 WHERE id = 1")
        server.execute(f"DELETE FROM {prepared.schema}.plain WHERE id = 2")
        prepared.reset()
        with pytest.raises(pymysql.Error):
            cursor.execute("SELECT 1")
    assert server.execute(f"SELECT * FROM {prepared.schema}.plain") == [(1, 1), (2, 2)]


def test_a_neighbours_transaction_goes_on(server):
    copy = PreparedState(lambda: server.connect(database="information_schema"), "wincontainers", ("t", "t_gw0"))
    copy.make_copy([])
    with server.connect(database=None) as holder, holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE t.plain SET v = 7 WHERE id = 1")
        copy.reset()
        cursor.execute("ROLLBACK")


def prepare(connection, schema, name):
    """Have it prepare a change, so that it holds a lock until somebody says what becomes of it."""
    with connection.cursor() as cursor:
        cursor.execute(f"XA START {name}")
        cursor.execute(f"UPDATE {schema}.plain SET v = 7 WHERE id = 1")
        cursor.execute(f"XA END {name}")
        cursor.execute(f"XA PREPARE {name}")


@pytest.mark.parametrize("closed", [True, False])
def test_a_prepared_transaction(server, closed):
    prepared = PreparedState(lambda: server.connect(database="information_schema"), "wincontainers")
    prepared.reset()
    holder = server.connect(database=None)
    prepare(holder, "t", "'it''s', X'00ff', 7")
    if closed:
        holder.close()
        time.sleep(0.2)
    prepared.reset()
    if not closed:
        holder.close()
    assert server.execute("XA RECOVER") == []
    server.execute("UPDATE plain SET v = 8 WHERE id = 1")
    prepared.reset()
    assert server.execute("SELECT * FROM plain") == [(1, 1), (2, 2)]


def test_a_prepared_transaction_of_a_worker(server):
    """Only the log tells whose it is."""
    first, second = (
        PreparedState(lambda: server.connect(database="information_schema"), "wincontainers", ("t", f"t_gw{number}"))
        for number in range(2)
    )
    for copy in (first, second):
        copy.make_copy([])
        copy.reset()
    for number in range(2):
        with server.connect(database=None) as holder:
            prepare(holder, f"t_gw{number}", f"'of {number}'")
    time.sleep(0.2)
    first.reset()
    assert [row[3] for row in server.execute("XA RECOVER")] == [b"of 1"]
    server.execute("UPDATE t_gw0.plain SET v = 8 WHERE id = 1")
    first.reset()
    second.reset()
    assert server.execute("XA RECOVER") == []
    for number in range(2):
        assert server.execute(f"SELECT * FROM t_gw{number}.plain") == [(1, 1), (2, 2)]
    server.execute("DROP DATABASE t_gw1")


def test_a_lock_of_a_connection_without_a_database_is_listed(server, prepared):
    with server.connect(database=None) as holder, holder.cursor() as cursor:
        server.execute(f"DELETE FROM {prepared.schema}.plain")
        cursor.execute(f"LOCK TABLES {prepared.schema}.plain READ")
        with pytest.raises(PreparationError, match="still locked") as caught:
            prepared.reset()
        assert f"{holder.thread_id()}: root from" in caught.value.details
        assert "in no database" in caught.value.details
    prepared.reset()
    assert server.execute(f"SELECT COUNT(*) FROM {prepared.schema}.plain") == [(2,)]
