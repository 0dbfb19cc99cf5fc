"""Changes that InnoDB's counters do not show."""

import time

import pytest

from pytest_wincontainers.databases.prepared import PreparedState
from tests.kit.database import Server

# They share a server.
pytestmark = [pytest.mark.linux_guest, pytest.mark.xdist_group("counters")]

OPTIONS = ["STATS_PERSISTENT=0", "STATS_AUTO_RECALC=1", "STATS_AUTO_RECALC=1, STATS_SAMPLE_PAGES=2"]


@pytest.fixture(scope="module", params=[(), ("--skip-log-bin",)], ids=["log", "no-log"])
def server(real_client, request):
    made = Server(real_client, *request.param)
    for number, options in enumerate(OPTIONS):
        made.execute(
            f"CREATE TABLE t{number} (id INT PRIMARY KEY) {options}",
            f"INSERT INTO t{number} SELECT seq FROM seq_1_to_100",
        )
    made.execute("CREATE TABLE plain (id INT PRIMARY KEY)", "INSERT INTO plain SELECT seq FROM seq_1_to_100")
    yield made
    made.remove()


@pytest.fixture
def prepared(server):
    made = PreparedState(lambda: server.connect(database="information_schema"), "wincontainers")
    made.keep(lambda _: None)
    made.reset()
    return made


def counter(server, table):
    ((number,),) = server.execute(
        f"SELECT MODIFIED_COUNTER FROM information_schema.INNODB_SYS_TABLESTATS WHERE NAME = 't/{table}'"
    )
    return number


def wait_until_counted_anew(server, table):
    """The server counts the rows of such a table anew in the background, and sets the counter back to 0."""
    deadline = time.monotonic() + 30
    while counter(server, table) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert counter(server, table) == 0


def test_a_table_that_is_counted_anew_in_the_background(server, prepared):
    server.execute("ANALYZE TABLE t1")
    prepared.reset()
    server.execute("DELETE FROM t1")
    wait_until_counted_anew(server, "t1")
    prepared.reset()
    assert server.execute("SELECT COUNT(*) FROM t1") == [(100,)]


def test_a_table_whose_counter_begins_anew_by_itself(server, prepared):
    before = counter(server, "t0")
    for number in range(1, 101):
        server.execute(f"DELETE FROM t0 WHERE id = {number}")
        if counter(server, "t0") == before:
            break
    else:
        pytest.fail("its counter was never the same again")
    prepared.reset()
    assert server.execute("SELECT COUNT(*) FROM t0") == [(100,)]


@pytest.mark.parametrize("setting", ["innodb_stats_persistent = OFF", "innodb_stats_auto_recalc = ON"])
def test_settings_of_the_server(server, prepared, setting):
    server.execute(f"SET GLOBAL {setting}", "FLUSH TABLES", "SELECT COUNT(*) FROM plain")
    prepared.reset()
    for _ in range(3):
        server.execute("DELETE FROM plain", "ANALYZE NO_WRITE_TO_BINLOG TABLE plain")
        prepared.reset()
        assert server.execute("SELECT COUNT(*) FROM plain") == [(100,)]
    # It is needed, so it does not stay as it is.
    assert server.execute("SELECT @@innodb_stats_persistent, @@innodb_stats_auto_recalc") == [(1, 0)]
