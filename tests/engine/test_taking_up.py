"""Runs that take up the containers of an earlier one, or start them anew where they cannot."""

import json
import re
import socket

import pytest

from tests.kit.servers import SERVERS, reused
from tests.kit.waiting import wait_for

BROKEN = (
    SERVERS
    + """
import contextlib
import docker
from pytest_wincontainers.errors import PreparationError
from pytest_wincontainers.services.mysql import MySql

whole = MySql.take_up

def take_up(self, endpoint, preparation):
    if Path("ends").exists():
        with contextlib.closing(docker.from_env()) as client:
            client.containers.get(endpoint.container_id).kill()
        whole(self, endpoint, preparation)
    raise PreparationError("its prepared state is gone")

MySql.take_up = take_up
"""
)


@pytest.mark.every_process
def test_a_run_takes_up_what_up_has_started(servers, mode):
    # As many have it.
    (servers.path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\naddopts = -v\n")
    up = servers.command("up")
    assert up.status == 0
    assert re.search(r"ADO.NET +Server=.*;Port=\d+;Database=shop", up.output)
    # It still leads to the last run of tests.
    assert not (servers.path / ".wincontainers" / "latest").exists()
    for _ in range(2):
        output, seen = reused(servers, *mode)
        assert "was started anew" not in output
        assert len(re.findall(r"^\w+ +reused, ready after", output, re.MULTILINE)) == 2
    assert len(servers.created()) == 2
    listed = json.loads(servers.command("ps", "--json").output)
    assert {one["name"]: one["id"] for one in listed} == seen
    assert {(one["state"], one["why"]) for one in listed} == {("running", "up")}
    assert servers.command("down").status == 0
    assert servers.containers() == []
    assert json.loads(servers.command("ps", "--json").output) == []


@pytest.mark.few_hosts
@pytest.mark.parametrize(
    ("path", "old", "new", "name", "why"),
    [
        ("db/1.sql", "name TEXT", "name VARCHAR(20)", "database", "its migrations have changed"),
        ("page.txt", "one", "two", "web", "its files have changed"),
        ("conftest.py", "files={", "memory=64, files={", "web", "its declaration has changed"),
        ("conftest.py", '"WHO": "me"', '"WHO": "me", "MORE": "x"', "web", "its environment has changed"),
    ],
)
def test_only_what_has_changed_is_started_anew(servers, path, old, new, name, why):
    _, before = reused(servers)
    changed = servers.path / path
    changed.write_text(changed.read_text().replace(old, new))
    output, after = reused(servers)
    assert f"{name} was started anew: {why}" in output
    assert output.count("was started anew") == output.count("  reused, ready after") == 1
    assert {one for one in after if after[one] != before[one]} == {name}


@pytest.mark.few_hosts
def test_what_was_ended_or_removed_is_started_anew(servers):
    _, before = reused(servers)
    by_id = {one.id: one for one in servers.containers()}
    by_id[before["web"]].kill()
    by_id[before["database"]].remove(force=True, v=True)
    output, _ = reused(servers)
    assert "web was started anew: it had ended" in output
    assert "database was started anew: somebody had removed it" in output


@pytest.mark.few_hosts
@pytest.mark.parametrize("how", ["raises", "ends"])
def test_a_database_whose_state_cannot_be_restored_is_started_anew(servers, how):
    _, before = reused(servers)
    servers.files(conftest=BROKEN)
    (servers.path / how).touch()
    output, after = reused(servers)
    assert "database was started anew: " in output
    assert after["web"] == before["web"]
    assert after["database"] != before["database"]
    listed = json.loads(servers.command("ps", "--json").output)
    assert {one["name"]: (one["id"], one["state"]) for one in listed} == {
        name: (container, "running") for name, container in after.items()
    }
    assert {one.id for one in servers.containers()} == set(after.values())


@pytest.mark.few_hosts
def test_what_was_ready_stays_where_a_run_does_not_get_as_far(servers):
    """Its image cannot be had any more, so nobody looks whether the container could be used."""
    _, before = reused(servers)
    servers.files(conftest=SERVERS.replace("image=IMAGE", 'image="wincontainers-test/gone:1"'))
    assert servers.run("--wincontainers-reuse").outcomes() == {"passed": 1, "errors": 1}
    assert {one.id for one in servers.containers()} == set(before.values())
    servers.files(conftest=SERVERS)
    output, after = reused(servers)
    assert "was started anew" not in output
    assert after == before


@pytest.mark.few_hosts
def test_a_run_beside_one_with_fixed_ports(servers):
    """It has containers of its own, and no claim on the ports that people look at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    servers.files(
        conftest=SERVERS.replace('migrations="db")', f'migrations="db", publish={{3306: {port}}}, password="look")'),
        test_slow="import time\nfrom pathlib import Path\n\n"
        "def test_slow(database):\n    assert database.password == 'look'\n    Path('begun').touch()\n"
        "    while not Path('enough').exists():\n        time.sleep(0.05)\n",
        test_it="def test_it(database):\n    assert database.execute('SELECT COUNT(*) FROM a') == [(1,)]\n",
    )
    assert servers.command("up", "database").status == 0
    slow = servers.start("--wincontainers-reuse", "test_slow.py")
    wait_for((servers.path / "begun").exists, seconds=60)
    assert servers.run("--wincontainers-reuse", "test_it.py").outcomes() == {"passed": 1}
    (servers.path / "enough").touch()
    assert "1 passed" in slow.communicate(timeout=60)[0]
    assert len(servers.containers()) == 1
