"""However a run ends, nothing of it is left. The fixture `suite` looks after each test."""

import json
import os
import signal
import time

import pytest

from tests.kit.soak import amount
from tests.kit.suite import RUN_LABEL
from tests.kit.waiting import wait_for
from tests.windows import standins

SLEEPER = """
from guest import IMAGE
from pytest_wincontainers import Build, container, ready

@container(image=IMAGE, command=["box", "sleep"])
def first():
    pass

@container(image=IMAGE, command=["box", "sleep"], ready=ready.log("never"))
def never(first):
    pass

@container(build="slow")
def slow(first):
    pass
"""

IN_TEST = """
import pathlib, time

def test_waits(first):
    pathlib.Path("testing").touch()
    time.sleep(60)
"""


@pytest.fixture
def sleepers(suite):
    suite.files(conftest=SLEEPER)
    (suite.path / "slow").mkdir()
    # The time makes it another image each time.
    suite.stamp = time.time()
    (suite.path / "slow" / "Dockerfile").write_text(f"FROM {standins.box()}\nRUN sleep 60 && echo {suite.stamp}\n")
    return suite


def kill_watchdog(suite):
    ((watchdog, _),) = suite.watchdogs()
    os.kill(watchdog, signal.SIGKILL)


def building(real_client, stamp):
    running = real_client.containers.list(ignore_removed=True)
    return [one for one in running if f"sleep 60 && echo {stamp}" in " ".join(one.attrs["Args"])]


def ended(process, seconds=30):
    output, _ = process.communicate(timeout=seconds)
    print(output)
    return output


def recorded(suite):
    """The manifest of its run, once that has a page as well."""
    wait_for(lambda: list((suite.path / ".wincontainers").glob("*-*-*/index.html")))
    page = suite.artifact("index.html")
    manifest = json.loads((page.parent / "run.json").read_text("utf-8"))
    assert f"Run {manifest['run']}: {manifest['state']}" in page.read_text("utf-8")
    assert not (page.parent / "journal").exists()
    return manifest


def ends_of(manifest):
    return {one["name"]: one["end"] for one in manifest["containers"]}


@pytest.mark.every_process
@pytest.mark.parametrize("outcome", ["passes", "fails"])
def test_after_tests(sleepers, mode, outcome):
    sleepers.files(test_it=f"def test_it(first):\n    assert {outcome == 'passes'}\n")
    assert sleepers.run(*mode).status == (0 if outcome == "passes" else 1)


@pytest.mark.every_process
def test_ctrl_c_in_a_test(sleepers, mode):
    sleepers.files(test_it=IN_TEST)
    process = sleepers.start(*mode)
    wait_for((sleepers.path / "testing").exists)
    assert len(sleepers.containers()) == 1
    process.interrupt()
    assert "KeyboardInterrupt" in ended(process)
    assert process.returncode == 2
    manifest = recorded(sleepers)
    assert manifest["state"] == "interrupted"
    assert [test["outcome"] for test in manifest["tests"]] == ["interrupted"]
    assert ends_of(manifest) == {"first": "ready"}


@pytest.mark.every_process
def test_ctrl_c_while_a_container_becomes_ready(sleepers, mode):
    sleepers.files(test_it="def test_it(never):\n    pass\n")
    process = sleepers.start(*mode)
    wait_for(lambda: len(sleepers.containers()) == 2)
    sleepers.wait_for_state("first", "ready")
    process.interrupt()
    output = ended(process)
    assert process.returncode == 2
    assert ends_of(recorded(sleepers)) == {"first": "ready", "never": "interrupted"}
    assert "never  interrupted" in output
    assert "failed" not in output


@pytest.mark.every_process
def test_ctrl_c_during_a_build(sleepers, real_client, mode):
    sleepers.files(test_it="def test_it(slow):\n    pass\n")
    process = sleepers.start(*mode)
    wait_for(lambda: building(real_client, sleepers.stamp))
    process.interrupt()
    ended(process)
    assert process.returncode == 2
    # The engine gives the build up once nobody waits for it.
    wait_for(lambda: not building(real_client, sleepers.stamp), seconds=20)
    assert ends_of(recorded(sleepers))["slow"] == "interrupted"


@pytest.mark.every_process
@pytest.mark.soak
@pytest.mark.parametrize("how", ["interrupt", "die"])
def test_the_owner_ends_at_any_moment(sleepers, how):
    """From before the first container to the middle of a test."""
    sleepers.files(test_it=IN_TEST)
    moments = amount(10, 100) // sleepers.costs
    for step in range(moments):
        process = sleepers.start("-p", "no:cacheprovider")
        wait_for(sleepers.watchdogs)
        time.sleep(sleepers.birth_seconds + step * 0.8 / moments)
        getattr(process, how)()
        if how == "interrupt":
            ended(process)
        # Nobody but the watchdog removes what an owner leaves that was killed.
        assert sleepers.leftovers(seconds=0 if how == "interrupt" else amount(60, 15)) == [], step


@pytest.mark.every_process
@pytest.mark.parametrize("seconds", [0.0, 0.1, 1.0])
def test_ctrl_c_twice(sleepers, mode, seconds):
    """The second one may come before the first has ended a test, while containers are removed, or too late."""
    sleepers.files(test_it=IN_TEST)
    process = sleepers.start(*mode)
    wait_for((sleepers.path / "testing").exists)
    process.interrupt()
    time.sleep(seconds)
    if process.poll() is None:
        process.interrupt()
    ended(process)
    assert process.returncode
    assert sleepers.leftovers(seconds=60) == []


@pytest.mark.every_process
@pytest.mark.parametrize("how", ["terminate", "die"])
def test_the_owner_is_killed(sleepers, mode, how):
    sleepers.files(test_it=IN_TEST)
    process = sleepers.start(*mode)
    wait_for((sleepers.path / "testing").exists)
    getattr(process, how)()
    process.wait(timeout=30)
    assert sleepers.leftovers(seconds=60) == []
    # Nobody but the watchdog can write it.
    manifest = recorded(sleepers)
    assert manifest["state"] == "crashed"
    assert [test["outcome"] for test in manifest["tests"]] == ["interrupted"]
    # The workers notice that their controller is gone.
    process.stdout.close()


def test_the_owner_is_killed_while_containers_start(sleepers):
    sleepers.files(test_it="def test_it(never):\n    pass\n")
    process = sleepers.start()
    wait_for(sleepers.containers)
    process.die()
    assert sleepers.leftovers(seconds=60) == []


@pytest.mark.every_process
def test_what_a_power_cut_leaves_is_swept_by_the_next_run(sleepers):
    """Owner and watchdog both gone: the next run removes what is provably dead."""
    sleepers.files(test_it=IN_TEST)
    private = sleepers.path / "private"
    private.mkdir()
    process = sleepers.start(TMPDIR=sleepers.shown(private))
    wait_for((sleepers.path / "testing").exists)
    (left,) = sleepers.containers()
    kill_watchdog(sleepers)
    process.die()
    assert sleepers.containers() == [left]
    # With the passwords of the run.
    assert len(list(private.glob("wincontainers-*"))) == 1

    sleepers.files(test_it="import time\n\ndef test_it(first):\n    time.sleep(1)\n")
    finished = sleepers.run()
    assert finished.status == 0
    assert f"removed the containers left by run {left.labels[RUN_LABEL]}, which was killed" in finished.output
    assert list(private.glob("wincontainers-*")) == []


def test_a_living_run_is_not_swept(sleepers):
    sleepers.files(test_it=IN_TEST)
    other = sleepers.start()
    wait_for((sleepers.path / "testing").exists)
    (living,) = sleepers.containers()
    sleepers.files(test_it="def test_it(first):\n    pass\n")
    assert sleepers.run().status == 0
    assert sleepers.containers() == [living]
    other.interrupt()
    ended(other)


def test_foreign_containers_are_left_alone(sleepers, client):
    """Also one with our label, from a run of which nothing is known."""
    foreign = client.containers.run(
        standins.box(), ["box", "sleep"], detach=True, network="none", labels={RUN_LABEL: "other"}
    )
    try:
        sleepers.files(test_it="def test_it(first):\n    pass\n")
        assert sleepers.run().status == 0
        foreign.reload()
        assert foreign.status == "running"
    finally:
        foreign.remove(force=True)


@pytest.mark.every_process
def test_the_engine_dies_during_the_run(sleepers, relay):
    sleepers.files(test_it=IN_TEST.replace("60", "2") + "\n\ndef test_after(first):\n    pass\n")
    process = sleepers.start(DOCKER_HOST=relay.url)
    wait_for((sleepers.path / "testing").exists)
    relay.shut()
    output = ended(process)
    assert process.returncode == 1
    assert "1 passed, 1 error" in output
    assert "the Docker engine stopped responding" in output
    assert "could not be removed" in output
    # The watchdog goes on trying until the engine is back.
    assert sleepers.leftovers() != []
    relay.open()
    assert sleepers.leftovers(seconds=60) == []
