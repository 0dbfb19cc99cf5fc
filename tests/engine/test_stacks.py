"""Containers that stay after a run, and that a later run or a person uses."""

import json
import re
import shutil
import socket
import sys
import time
from urllib.request import urlopen

import pymysql
import pytest

from tests.engine.test_sites import CONFIG, PAGE
from tests.kit.servers import SERVERS, SLOW, TEST, reused
from tests.kit.suite import RUN_LABEL
from tests.kit.waiting import wait_for


@pytest.mark.every_process
def test_a_red_run_leaves_its_containers_to_be_looked_at(servers, mode):
    servers.files(test_it=TEST + "\ndef test_red(web):\n    assert 0\n")
    finished = servers.run("--wincontainers-keep=failed", *mode)
    assert finished.outcomes() == {"passed": 2, "failed": 1}
    assert re.search(r"`wincontainers down --run \w+` removes them", finished.output)
    assert servers.watchdogs() == []
    done = servers.command("exec", "web", "box", "env", "WHO")
    assert (done.status, done.output) == (0, "me\n")
    assert servers.command("exec", "web", "box", "end", "7").status == 7
    assert "hello" not in servers.command("logs", "web", "--tail", "1").output
    (row,) = [line for line in servers.command("ps").output.splitlines() if line.startswith("web ")]
    assert " running " in row
    assert servers.command("prune").status == 0
    assert servers.containers() == []


def kept_database(suite):
    """A connection to the database that stays, by what `ps` tells of it."""
    listed = json.loads(suite.command("ps", "--json", "--passwords").output)
    (found,) = [one for one in listed if one["name"] == "database"]
    (port,) = found["ports"].values()
    password = found["access"]["password"]
    return pymysql.connect(
        host=found["host"], port=port, user="shop", password=password, database="shop", autocommit=True
    )


@pytest.mark.few_hosts
def test_the_database_of_a_red_run_can_be_looked_into(servers):
    red = "\ndef test_red(database):\n    database.execute(\"INSERT INTO a (name) VALUES ('of the red one')\")\n    assert 0\n"
    servers.files(test_it=TEST + red)
    assert servers.run("--wincontainers-keep=failed").outcomes() == {"passed": 2, "failed": 1}
    with kept_database(servers) as server, server.cursor() as cursor:
        cursor.execute("SELECT name FROM a ORDER BY id")
        assert [name for (name,) in cursor] == ["first", "of a test", "of the red one"]
        cursor.execute("INSERT INTO of_a_test VALUES (1)")


@pytest.mark.few_hosts
def test_the_summary_says_how_to_get_in(servers):
    """Without passwords, as others read it."""
    output = servers.run("--wincontainers-keep=always").output
    listed = json.loads(servers.command("ps", "--json", "--passwords").output)
    lines = re.split(r"^containers stay until \d{4}-\d\d-\d\d \d\d:\d\d ", output, flags=re.MULTILINE)[1].splitlines()
    run = listed[0]["run"]
    assert lines[0] == f"(run {run}):"
    told = {}
    for one in listed:
        ((inside, outside),) = one["ports"].items()
        told[one["name"]] = f"  {one['name']}: {one['container']}, port {inside} at {one['host']}:{outside}"
    assert sorted(lines[1:3]) == sorted(told.values())
    see = "see `wincontainers ps --passwords`, `logs NAME`, `exec NAME COMMAND`"
    assert lines[3] == f"{see}; `wincontainers down --run {run}` removes them"
    assert urlopen(f"http://{told['web'].rpartition(' ')[2]}", timeout=10).read() == b"hello me"
    assert next(one for one in listed if one["name"] == "database")["access"]["password"] not in output
    assert servers.command("down", "--run", run).status == 0
    assert servers.containers() == []


@pytest.mark.few_hosts
def test_a_green_run_leaves_nothing(servers):
    assert servers.run("--wincontainers-keep=failed").outcomes() == {"passed": 2}
    assert servers.containers() == []
    assert servers.run("--wincontainers-keep=always").outcomes() == {"passed": 2}
    assert len(servers.containers()) == 2


def wait_for_the_end_of_its_lease(suite, run):
    listed = json.loads(suite.command("ps", "--all", "--json").output)
    until = next(one["until"] for one in listed if one["run"] == run)
    wait_for(lambda: time.time() > until)


@pytest.mark.few_hosts
def test_a_lease_that_has_run_out_is_swept_by_the_next_run(servers):
    assert servers.run("--wincontainers-keep=always", "--wincontainers-keep-hours=0.0001").outcomes() == {"passed": 2}
    (expired,) = {one.labels[RUN_LABEL] for one in servers.containers()}
    wait_for_the_end_of_its_lease(servers, expired)
    finished = servers.run("--wincontainers-keep=always")
    assert f"removed the containers left by run {expired}, whose lease has run out" in finished.output
    (kept,) = {one.labels[RUN_LABEL] for one in servers.containers()}
    assert "lease has run out" not in servers.run().output
    assert {one.labels[RUN_LABEL] for one in servers.containers()} == {kept}


NEIGHBOUR = """
from guest import IMAGE
from pytest_wincontainers import container

@container(image=IMAGE, command=["box", "serve", "8000"], ports=[8000])
def theirs():
    pass
"""
HOLDING = """
import time
from pathlib import Path

def test_it(theirs):
    Path("begun").touch()
    while not Path("enough").exists():
        time.sleep(0.05)
"""


@pytest.fixture
def projects(suite):
    """Three projects of the same account: run one by name; and by their names the runs whose containers are there."""
    folders = {name: suite.path / name for name in ("keeping", "using", "ours")}
    for name, folder in folders.items():
        folder.mkdir()
        for module in ("guest.py", "brisk.py"):
            shutil.copy(suite.path / module, folder)
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "conftest.py").write_text(NEIGHBOUR)
        (folder / "test_it.py").write_text(HOLDING)
        if name != "using":
            (folder / "enough").touch()

    def run(name, *arguments):
        output, _ = suite.start(*arguments, folder=name).communicate(timeout=120)
        assert "1 passed" in output
        return output

    def there():
        left = {one.labels[RUN_LABEL] for one in suite.containers()}
        found = {
            name: {path.name.rpartition("-")[2] for path in folder.glob(".wincontainers/*-*-*")} & left
            for name, folder in folders.items()
        }
        return {name: runs for name, runs in found.items() if runs}

    yield folders, run, there
    suite.command("down", "--all")


@pytest.mark.few_hosts
def test_what_neighbours_have_is_not_swept(suite, projects):
    """Neither what another project keeps, nor what one is using whose lease has run out before."""
    folders, run, there = projects
    brief = "--wincontainers-keep-hours=0.0001"
    run("keeping", "--wincontainers-keep=always")
    (folders["using"] / "enough").touch()
    run("using", "--wincontainers-keep=always", brief)
    (expiring,) = there()["using"]
    wait_for_the_end_of_its_lease(suite, expiring)
    (folders["using"] / "enough").unlink()
    (folders["using"] / "begun").unlink()
    used = suite.start("--wincontainers-reuse", folder="using")
    wait_for((folders["using"] / "begun").exists)
    run("ours", "--wincontainers-keep=always", brief)
    (expired,) = there()["ours"]
    wait_for_the_end_of_its_lease(suite, expired)
    before = there()
    output = run("ours")
    assert [line for line in output.splitlines() if "lease has run out" in line] == [
        f"removed the containers left by run {expired}, whose lease has run out"
    ]
    del before["ours"]
    assert there() == before
    assert list(before) == ["keeping", "using"]
    (folders["using"] / "enough").touch()
    output, _ = used.communicate(timeout=60)
    assert re.search(r"^theirs +reused, ready after", output, re.MULTILINE)


@pytest.mark.few_hosts
def test_what_another_run_uses_is_not_taken(servers):
    servers.files(test_slow=SLOW)
    assert servers.command("up", "web").status == 0
    slow = servers.start("--wincontainers-reuse", "test_slow.py")
    wait_for((servers.path / "begun").exists)
    assert "in use" in servers.command("ps").output
    assert servers.command("down").status == 1
    output, seen = reused(servers, "test_it.py")
    assert "was started anew" not in output
    (servers.path / "enough").touch()
    assert "1 passed" in slow.communicate(timeout=60)[0]
    listed = json.loads(servers.command("ps", "--json").output)
    assert not {one["id"] for one in listed} & set(seen.values())
    assert len(servers.containers()) == 2


@pytest.mark.few_hosts
def test_restart_keeps_data_and_reset_does_not(servers):
    assert servers.command("up").status == 0

    def names(*statements):
        with kept_database(servers) as server, server.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            cursor.execute("SELECT name FROM a ORDER BY id")
            return [row[0] for row in cursor.fetchall()]

    assert names("INSERT INTO a (name) VALUES ('mine')") == ["first", "mine"]
    assert servers.command("restart", "database").status == 0
    assert servers.command("up").status == 0
    assert names() == ["first", "mine"]
    assert servers.command("reset", "database").status == 0
    assert names() == ["first"]


@pytest.mark.few_hosts
def test_the_plan_of_a_suite(servers):
    done = servers.command("plan")
    assert done.status == 0
    assert [line for line in done.output.splitlines() if not line.startswith(" ") and line] == [
        "database: mysql",
        f"web: container from {servers.path.joinpath('guest.py').read_text().split(chr(34))[1]}",
    ]
    assert "  is ready after database" in done.output.splitlines()
    (servers.path / "conftest.py").write_text(SERVERS.replace('migrations="db"', 'migrations="nowhere"'))
    done = servers.command("plan")
    assert (done.status, "nowhere does not exist" in done.output) == (2, True)
    assert servers.created() == []


@pytest.mark.few_hosts
def test_images_are_built_without_containers(servers):
    done = servers.command("images", "build")
    assert done.status == 0
    assert re.search(r"^database: wincontainers\S*/mysql:", done.output, re.MULTILINE)
    assert servers.created() == []
    listed = json.loads(servers.command("images", "list", "--json").output)
    assert {one["kind"] for one in listed} <= {"image", "snapshot"}


@pytest.mark.few_hosts
def test_what_cannot_be_asked_for_is_said(servers):
    for words, status, says in (
        (["up", "databse"], 2, "no container is called 'databse'; did you mean 'database'?"),
        (["restart"], 2, "Missing argument 'NAME...'"),
        (["logs", "web"], 1, "there are no containers of"),
        (["exec", "web"], 2, "Missing argument 'COMMAND...'"),
    ):
        done = servers.command(*words)
        assert (done.status, says in done.output) == (status, True)
    assert servers.created() == []


@pytest.mark.few_hosts
def test_a_container_that_does_not_start(servers):
    """What is ready stays, so that the next try is faster."""
    (servers.path / "conftest.py").write_text(SERVERS.replace('"serve"', '"end", "3"'))
    done = servers.command("up")
    assert done.status == 1
    assert "wincontainers: web: web ended before it was ready with exit code 3" in done.output
    assert [one["name"] for one in json.loads(servers.command("ps", "--json").output)] == ["database"]
    assert len(servers.containers()) == 1


# -- a site ------------------------------------------------------------------------------------------------------------

SITE = """
from pytest_wincontainers import Site, iis_container, mysql_container

@mysql_container(database="shop")
def database():
    pass

@iis_container(Site("shop", path="shop", port=8080, app_settings={"Who": "the shop"}, health="/Default.aspx"))
def web():
    pass
"""
SITE_TEST = """
import json
from pathlib import Path
from urllib.request import urlopen

def test_database(database):
    Path("seen.json").write_text(json.dumps({"database": database.container_id}))

def test_web(web):
    page = urlopen(web.url + "/Default.aspx", timeout=30).read().decode()
    seen = json.loads(Path("seen.json").read_text())
    Path("seen.json").write_text(json.dumps({**seen, "web": web.container_id, "page": page}))
"""


@pytest.fixture
def site(suite):
    folder = suite.path / "shop"
    folder.mkdir()
    (folder / "Default.aspx").write_text(PAGE)
    (folder / "Web.config").write_text(CONFIG)
    suite.files(conftest=SITE, test_it=SITE_TEST)
    yield suite
    suite.command("down")


@pytest.mark.few_hosts
def test_an_edited_page_starts_its_site_anew(site):
    _, first = reused(site)
    assert first["page"] == "the shop says 42"
    output, second = reused(site)
    assert "was started anew" not in output
    assert second == first
    (site.path / "shop" / "Default.aspx").write_text(PAGE.replace("6 * 7", "6 * 8"))
    output, third = reused(site)
    assert re.findall(r"(\w+) was started anew: (.*)", output) == [("web", "its files have changed")]
    assert third["page"] == "the shop says 48"
    assert third["database"] == first["database"]
    assert third["web"] != first["web"]
    assert len(site.containers()) == 2


@pytest.mark.few_hosts
def test_the_lines_of_up_are_ready_made(site):
    up = site.command("up")
    told = dict(re.findall(r"^  (mysql|password|shop) +(.*)$", up.output, re.MULTILINE))
    client = re.fullmatch(r"mysql --host=(\S+) --port=(\d+) --user=(\S+) -p (\S+)", told["mysql"])
    host, port, user, database = client.groups()
    given = {"host": host, "port": int(port), "user": user, "password": told["password"], "database": database}
    pymysql.connect(**given).close()
    assert urlopen(f"{told['shop']}/Default.aspx", timeout=30).read() == b"the shop says 42"


# -- ports and passwords for people -----------------------------------------------------------------------------------

FIXED = """
from pytest_wincontainers import mysql_container

@mysql_container(database="shop", publish={{3306: {port}}}, password="look at me")
def database():
    pass
"""


@pytest.fixture
def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("engine", ["linux", "server2022"], indirect=True)
def test_a_fixed_port_and_password_for_a_look_from_outside(suite, free_port):
    suite.files(conftest=FIXED.format(port=free_port), test_it="def test_it(database):\n    pass\n")

    def look():
        given = {"host": "127.0.0.1", "port": free_port, "user": "shop", "password": "look at me", "database": "shop"}
        pymysql.connect(**given).close()

    up = suite.command("up")
    assert (up.status, f":{free_port}" in up.output) == (0, True)
    look()
    assert suite.run("--wincontainers-reuse").outcomes() == {"passed": 1}
    look()
    assert suite.run().outcomes() == {"passed": 1}
    taken = suite.run("--wincontainers-publish=database")
    assert taken.outcomes() == {"errors": 1}
    said = rf"port {free_port} is used by the container wc-\w+-database of run \w+, which `wincontainers down --run"
    assert re.search(said, taken.output)
    assert suite.command("down").status == 0
    with pytest.raises(pymysql.OperationalError):
        look()
    suite.files(test_it="def test_it(database):\n    assert database.password == 'look at me'\n")
    assert suite.run("--wincontainers-publish=database").outcomes() == {"passed": 1}


@pytest.mark.parametrize("engine", ["linux"], indirect=True)
def test_a_fixed_port_that_another_program_has(suite, free_port):
    suite.files(conftest=FIXED.format(port=free_port))
    with socket.create_server(("127.0.0.1", free_port)):
        up = suite.command("up")
    assert up.status == 1
    assert f"port {free_port} is used by another program on this machine" in up.output
    assert suite.created() == []


# -- many at once -------------------------------------------------------------------------------------------------


@pytest.mark.few_hosts
def test_eight_runs_and_an_up_at_once(servers):
    """Nobody touches what is another's."""
    runs = [servers.start("--wincontainers-reuse", "-p", "no:cacheprovider", "test_it.py") for _ in range(8)]
    up = servers.command("up", seconds=240)
    outputs = [run.communicate(timeout=240)[0] for run in runs]
    assert up.status == 0
    assert [re.search(r"\d passed", output)[0] for output in outputs] == ["2 passed"] * 8
    assert not any("was started anew" in output for output in outputs)
    kept = {one["id"] for one in json.loads(servers.command("ps", "--json").output)}
    assert {one.id for one in servers.containers()} == kept
    assert servers.command("down").status == 0


# -- what others had found ------------------------------------------------------------------------------------------


@pytest.mark.few_hosts
def test_a_red_run_also_leaves_what_did_not_become_ready(servers):
    broken = SERVERS.replace("ports=[8000]", "ports=[8000, 8001], timeout=2")
    (servers.path / "conftest.py").write_text(broken)
    finished = servers.run("--wincontainers-keep=failed")
    assert re.search(r"web: wc-\w+-web \(not ready\)", finished.output)
    assert {one["name"] for one in json.loads(servers.command("ps", "--json").output)} == {"database", "web"}
    assert servers.command("exec", "web", "box", "env", "WHO").output == "me\n"
    assert "removed database, web" in servers.command("prune").output


@pytest.mark.few_hosts
def test_a_container_that_is_not_declared_any_more_goes(servers):
    reused(servers)
    (servers.path / "conftest.py").write_text(SERVERS.replace("def web(", "def site("))
    servers.files(test_it="def test_it(site):\n    pass\n")
    assert servers.run("--wincontainers-reuse").outcomes() == {"passed": 1}
    assert {one["name"] for one in json.loads(servers.command("ps", "--json").output)} == {"database", "site"}
    assert len(servers.containers()) == 2


@pytest.mark.few_hosts
def test_what_failed_with_reuse_is_not_said_to_stay(servers):
    reused(servers)
    (servers.path / "db" / "2.sql").write_text("CREATE TABLE broken (;")
    finished = servers.run("--wincontainers-reuse")
    assert "migration" in finished.output
    (one,) = json.loads(servers.command("ps", "--json").output)
    assert (one["name"], one["state"]) == ("web", "running")
    assert "database: wc-" not in finished.output.rpartition("containers stay")[2]


@pytest.mark.few_hosts
def test_restart_does_not_start_others_beside_those_in_use(servers):
    servers.files(test_slow=SLOW)
    assert servers.command("up", "web").status == 0
    slow = servers.start("--wincontainers-reuse", "test_slow.py")
    wait_for((servers.path / "begun").exists, seconds=60)
    refused = servers.command("restart", "web")
    assert refused.status != 0
    assert re.search(r"run \w+ is using the containers of this project", refused.output)
    assert len(servers.containers()) == 2
    (servers.path / "enough").touch()
    assert "1 passed" in slow.communicate(timeout=60)[0]


@pytest.mark.few_hosts
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_the_next_run_after_a_killed_one_has_containers_of_its_own(servers):
    """The killed one's watchdog is still removing."""
    servers.files(test_slow="import time\n\ndef test_slow(web):\n    open('begun', 'w').close()\n    time.sleep(60)\n")
    assert servers.command("up").status == 0
    slow = servers.start("--wincontainers-reuse", "test_slow.py")
    wait_for((servers.path / "begun").exists, seconds=60)
    slow.kill()
    reused(servers, "test_it.py")
    wait_for(lambda: len(servers.containers()) == 2, seconds=30)
    reused(servers, "test_it.py")
