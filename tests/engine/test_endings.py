"""However a run ends, nothing of it is left. The fixture `nothing_left` looks after each test."""

import os
import signal
import time

import pytest

from tests.suites import RUN_LABEL, containers, interrupt, leftovers, wait_for, watchdogs, watchdogs_with_ids
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


def kill_watchdog():
    (watchdog,) = [path for path, _ in watchdogs_with_ids()]
    os.kill(watchdog, signal.SIGKILL)


def building(real_client, stamp):
    running = real_client.containers.list(ignore_removed=True)
    return [one for one in running if f"sleep 60 && echo {stamp}" in " ".join(one.attrs["Args"])]


def ended(process, seconds=30):
    output, _ = process.communicate(timeout=seconds)
    print(output)
    return output


@pytest.mark.parametrize("outcome", ["passes", "fails"])
def test_after_tests(sleepers, mode, outcome):
    sleepers.files(test_it=f"def test_it(first):\n    assert {outcome == 'passes'}\n")
    assert sleepers.run(*mode).status == (0 if outcome == "passes" else 1)


def test_ctrl_c_in_a_test(sleepers, client, mode):
    sleepers.files(test_it=IN_TEST)
    process = sleepers.start(*mode)
    wait_for((sleepers.path / "testing").exists)
    assert len(containers(client)) == 1
    interrupt(process)
    assert "KeyboardInterrupt" in ended(process)
    assert process.returncode == 2


def test_ctrl_c_while_a_container_becomes_ready(sleepers, client, mode):
    sleepers.files(test_it="def test_it(never):\n    pass\n")
    process = sleepers.start(*mode)
    wait_for(lambda: len(containers(client)) == 2)
    time.sleep(0.5)
    interrupt(process)
    ended(process)
    assert process.returncode == 2


def test_ctrl_c_during_a_build(sleepers, real_client, mode):
    sleepers.files(test_it="def test_it(slow):\n    pass\n")
    process = sleepers.start(*mode)
    wait_for(lambda: building(real_client, sleepers.stamp))
    interrupt(process)
    ended(process)
    assert process.returncode == 2
    # The engine gives the build up once nobody waits for it.
    wait_for(lambda: not building(real_client, sleepers.stamp), seconds=20)


def test_ctrl_c_at_any_moment(sleepers, client):
    """From before the first container to the middle of a test, in steps of 40 ms."""
    sleepers.files(test_it=IN_TEST)
    for step in range(20):
        process = sleepers.start("-p", "no:cacheprovider")
        wait_for(watchdogs)
        time.sleep(step * 0.04)
        interrupt(process)
        ended(process)
        assert leftovers(client) == [], step


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_owner_is_killed(sleepers, client, mode, how):
    sleepers.files(test_it=IN_TEST)
    process = sleepers.start(*mode)
    wait_for((sleepers.path / "testing").exists)
    os.kill(process.pid, how)
    process.wait(timeout=30)
    assert leftovers(client, seconds=60) == []
    # The workers notice that their controller is gone.
    process.stdout.close()


def test_the_owner_is_killed_while_containers_start(sleepers, client):
    sleepers.files(test_it="def test_it(never):\n    pass\n")
    process = sleepers.start()
    wait_for(lambda: containers(client))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert leftovers(client, seconds=60) == []


def test_what_a_power_cut_leaves_is_swept_by_the_next_run(sleepers, client):
    """Owner and watchdog both gone: the next run removes what is provably dead."""
    sleepers.files(test_it=IN_TEST)
    process = sleepers.start()
    wait_for((sleepers.path / "testing").exists)
    (left,) = containers(client)
    kill_watchdog()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert containers(client) == [left]

    sleepers.files(test_it="import time\n\ndef test_it(first):\n    time.sleep(1)\n")
    finished = sleepers.run()
    assert finished.status == 0
    assert f"removed the containers that run {left.labels[RUN_LABEL]} left when it was killed" in finished.output


def test_a_living_run_is_not_swept(sleepers, client):
    sleepers.files(test_it=IN_TEST)
    other = sleepers.start()
    wait_for((sleepers.path / "testing").exists)
    (living,) = containers(client)
    sleepers.files(test_it="def test_it(first):\n    pass\n")
    assert sleepers.run().status == 0
    assert containers(client) == [living]
    interrupt(other)
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


def test_the_engine_dies_during_the_run(sleepers, client, relay):
    sleepers.files(test_it=IN_TEST.replace("60", "2") + "\n\ndef test_after(first):\n    pass\n")
    process = sleepers.start(DOCKER_HOST=relay.url)
    wait_for((sleepers.path / "testing").exists)
    relay.shut()
    output = ended(process)
    assert process.returncode == 1
    assert "1 passed, 1 error" in output
    assert "the Docker engine stopped answering" in output
    assert "could not be removed" in output
    # The watchdog goes on trying until the engine is back.
    assert leftovers(client) != []
    relay.open()
    assert leftovers(client, seconds=60) == []
