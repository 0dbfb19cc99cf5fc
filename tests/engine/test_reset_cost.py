"""A reset reads the rows that were touched and no others, as the server's own count of what it has read shows."""

import contextlib

import pymysql
import pytest

from pytest_wincontainers.databases.prepared import PreparedState
from tests.kit.database import Server

# They share a server.
pytestmark = [pytest.mark.linux_guest, pytest.mark.xdist_group("cost")]

ROWS = 100_000
# Of which most are the server's own: counters, and the names of what there is.
FEW = 10_000


@pytest.fixture(scope="module")
def server(real_client):
    made = Server(real_client)
    made.execute(
        # Else the server may count a loaded table anew at any later moment, and then it is compared once.
        "SET GLOBAL innodb_stats_auto_recalc = OFF",
        "CREATE TABLE big (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE, v INT, KEY (v))",
        f"INSERT INTO big (code, v) SELECT CONCAT('c', seq), seq FROM seq_1_to_{ROWS}",
        "CREATE TABLE small (id INT PRIMARY KEY, v INT)",
        "INSERT INTO small VALUES (1, 1), (2, 2)",
        "CREATE TABLE guids (id BINARY(16) PRIMARY KEY, v INT)",
        f"INSERT INTO guids SELECT UNHEX(MD5(seq)), seq FROM seq_1_to_{ROWS}",
        "CREATE TABLE order_lines (number CHAR(8) CHARACTER SET latin1, line SMALLINT UNSIGNED, v INT, PRIMARY KEY (number, line))",
        f"INSERT INTO order_lines SELECT CONCAT('ä', seq), 65000, seq FROM seq_1_to_{ROWS}",
        "CREATE TABLE days (day DATE PRIMARY KEY, v INT)",
        "INSERT INTO days SELECT DATE('2000-01-01') + INTERVAL seq DAY, seq FROM seq_1_to_20000",
        "CREATE TRIGGER counted BEFORE INSERT ON big FOR EACH ROW SET NEW.v = NEW.v + 1",
    )
    PreparedState(lambda: made.connect(database="information_schema"), "wincontainers").keep(lambda _: None)
    yield made
    made.remove()


@pytest.fixture
def prepared(server):
    made = PreparedState(lambda: server.connect(database="information_schema"), "wincontainers")
    made.reset()
    return made


def reads(server, action):
    """How many rows the server has read for an action."""

    def count():
        return sum(int(number) for _, number in server.execute("SHOW GLOBAL STATUS LIKE 'Handler_read%'"))

    before = count()
    action()
    return count() - before


TABLES = ("big", "small", "guids", "order_lines", "days")


def state(server, schema="t"):
    return [server.execute(f"CHECKSUM TABLE {name}", database=schema)[0][1] for name in TABLES] + [
        server.execute(f"SHOW CREATE TABLE {name}", database=schema) for name in TABLES
    ]


@pytest.mark.parametrize(
    "changes",
    [
        ["UPDATE big SET v = 0 WHERE id = 5"],
        ["DELETE FROM big WHERE id IN (5, 7000, 99999)"],
        ["INSERT INTO big (code) VALUES ('new')", "UPDATE big SET code = 'another' WHERE code = 'new'"],
        ["UPDATE big SET id = 1000000 WHERE id = 5"],
        # Values that are unique change places.
        ["UPDATE big SET code = 'x' WHERE id = 5", "UPDATE big SET code = 'c5' WHERE id = 6"],
        ["REPLACE INTO big VALUES (5, 'c6', 1)"],
        ["INSERT INTO big VALUES (5, 'c5', 1) ON DUPLICATE KEY UPDATE v = 77"],
        ["UPDATE guids SET v = 0 WHERE id = UNHEX(MD5(7))"],
        ["INSERT INTO guids VALUES (X'0100', 1)", "DELETE FROM guids WHERE id = X'01000000000000000000000000000000'"],
        ["INSERT INTO guids VALUES (X'0100', 1)"],
        ["UPDATE order_lines SET v = 0 WHERE number = 'Ä77'", "DELETE FROM order_lines WHERE number = 'ä78'"],
        ["UPDATE order_lines SET line = 3, number = 'ß' WHERE number = 'ä79'"],
        ["DELETE FROM days WHERE day = '2001-02-03'", "INSERT INTO days VALUES ('0001-01-01', 1)"],
        ["ALTER TABLE small ADD more INT"],
        ["CREATE INDEX more ON small (v)"],
        ["ANALYZE TABLE small"],
        ["DELETE FROM small", "ANALYZE TABLE small"],
        ["CREATE VIEW seen AS SELECT * FROM big"],
        ["CREATE PROCEDURE emptied() DELETE FROM big"],
        ["CREATE DATABASE scratch"],
        ["ALTER TABLE small ADD UNIQUE (there_is_none)"],
        ["ANALYZE NO_WRITE_TO_BINLOG TABLE small"],
    ],
    ids=lambda changes: changes[0][:60],
)
def test_what_was_touched(server, prepared, changes):
    before = state(server)
    with server.connect() as connection, connection.cursor() as cursor:
        for change in changes:
            try:
                cursor.execute(change)
            except pymysql.Error:
                assert "there_is_none" in change
    assert reads(server, prepared.reset) < FEW
    assert state(server) == before
    assert reads(server, prepared.reset) < FEW


def test_the_first_reset_of_a_process(server, prepared):
    server.execute("UPDATE big SET v = 0 WHERE id = 5")
    prepared.reset()
    server.execute("UPDATE big SET v = 0 WHERE id = 6")
    other = PreparedState(lambda: server.connect(database="information_schema"), "wincontainers")
    other.begin()
    server.execute("UPDATE big SET v = 0 WHERE id = 7")
    another = PreparedState(lambda: server.connect(database="information_schema"), "wincontainers")
    assert reads(server, another.reset) < FEW
    # What was changed before it was said that the state is the prepared one, is not looked for.
    assert server.execute("SELECT v FROM big WHERE id IN (6, 7) ORDER BY id") == [(0,), (7,)]
    prepared.reset()
    assert server.execute("SELECT v FROM big WHERE id IN (6, 7) ORDER BY id") == [(6,), (7,)]
    prepared.begin()


def test_a_worker_that_touched_nothing(server, prepared):
    copies = [
        PreparedState(lambda: server.connect(database="information_schema"), "wincontainers", ("t", f"t_gw{number}"))
        for number in range(2)
    ]
    for copy in copies:
        copy.make_copy([])
    # The first reset of each.
    assert [reads(server, copy.reset) < FEW for copy in copies] == [True, True]
    server.execute(
        "ALTER TABLE small ADD more INT",
        "CREATE INDEX more ON small (v)",
        "ANALYZE TABLE small",
        "UPDATE big SET v = 0 WHERE id = 5",
        "CREATE TABLE made AS SELECT * FROM big",
        database="t_gw0",
    )
    assert reads(server, copies[1].reset) < FEW
    copies[0].reset()
    assert state(server, "t_gw0") == state(server, "t_gw1") == state(server)
    server.execute("DROP DATABASE t_gw0", "DROP DATABASE t_gw1")
    prepared.reset()


def test_a_server_that_has_hung_up(server, prepared):
    server.execute("UPDATE big SET v = 0 WHERE id = 4")
    prepared.reset()
    server.execute("UPDATE big SET v = 0 WHERE id = 5")
    for (number,) in server.execute("SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump'"):
        # The one of a test before may have ended meanwhile.
        with contextlib.suppress(pymysql.err.OperationalError):
            server.execute(f"KILL {number}")
    assert reads(server, prepared.reset) < FEW
    assert server.execute("SELECT v FROM big WHERE id = 5") == [(5,)]


def test_settings_and_foreign_keys(server, prepared):
    """What a foreign key does is in no log, and here the server may have set the counters back."""
    server.execute("SET GLOBAL innodb_stats_auto_recalc = ON", "DELETE FROM small WHERE id = 1")
    prepared.reset()
    assert server.execute("SELECT COUNT(*) FROM small") == [(2,)]
    assert server.execute("SELECT @@innodb_stats_auto_recalc") == [(0,)]


def test_many_rows(server, prepared):
    before = state(server)
    server.execute("UPDATE big SET v = v + 1", "DELETE FROM guids WHERE v % 2")
    prepared.reset()
    assert state(server) == before
