"""A suite whose containers stay after a run, or are taken up by it."""

import json

import pytest

SERVERS = """
from pathlib import Path
from guest import IMAGE, ROOT
from pytest_wincontainers import container, mysql_container

@mysql_container(database="shop", migrations="db")
def database():
    pass

@container(
    image=IMAGE,
    command=["box", "serve", "8000"],
    ports=[8000],
    files={ROOT + "page.txt": Path("page.txt")},
)
def web(database):
    return {"environment": {"SHOP": database.connection_string, "WHO": "me"}}
"""
TEST = """
import json
from pathlib import Path
from urllib.request import urlopen

def test_database(database):
    assert database.execute("SELECT name FROM a") == [("first",)]
    database.execute("INSERT INTO a (name) VALUES ('of a test')")
    database.execute("CREATE TABLE of_a_test (n INT)")

def test_web(web, database):
    assert urlopen(web.url, timeout=10).read() == b"hello me"
    Path("seen.json").write_text(json.dumps({one.name: one.container_id for one in (web, database)}))
"""
SLOW = """
import time
from pathlib import Path

def test_slow(web):
    Path("begun").touch()
    while not Path("enough").exists():
        time.sleep(0.05)
"""


@pytest.fixture
def servers(suite):
    """A suite with a database and a server, without what stays of them afterwards."""
    (suite.path / "db").mkdir()
    (suite.path / "db" / "1.sql").write_text(
        "CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, name TEXT); INSERT INTO a (name) VALUES ('first');"
    )
    (suite.path / "page.txt").write_text("one")
    suite.files(conftest=SERVERS, test_it=TEST)
    yield suite
    suite.command("down")


def reused(suite, *arguments):
    """The output of a run that takes up what there is, and the ids of the containers that its tests had."""
    finished = suite.run("--wincontainers-reuse", *arguments)
    assert finished.outcomes() == {"passed": 2}
    return finished.output, json.loads((suite.path / "seen.json").read_text())
