"""The prepared state on a server by itself: changes made at random, and what breaks in the middle."""

import contextlib
import threading
import time
import unittest.mock
from collections import Counter

import pymysql
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pytest_wincontainers.databases.ledger import StatementLedger
from pytest_wincontainers.databases.prepared import PreparedState
from pytest_wincontainers.migrations.split import split
from tests.engine.test_reset import SHOP
from tests.kit.database import Server
from tests.kit.mutations import MORE, MUTATIONS
from tests.kit.soak import amount
from tests.kit.waiting import wait_for

# Of which each is two or three statements that work.
EXAMPLES = amount(80, 4_000)

# They share a server.
pytestmark = [pytest.mark.linux_guest, pytest.mark.xdist_group("prepared")]


@pytest.fixture(scope="module")
def server(real_client):
    made = Server(real_client)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def prepared(server):
    server.execute("DROP DATABASE t", "CREATE DATABASE shop", database=None)
    server.execute(*(one.text for one in split(SHOP + MORE)), database="shop")
    # As a tool on a western Windows machine makes them.
    server.execute(
        "CREATE TRIGGER western BEFORE UPDATE ON orders FOR EACH ROW SET NEW.note = CONCAT(NEW.note, 'ä')",
        "CREATE TRIGGER western_too BEFORE INSERT ON orders FOR EACH ROW SET NEW.note = CONCAT(NEW.note, 'ö')",
        "CREATE PROCEDURE western() INSERT INTO log (what) VALUES ('Käse')",
        "CREATE VIEW western AS SELECT 'Käse' AS cheese",
        database="shop",
        charset="latin1",
    )
    made = PreparedState(lambda: server.connect(database=None), "wincontainers")
    made.keep(lambda _: None)
    made.reset()
    return made


def state(server):
    """Checksums and rows of every table, what comes next, and every definition."""
    found = {}
    with server.connect(database=None) as connection, connection.cursor() as cursor:

        def all_of(statement, *values):
            cursor.execute(statement, values)
            return cursor.fetchall()

        left_out = "'information_schema', 'mysql', 'performance_schema', 'sys', 'wincontainers'"
        schemas = [
            name
            for (name,) in all_of(
                f"SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ({left_out})"
            )
        ]
        for schema in sorted(schemas):
            found[schema] = all_of(f"SHOW CREATE DATABASE `{schema}`")
            for name, kind in all_of(f"SHOW FULL TABLES FROM `{schema}`"):
                quoted = f"`{schema}`.`{name.replace('`', '``')}`"
                found[quoted] = all_of(f"SHOW CREATE TABLE {quoted}")[0][1]
                if kind == "BASE TABLE":
                    # The one knows all of a FLOAT, the other where each value ends.
                    # What a table with a history remembers, is not restored.
                    if "remembered" not in name:
                        found[quoted, "checksum"] = all_of(f"CHECKSUM TABLE {quoted} EXTENDED")[0][1]
                    found[quoted, "rows"] = sorted(map(repr, all_of(f"SELECT * FROM {quoted}")))
                if kind == "SEQUENCE":
                    found[quoted] = all_of(f"SHOW CREATE SEQUENCE {quoted}")[0][1]
                    found[quoted, "next"] = all_of(f"SELECT NEXTVAL({quoted})")
        for view, columns in (
            ("ROUTINES", "ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_TYPE, ROUTINE_DEFINITION, SQL_MODE, DEFINER"),
            (
                "TRIGGERS",
                "TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_STATEMENT, ACTION_TIMING, ACTION_ORDER",
            ),
            ("EVENTS", "EVENT_SCHEMA, EVENT_NAME, EVENT_DEFINITION, STARTS, STATUS, TIME_ZONE, INTERVAL_VALUE"),
        ):
            found[view] = sorted(map(repr, all_of(f"SELECT {columns} FROM information_schema.{view}")))
    return found


@pytest.mark.soak
def test_generated_changes(server, prepared):
    before = state(server)
    worked = Counter()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(changes=st.lists(MUTATIONS, min_size=1, max_size=4), checks=st.booleans())
    def change_and_go_back(changes, checks):
        with server.connect(database="shop", local_infile=True) as connection, connection.cursor() as cursor:
            cursor.execute(f"SET foreign_key_checks = {int(checks)}")
            for statement in (one for change in changes for one in change):
                try:
                    cursor.execute(statement)
                except pymysql.Error:
                    worked["no"] += 1
                else:
                    worked["yes"] += 1
                    worked[" ".join(statement.split()[:2])] += 1
            prepared.reset()
        assert state(server) == before, changes

    change_and_go_back()
    # What is made at random is often refused, but not mostly.
    assert worked["yes"] > worked["no"] / 2, worked
    print(worked)


def test_a_server_that_is_killed_in_the_middle_of_a_reset(real_client):
    server = Server(real_client)
    try:
        server.execute(
            "CREATE TABLE big (id INT AUTO_INCREMENT PRIMARY KEY, t VARCHAR(200))",
            "INSERT INTO big (t) SELECT REPEAT('x', 200) FROM seq_1_to_150000",
        )
        before = server.execute("CHECKSUM TABLE big")
        prepared = PreparedState(lambda: server.connect(database=None), "wincontainers")
        prepared.keep(lambda _: None)
        prepared.reset()
        server.execute("UPDATE big SET t = 'y'")
        threading.Timer(0.3, lambda: server.container.kill("KILL")).start()
        with pytest.raises((pymysql.Error, OSError)):
            prepared.reset()
        server.container.wait()
        server.container.start()
        server.wait()
        prepared.reset()
        assert server.execute("CHECKSUM TABLE big") == before
        # So does another process, which begins with nothing in mind.
        server.execute("DELETE FROM big WHERE id < 1000")
        PreparedState(lambda: server.connect(database=None), "wincontainers").reset()
        assert server.execute("CHECKSUM TABLE big") == before
    finally:
        server.remove()


def test_a_connection_that_is_lost_between_resets(server, prepared):
    server.execute("INSERT INTO log (what) VALUES ('lost')", database="shop")
    others = "SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER = 'root'"
    for (number,) in server.execute(others, database=None):
        # It may have ended meanwhile.
        with contextlib.suppress(pymysql.err.OperationalError):
            server.execute(f"KILL {number}", database=None)
    wait_for(lambda: not server.execute(others, database=None))
    prepared.reset()
    assert server.execute("SELECT COUNT(*) FROM log WHERE what = 'lost'", database="shop") == [(0,)]


def test_a_server_that_is_started_again_at_once(real_client):
    """Its counters are as low as they were before."""
    server = Server(real_client)
    try:
        server.execute("CREATE TABLE plain (id INT PRIMARY KEY, v INT)", "INSERT INTO plain VALUES (1, 1)")
        prepared = PreparedState(lambda: server.connect(database=None), "wincontainers")
        prepared.keep(lambda _: None)
        server.container.restart()
        server.wait()
        prepared.reset()
        server.execute("UPDATE plain SET v = 2")
        server.container.restart(timeout=30)
        server.wait()
        prepared.reset()
        assert server.execute("SELECT v FROM plain") == [(1,)]
    finally:
        server.remove()


def test_what_one_process_is_in_the_middle_of_hides_nothing_from_another(server, prepared):
    """The server counts the statements of all alike."""
    mine, other = (
        PreparedState(lambda: server.connect(database=None), "wincontainers", copied)
        for copied in (None, ("archive", "archive_gw0"))
    )
    mine.reset()
    other.make_copy([])
    other.reset()
    enter = StatementLedger._enter
    others = []

    def late(own, cursor, on_table):
        if others:
            enter(own, cursor, on_table)
            return
        # A trigger is dropped by now, and that is not entered yet.
        others.append(threading.Thread(target=other.reset))
        others[0].start()
        time.sleep(0.1)
        enter(own, cursor, on_table)
        others[0].join()

    server.execute("UPDATE products SET price = 1", database="shop")
    with unittest.mock.patch.object(StatementLedger, "_enter", late):
        mine.reset()
    assert others
    server.execute("CREATE TABLE junk (id INT)", database="archive_gw0")
    other.reset()
    assert server.execute("SHOW TABLES LIKE 'junk'", database="archive_gw0") == []
