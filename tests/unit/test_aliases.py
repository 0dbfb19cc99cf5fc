"""Names on the network that only one run of an engine has at a time."""

import threading
import time

import pytest

from pytest_wincontainers.engines.base import ContainerSpec
from pytest_wincontainers.errors import StartError
from pytest_wincontainers.run import aliases
from pytest_wincontainers.run.aliases import AliasClaims
from pytest_wincontainers.run.locks import Locks, RunLock
from pytest_wincontainers.run.removal import labels
from pytest_wincontainers.testing import FakeEngine
from tests.kit.waiting import wait_for


@pytest.fixture
def claims(tmp_path):
    """Makes the claims of a run."""
    engine = FakeEngine()

    def make(run, *names):
        return AliasClaims(engine, Locks(tmp_path, "engine", lambda: None), tmp_path, run, names)

    make.engine, make.state = engine, tmp_path
    return make


def container_of(engine, run, *names):
    container = engine.create(ContainerSpec(f"wc-{run}-box", "box", labels(run, "box", names)))
    engine.start(container)
    return container


def test_a_second_run_waits_until_the_first_lets_go(claims):
    first, second = claims("one", "db", "web"), claims("two", "WEB", "cache")
    first.claim(print, time.sleep)
    container = container_of(claims.engine, "one", "db", "web")
    said, got = [], threading.Event()

    def claim():
        second.claim(said.append, time.sleep)
        got.set()

    threading.Thread(target=claim, daemon=True).start()
    wait_for(lambda: said)
    assert not got.is_set()
    assert said == ["waiting for the network name web, which run one has"]
    claims.engine.remove(container)
    first.release()
    assert got.wait(60)
    second.release()


def test_runs_with_other_names_do_not_wait(claims):
    for run, name in (("one", "db"), ("two", "db2")):
        claims(run, name).claim(pytest.fail, pytest.fail)
        container_of(claims.engine, run, name)


def test_a_run_claims_once(claims):
    mine = claims("one", "db")
    mine.claim(pytest.fail, pytest.fail)
    container_of(claims.engine, "one", "db")
    mine.claim(pytest.fail, pytest.fail)
    mine.release()


def test_another_machines_run_that_does_not_let_go(claims, monkeypatch):
    container_of(claims.engine, "far", "DB")
    pauses = []
    with pytest.raises(StartError, match="the network name db is used by run far") as refused:
        claims("one", "db").claim(lambda text: None, pauses.append)
    assert refused.value.details == "wc-far-box"
    assert sum(pauses) == aliases._FOREIGN_SECONDS


def test_what_stays_is_not_waited_for(claims):
    container_of(claims.engine, "kept", "db")
    lock = RunLock(claims.state, "kept")
    lock.hold()
    lock.lease(time.time() + 60)
    with pytest.raises(
        StartError, match="the network name db is used by wc-kept-box, which run kept has left"
    ) as refused:
        claims("one", "db").claim(pytest.fail, pytest.fail)
    assert "`wincontainers down --run kept`" in refused.value.hint


def test_what_stays_and_is_in_use_is_waited_for(claims):
    container = container_of(claims.engine, "kept", "db")
    lock = RunLock(claims.state, "kept")
    lock.hold()
    lock.lease(time.time() + 60)
    assert lock.take_over()
    claims("one", "db").claim(lambda text: None, lambda seconds: claims.engine.remove(container))
    lock.release()


def test_a_claim_that_failed_does_not_keep_the_others_waiting(claims, monkeypatch):
    """Each container with a name claims all of the run's; the second one must not wait for what the first has taken."""
    monkeypatch.setattr(aliases, "_FOREIGN_SECONDS", 0.0)
    container_of(claims.engine, "far", "web")
    mine = claims("one", "db", "web")
    for _ in range(2):
        with pytest.raises(StartError, match="the network name web is used by run far"):
            mine.claim(lambda text: None, time.sleep)


def test_a_stack_of_docker_compose_is_not_shared(claims):
    """On Windows engines its containers are on nat, too, and answer to the same names."""
    labels_of_compose = {"com.docker.compose.service": "db"}
    container = claims.engine.create(ContainerSpec("shop-db-1", "db", labels_of_compose))
    claims("one", "db").claim(pytest.fail, pytest.fail)
    claims.engine.start(container)
    with pytest.raises(StartError, match="the network name db is used by shop-db-1") as refused:
        claims("two", "db").claim(pytest.fail, pytest.fail)
    assert "docker compose down" in refused.value.hint


def test_one_that_has_ended_has_no_name(claims):
    claims.engine.kill(container_of(claims.engine, "far", "db"))
    claims("one", "db").claim(pytest.fail, pytest.fail)
