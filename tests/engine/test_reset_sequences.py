"""Sequences and packages, which only MariaDB has."""

import pymysql
import pytest

from pytest_wincontainers.databases.prepared import PreparedState
from tests.kit.database import Server

# They share a server.
pytestmark = [pytest.mark.linux_guest, pytest.mark.xdist_group("sequences")]

SEQUENCES = {
    "plain": "",
    "rounds": "START WITH 6 INCREMENT BY 3 MINVALUE 3 MAXVALUE 12 CACHE 2 CYCLE",
    "downwards": "START WITH -5 INCREMENT BY -5 MINVALUE -1000 MAXVALUE -5 NOCACHE",
    "full": "START WITH 1 MAXVALUE 2 NOCYCLE",
}
CHANGES = [
    "SELECT NEXTVAL(plain)",
    "SELECT NEXTVAL(rounds), NEXTVAL(rounds)",
    "SELECT NEXTVAL(rounds), NEXTVAL(rounds), NEXTVAL(rounds), NEXTVAL(rounds), NEXTVAL(rounds)",
    "SELECT NEXTVAL(downwards)",
    "SELECT SETVAL(plain, 5000)",
    "ALTER SEQUENCE plain MAXVALUE 100",
    "ALTER SEQUENCE rounds NOCYCLE",
    "ALTER SEQUENCE rounds CACHE 1000",
    "ALTER SEQUENCE downwards START WITH -10",
    "ALTER SEQUENCE full RESTART 1",
    "ALTER SEQUENCE full MAXVALUE 50",
    "DROP SEQUENCE rounds",
    "CREATE SEQUENCE another",
    "CREATE OR REPLACE PACKAGE tools AS FUNCTION two RETURN INT; END",
    "DROP PACKAGE tools",
    "DROP PACKAGE BODY tools",
    "CREATE PACKAGE more_tools AS FUNCTION one RETURN INT; END",
]


@pytest.fixture(scope="module")
def server(real_client):
    made = Server(real_client)
    made.execute(*(f"CREATE SEQUENCE {name} {options}" for name, options in SEQUENCES.items()))
    made.execute("SELECT NEXTVAL(full), NEXTVAL(full), NEXTVAL(rounds)")
    made.execute(
        "SET sql_mode = ORACLE",
        "CREATE PACKAGE tools AS FUNCTION one RETURN INT; END",
        "CREATE PACKAGE BODY tools AS FUNCTION one RETURN INT AS BEGIN RETURN 1; END; END",
        "CREATE TABLE calls (id INT DEFAULT NEXTVAL(plain), v INT)",
    )
    PreparedState(lambda: made.connect(database=None), "wincontainers").keep(lambda _: None)
    yield made
    made.remove()


def state(server, schema):
    found = {}
    for name, kind in server.execute("SHOW FULL TABLES", database=schema):
        if kind == "SEQUENCE":
            found[name] = server.execute(f"SHOW CREATE SEQUENCE {name}", database=schema)
            try:
                found[name, "next"] = server.execute(f"SELECT NEXTVAL({name})", database=schema)
            except pymysql.Error as problem:
                found[name, "next"] = problem.args[0]
    found["packages"] = server.execute(
        f"SELECT ROUTINE_NAME, ROUTINE_TYPE, ROUTINE_DEFINITION, SQL_MODE FROM information_schema.ROUTINES "
        f"WHERE ROUTINE_SCHEMA = '{schema}'"
    )
    return found


@pytest.mark.parametrize("schema", ["t", "t_gw0"])
def test_what_a_test_has_changed(server, schema):
    copied = ("t", schema) if schema != "t" else None
    prepared = PreparedState(lambda: server.connect(database="information_schema"), "wincontainers", copied)
    if copied:
        prepared.make_copy([])
    prepared.reset()
    before = state(server, schema)
    assert before["rounds", "next"] == [(9,)]
    assert before["full", "next"] == 4084
    assert "increment by -5" in before["downwards"][0][1]
    assert len(before["packages"]) == 2
    for change in CHANGES:
        prepared.reset()
        server.execute("SET sql_mode = ORACLE", change, database=schema)
        prepared.reset()
        assert state(server, schema) == before, change


def test_a_sequence_that_was_not_used_costs_no_statement_that_changes_it(server):
    prepared = PreparedState(lambda: server.connect(database="information_schema"), "wincontainers")
    prepared.reset()
    count = "SHOW GLOBAL STATUS LIKE 'Com_alter_sequence'"
    before = server.execute(count)
    prepared.reset()
    assert server.execute(count) == before
    server.execute("SELECT NEXTVAL(plain)")
    prepared.reset()
    assert server.execute(count) != before
