"""What pytest-xdist workers have of their own."""

import json

import pytest

from tests.kit.suite import WITHOUT_HYPOTHESIS

CONFTEST = """
import pathlib
from dataclasses import dataclass, field, replace
from pytest_wincontainers import container
from pytest_wincontainers.services import Face, PerWorker, Service, TestHooks, declare
from pytest_wincontainers.testing import FakeEngine

def pytest_wincontainers_engine(config):
    return FakeEngine(journal=pathlib.Path("journal"))

@dataclass(frozen=True)
class ShelfFace(Face):
    shelf: str

@dataclass(frozen=True)
class Store(Service, PerWorker, TestHooks):
    workers: tuple = ()
    worker: str = ""

    kind = "store"
    always_per_worker = True

    def image(self, engine):
        return "store:1"

    def joined(self, returned):
        return replace(self, workers=tuple(returned))

    def part(self, workers, worker):
        return replace(self, worker=worker)

    def face(self, host, ports, secrets):
        return ShelfFace(host, ports, self.worker or "all")

    def finish(self, endpoint, preparation):
        shelves = [part.inside.shelf for part in preparation.parts]
        pathlib.Path("shelves").write_text(" ".join(shelves))

    def take_over(self, endpoint):
        with open("taken", "a") as file:
            file.write(endpoint.inside.shelf)

@declare(Store())
def store():
    pass

def prepared(endpoint):
    # Two write at the same time, which on Windows costs a line of one file.
    with open("prepared-" + endpoint.name, "a") as file:
        file.write(endpoint.name + "\\n")

@container(image="api:1", prepare=prepared)
def api(store):
    return {"environment": {"SHELF": store.shelf}}

@container(image="browser:1")
def browser(api):
    pass
"""


@pytest.fixture
def suite(pytester):
    class Suite:
        def run(self, tests, *arguments):
            pytester.makeconftest(CONFTEST)
            pytester.makepyfile(test_it=tests)
            return pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *arguments)

        def created(self):
            lines = map(json.loads, (pytester.path / "journal").read_text().splitlines())
            return sorted(one["name"].split("-", 2)[2] for one in lines if one["change"] == "create")

        def read(self, name):
            return sorted(word for path in pytester.path.glob(f"{name}*") for word in path.read_text().split())

    return Suite()


EACH = """
import pytest

@pytest.mark.parametrize("number", range(6))
def test_it(store, api, browser, worker_id, number):
    alone = worker_id == "master"
    assert store.inside.shelf == ("all" if alone else worker_id)
    assert api.name == ("api" if alone else f"api-{worker_id}")
    assert (store.name, browser.name) == ("store", "browser")
    before = api.container_id
    api.restart()
    assert api.container_id == before and api.inside.host.endswith(api.name)
"""


def test_each_worker_has_its_own_of_what_differs(suite):
    suite.run(EACH, "-n2").assert_outcomes(passed=6)
    assert suite.created() == ["api-gw0", "api-gw1", "browser", "store"]
    assert suite.read("shelves") == ["gw0", "gw1"]
    assert suite.read("prepared") == ["api-gw0", "api-gw1"]


@pytest.mark.parametrize("arguments", [(), ("-n0",)])
def test_without_workers_there_is_one_of_each(suite, arguments):
    suite.run(EACH, *arguments).assert_outcomes(passed=6)
    assert suite.created() == ["api", "browser", "store"]
    assert suite.read("prepared") == ["api"]


def test_a_worker_that_replaces_a_crashed_one_has_its_things(suite):
    dying = """
import os
import pathlib
import time
import pytest

@pytest.mark.parametrize("number", range(16))
def test_it(store, api, number):
    assert api.name == f"api-{store.inside.shelf}"
    if number == 3:
        os._exit(9)
    # Until the new worker has had a test.
    deadline = time.monotonic() + 60
    while number > 3 and not pathlib.Path("taken").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
"""
    result = suite.run(dying, "-n2")
    result.assert_outcomes(passed=15, failed=1)
    assert suite.created() == ["api-gw0", "api-gw1", "store"]
    (taken,) = suite.read("taken")
    assert taken in {"gw0", "gw1"}


def test_the_plan_names_each(suite):
    result = suite.run(EACH, "-n2", "--setup-plan")
    assert "api-gw1: container from api:1" in result.stdout.str()
