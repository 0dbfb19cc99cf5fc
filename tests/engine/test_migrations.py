"""Migrations on a real server: history, locks, other tools, and what breaks in the middle."""

import threading
import time

import pytest

from pytest_wincontainers.errors import MigrationError
from pytest_wincontainers.migrations.runner import migrate
from tests.kit.database import Server
from tests.kit.waiting import wait_for


@pytest.fixture(scope="module")
def shared(real_client):
    made = Server(real_client)
    yield made
    made.remove()


@pytest.fixture
def server(shared):
    shared.execute("DROP DATABASE IF EXISTS t", "CREATE DATABASE t", database=None)
    return shared


def linux(test):
    """On a server by itself, which these tests share."""
    return pytest.mark.linux_guest(pytest.mark.xdist_group("migrations")(test))


def run(server, folder, **options):
    told = []
    migrate(server.connect, folder, told.append, **options)
    return [one.rpartition(": ")[2] for one in told]


def write(folder, **contents):
    for name, content in contents.items():
        (folder / f"{name}.sql").write_text(content, "utf-8")


@linux
def test_flyways_history(server, tmp_path):
    write(
        tmp_path,
        V1__first="CREATE TABLE a (x INT);",
        V1_1__second_step="INSERT INTO a VALUES (1);",
        R__view="CREATE OR REPLACE VIEW v AS SELECT 1 AS x;",
    )
    assert run(server, tmp_path) == ["V1__first.sql", "V1_1__second_step.sql", "R__view.sql"]
    assert run(server, tmp_path) == []
    rows = server.execute(
        "SELECT installed_rank, version, description, type, script, installed_by, success FROM flyway_schema_history"
    )
    assert rows == [
        (1, "1", "first", "SQL", "V1__first.sql", "root", 1),
        (2, "1.1", "second step", "SQL", "V1_1__second_step.sql", "root", 1),
        (3, None, "view", "SQL", "R__view.sql", "root", 1),
    ]
    # Line ends do not count, a changed repeatable one is run again, and a new one is run.
    (tmp_path / "V1__first.sql").write_bytes(b"CREATE TABLE a (x INT);\r\n")
    write(tmp_path, R__view="CREATE OR REPLACE VIEW v AS SELECT 2 AS x;", V2__third="INSERT INTO a VALUES (2);")
    assert run(server, tmp_path) == ["V2__third.sql", "R__view.sql"]
    assert server.execute("SELECT x FROM v") == [(2,)]


@linux
def test_what_was_run_and_is_changed_or_gone(server, tmp_path):
    write(tmp_path, **{"1_a": "CREATE TABLE a (x INT);", "2_b": "CREATE TABLE b (x INT);"})
    run(server, tmp_path)
    write(tmp_path, **{"1_a": "CREATE TABLE a (x BIGINT);"})
    with pytest.raises(MigrationError, match=r"1_a.sql was changed after it was run"):
        run(server, tmp_path)
    write(tmp_path, **{"1_a": "CREATE TABLE a (x INT);"})
    (tmp_path / "2_b.sql").unlink()
    with pytest.raises(MigrationError, match=r"2_b.sql was run on this database, but its file no longer exists"):
        run(server, tmp_path)


@linux
def test_a_failure_names_file_line_and_statement_and_is_remembered(server, tmp_path):
    statements = [f"INSERT INTO a VALUES ({number});" for number in range(50)]
    statements[20] = "INSERT INTO a VALUES\n  ('no number');"
    write(tmp_path, **{"1_a": "CREATE TABLE a (x INT NOT NULL);\n" + "\n".join(statements)})
    with pytest.raises(MigrationError) as caught:
        run(server, tmp_path)
    assert "the migration 1_a.sql failed at line 22: 1366: Incorrect integer value" in caught.value.message
    assert caught.value.details == "INSERT INTO a VALUES\n  ('no number')"
    assert server.execute("SELECT COUNT(*) FROM a") == [(20,)]
    with pytest.raises(MigrationError, match=r"1_a.sql was started earlier and did not finish"):
        run(server, tmp_path)


@linux
def test_a_failure_among_several_statements_of_one(server, tmp_path):
    script = "CREATE TABLE a (x INT NOT NULL);\nDELIMITER //\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2)//\n"
    write(tmp_path, **{"1_a": f"{script}INSERT INTO a VALUES ('bad')//\nINSERT INTO a VALUES (3)//\n"})
    with pytest.raises(MigrationError, match="1_a.sql failed at line 5: 1366") as caught:
        run(server, tmp_path)
    assert caught.value.details == "INSERT INTO a VALUES ('bad')"


@linux
def test_a_transaction_ends_with_its_file(server, tmp_path):
    write(
        tmp_path,
        **{
            "1_a": "CREATE TABLE a (x INT); START TRANSACTION; INSERT INTO a VALUES (1);",
            "2_b": "SET autocommit = 0; INSERT INTO a VALUES (2);",
        },
    )
    run(server, tmp_path)
    assert server.execute("SELECT x FROM a ORDER BY x") == [(1,), (2,)]


@linux
def test_two_that_run_at_once_wait_for_each_other(server, tmp_path):
    write(
        tmp_path,
        **{
            "1_a": "CREATE TABLE a (x INT); SELECT SLEEP(0.5); INSERT INTO a VALUES (1);",
            "2_b": "INSERT INTO a VALUES (2);",
        },
    )
    ran = []
    threads = [threading.Thread(target=lambda: ran.append(run(server, tmp_path))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ran, key=len) == [[], [], ["1_a.sql", "2_b.sql"]]
    assert server.execute("SELECT COUNT(*) FROM a") == [(2,)]


@linux
def test_goose(server, tmp_path):
    write(
        tmp_path,
        **{
            "1_a": "-- +goose Up\nCREATE TABLE a (x INT);\n-- +goose StatementBegin\nCREATE PROCEDURE p()\nBEGIN\n  SELECT 1;\n"
            "  INSERT INTO a VALUES (1);\nEND;\n-- +goose StatementEnd\nCALL p();\n-- +goose Down\nDROP TABLE a;\n",
            "2_b": "-- +goose Up\nINSERT INTO a VALUES (2);",
        },
    )
    run(server, tmp_path)
    assert server.execute("SELECT x FROM a ORDER BY x") == [(1,), (2,)]


LEAKS = {
    "another database": ("CREATE DATABASE IF NOT EXISTS other; USE other;", "SELECT DATABASE()", "t"),
    "foreign keys": ("SET FOREIGN_KEY_CHECKS = 0;", "SELECT @@foreign_key_checks", "1"),
    "sql_mode": ("SET sql_mode = 'ANSI_QUOTES';", "SELECT @@sql_mode = @@global.sql_mode", "1"),
    "a variable": ("SET @x = 5;", "SELECT COALESCE(@x, 'none')", "none"),
    "autocommit": ("SET autocommit = 0;", "SELECT @@autocommit", "1"),
    "names": ("SET NAMES latin1;", "SELECT @@character_set_client", "utf8mb4"),
    "a temporary table": (
        "CREATE TABLE tmp (x INT); CREATE TEMPORARY TABLE tmp (x INT); INSERT INTO tmp VALUES (1);",
        "SELECT COUNT(*) FROM tmp",
        "0",
    ),
    "a prepared statement": (
        "PREPARE p FROM 'SELECT 1';",
        "SELECT VARIABLE_VALUE FROM information_schema.session_status WHERE VARIABLE_NAME = 'Com_stmt_prepare'",
        "0",
    ),
    "locked tables": ("CREATE TABLE locked (x INT); LOCK TABLES locked READ;", "SELECT COUNT(*) FROM locked", "0"),
    "the whole server locked": ("FLUSH TABLES WITH READ LOCK;", "SELECT 1", "1"),
}


@linux
@pytest.mark.parametrize("case", LEAKS)
@pytest.mark.parametrize("names", [("1_a", "2_b"), ("V1__a", "V2__b"), ("1_a.up", "2_b.up")], ids="/".join)
def test_each_file_begins_with_the_state_that_the_first_one_had(server, tmp_path, case, names):
    leak, question, answer = LEAKS[case]
    first, second = names
    write(
        tmp_path,
        **{first: f"CREATE TABLE a (x VARCHAR(50));\n{leak}", second: f"INSERT INTO a VALUES (({question}));"},
    )
    run(server, tmp_path)
    assert server.execute("SELECT x FROM a") == [(answer,)]


@linux
def test_an_account_that_a_migration_takes_away(real_client, tmp_path):
    server = Server(real_client)
    try:
        write(tmp_path, **{"1_a": "ALTER USER 'root'@'%' IDENTIFIED BY 'other';", "2_b": "SELECT 1;"})
        with pytest.raises(MigrationError, match="2_b.sql could not connect as root: 1045: ") as caught:
            run(server, tmp_path)
        assert "changed the account" in caught.value.hint
    finally:
        server.remove()


@linux
def test_placeholders(server, tmp_path):
    write(
        tmp_path,
        V1__a="CREATE TABLE ${table} (x TEXT);\nINSERT INTO a VALUES ('${flyway:database} ${flyway:user} ${flyway:table}');",
        R__b="REPLACE INTO a VALUES ('${table} ${flyway:filename}');",
    )
    run(server, tmp_path, placeholders={"table": "a"})
    assert server.execute("SELECT x FROM a") == [("t root flyway_schema_history",), ("a R__b.sql",)]
    assert run(server, tmp_path, placeholders={"table": "a"}) == []
    write(tmp_path, V2__c="SELECT 1;\nSELECT '${nothing}';")
    with pytest.raises(
        MigrationError, match=r"V2__c.sql cannot be parsed: line 2: no value .* \$\{nothing\}"
    ) as caught:
        run(server, tmp_path, placeholders={"table": "a"})
    assert 'placeholders={"nothing": "…"}' in caught.value.hint


@linux
def test_a_repeatable_migration_with_a_timestamp_is_run_each_time(server, tmp_path):
    """The way that Flyway's own documentation has for it."""
    write(tmp_path, R__a="-- ${flyway:timestamp}\nSELECT 1;")
    assert run(server, tmp_path) == ["R__a.sql"]
    time.sleep(1.1)
    assert run(server, tmp_path) == ["R__a.sql"]


@linux
def test_long_names_in_flyways_history(server, tmp_path):
    deep = "/".join(["d" * 200] * 5)
    (tmp_path / deep).mkdir(parents=True)
    write(tmp_path, **{f"V1__{'x' * 210}": "SELECT 1;", f"{deep}/V2__b": "SELECT 1;"})
    assert len(run(server, tmp_path, pattern="**/*.sql")) == 2
    # What Flyway's AbbreviationUtils makes of them.
    rows = server.execute("SELECT description, script FROM flyway_schema_history ORDER BY installed_rank")
    assert rows == [
        ("x" * 197 + "...", f"V1__{'x' * 210}.sql"),
        ("b", "..." + f"{deep}/V2__b.sql"[3:1000]),
    ]
    assert run(server, tmp_path, pattern="**/*.sql") == []


@linux
def test_long_names_in_our_own_history(server, tmp_path):
    deep = "/".join(["d" * 200] * 5)
    (tmp_path / deep).mkdir(parents=True)
    write(tmp_path, **{f"{deep}/1_a": "SELECT 1;"})
    assert len(run(server, tmp_path, pattern="**/*.sql")) == 1
    assert run(server, tmp_path, pattern="**/*.sql") == []


@linux
@pytest.mark.parametrize("name", ["{}_a.up", "V{}__a"])
def test_routines_without_delimiter(server, tmp_path, name):
    routine = "CREATE PROCEDURE p()\nBEGIN\n  INSERT INTO a VALUES (1);\n  INSERT INTO a VALUES (2);\nEND;\n"
    write(tmp_path, **{name.format(1): f"CREATE TABLE a (x INT);\n{routine}CALL p();\n"})
    assert run(server, tmp_path) == [f"{name.format(1)}.sql"]
    assert server.execute("SELECT x FROM a ORDER BY x") == [(1,), (2,)]
    write(tmp_path, **{name.format(2): f"SELECT 1;\n{routine.replace('p()', 'q()')}INSERT INTO b VALUES (1);\n"})
    with pytest.raises(MigrationError, match="failed in statement 2 of those from line 2: 1146"):
        run(server, tmp_path)


@linux
def test_a_file_of_a_hundred_megabytes_takes_no_more_memory_than_its_longest_statement(server, tmp_path):
    import tracemalloc

    row = "('" + "x" * 1000 + "; still text')"
    with (tmp_path / "1_big.sql").open("w") as file:
        file.write("CREATE TABLE big (t TEXT);\n")
        for _ in range(100):
            file.write("INSERT INTO big VALUES " + ",".join([row] * 1000) + ";\n")
    assert (tmp_path / "1_big.sql").stat().st_size > 100_000_000
    tracemalloc.start()
    try:
        run(server, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
    assert server.execute("SELECT COUNT(*) FROM big") == [(100_000,)]


def kill_while_it_sleeps(server):
    wait_for(lambda: server.execute("SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(600)'"))
    server.container.kill("KILL")


@linux
def test_a_server_that_is_killed_in_the_middle(real_client, tmp_path):
    server = Server(real_client)
    try:
        write(tmp_path, **{"1_a": "CREATE TABLE a (x INT);", "2_b": "SELECT SLEEP(600);"})
        killing = threading.Thread(target=kill_while_it_sleeps, args=(server,))
        killing.start()
        begun = time.monotonic()
        with pytest.raises(MigrationError, match="2_b.sql failed at line 1: 2013"):
            run(server, tmp_path)
        assert time.monotonic() - begun < 120
        killing.join()
    finally:
        server.remove()


@linux
def test_a_disk_that_is_full(real_client, tmp_path):
    server = Server(real_client, "--innodb-data-file-path=ibdata1:12M", "--tmpdir=/dev/shm")
    try:
        # 64 MiB of memory stand for the disk.
        server.execute("CREATE TABLE big (t LONGTEXT) DATA DIRECTORY='/dev/shm/'")
        write(tmp_path, **{"1_a": "INSERT INTO big VALUES (REPEAT('x', 10000000));\n" * 12})
        with pytest.raises(MigrationError, match=r"1_a.sql failed at line \d+: (1114|1021|1030|3|2013): "):
            run(server, tmp_path)
    finally:
        server.remove()


TOOL = """
import os, pymysql
words = dict(part.split("=") for part in os.environ["CONNECTION"].split(";"))
with pymysql.connect(host=words["Server"], port=int(words["Port"]), user=words["Uid"], password=words["Pwd"],
                     database=words["Database"], autocommit=True) as connection:
    connection.cursor().execute("CREATE TABLE by_tool (x INT)")
print("it is done")
"""


@pytest.mark.few_hosts
def test_another_tool_on_this_machine(suite):
    (suite.path / "tool.py").write_text(TOOL)
    suite.files(
        conftest="""
        import sys
        from pytest_wincontainers import command, mysql_container

        @mysql_container(database="shop", migrations=command(
            sys.executable, "tool.py", "{host}", environment={"CONNECTION": "{connection_string}"}
        ))
        def database():
            pass
        """,
        test_it="def test_it(database):\n    assert database.execute('SELECT * FROM by_tool') == []\n",
    )
    assert suite.run().outcomes() == {"passed": 1}
    (suite.path / "tool.py").write_text("print('it says why'); raise SystemExit(7)")
    finished = suite.run()
    assert finished.outcomes() == {"errors": 1}
    assert "failed with exit code 7" in finished.output
    assert "| it says why" in finished.output


IN_A_CONTAINER = """
from guest import IMAGE, ROOT
from pytest_wincontainers import command, mysql_container

@mysql_container(database="shop", migrations=command(
    "box", {words}, environment={{"URL": "{{url}}"}}, image=IMAGE, folders={{ROOT + "sql": "sql"}}
))
def database():
    pass
"""


@pytest.mark.few_hosts
def test_another_tool_in_a_container(suite):
    (suite.path / "sql").mkdir()
    (suite.path / "sql" / "given.txt").write_text("from here")
    suite.files(
        conftest=IN_A_CONTAINER.format(words='"lookup", "{host}"'),
        test_it="def test_it(database):\n    assert database.port\n",
    )
    assert suite.run().outcomes() == {"passed": 1}
    suite.files(conftest=IN_A_CONTAINER.format(words='"read", ROOT + "sql/given.txt", ROOT + "sql/none.txt"'))
    finished = suite.run()
    assert finished.outcomes() == {"errors": 1}
    assert "the migrations with box failed with exit code 1" in finished.output
    assert "| from here" in finished.output
