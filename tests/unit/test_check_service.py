"""The checks for services: ours pass them, and each fault is found."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest

from pytest_wincontainers import AppPool, Site
from pytest_wincontainers.errors import DeclarationError, EngineError, PreparationError
from pytest_wincontainers.services import (
    Build,
    Face,
    Folder,
    Options,
    PerWorker,
    ServerLogs,
    Service,
    SnapshotSupport,
    Staged,
    StagedFiles,
    TestHooks,
)
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.services.iis import Iis
from pytest_wincontainers.services.mysql import MySql
from pytest_wincontainers.services.selenium import Selenium
from pytest_wincontainers.testing import FakeEngine, check_service


@pytest.fixture
def site(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "web.config").write_text("<configuration />")
    pool = AppPool(user="svc", password="always the same")
    return Iis(Options(), (Site("shop", "shop", 80, pool=pool),), ("websockets",))


@pytest.mark.parametrize(
    "service", [Generic(Options(image="x"), (80,)), MySql(Options()), Selenium(Options())], ids=lambda one: one.kind
)
def test_our_services(service, tmp_path):
    check_service(service, base=tmp_path)


def test_our_web_server(site, tmp_path):
    check_service(site, base=tmp_path)


@dataclass(frozen=True)
class Good(Service, StagedFiles, SnapshotSupport, ServerLogs, TestHooks):
    kind: ClassVar[str] = "good"
    returns: ClassVar[frozenset[str]] = frozenset({"environment", "names"})
    fault: str = ""
    counter: ClassVar[itertools.count] = itertools.count()

    def at(self, place):
        if self.fault == place:
            raise ConnectionError(f"a fault in {place}")

    @property
    def ports(self):
        return (80, 80) if self.fault == "ports" else ()

    def check(self, base):
        if self.fault == "check":
            raise DeclarationError("nobody can check this")

    def image(self, engine):
        if self.fault == "no image":
            raise DeclarationError("not for this engine")
        return Build(Path("nowhere")) if self.fault == "image" else "good:1"

    def secrets(self, token):
        return {"password": token(), "none": ""}

    def environment(self, secrets, returned):
        return (
            {"NAMES": returned["names"]["a"]}
            if self.fault == "returned"
            else {"NUMBER": 1 if self.fault == "number" else "1"}
        )

    def staged(self, base, guest, secrets, returned):
        target = {"linux": "/srv", "windows": "C:\\srv"}[guest]
        return Staged((Folder(None, "srv" if self.fault == "staged" else target, {"a": b"1"}),))

    def readiness(self):
        return ("soon",) if self.fault == "readiness" else ()

    def face(self, host, ports, secrets):
        if self.fault == "shown":
            return Shown(host, ports, secrets["password"])
        return (host, ports) if self.fault == "no face" else Face("here" if self.fault == "face" else host, ports)

    def endpoint(self, link):
        return object() if self.fault == "endpoint" else super().endpoint(link)

    def prepare(self, endpoint, preparation):
        if self.fault == "prepare":
            raise PreparationError("nobody can prepare this")

    @property
    def snapshots(self):
        return "sometimes" if self.fault == "snapshots" else "never"

    def snapshot_parts(self, base, environment):
        self.at("snapshot_parts")
        return str(next(self.counter)) if self.fault == "parts" else "parts"

    def seal(self, endpoint, container, key):
        pass

    def is_sealed(self, endpoint, key):
        return True

    def flush_logs(self, endpoint):
        self.at("flush_logs")

    def excerpts(self, log, offset, since, until):
        return {"": ["a line"]} if self.fault == "excerpts" else {}

    def parallel_problem(self, workers):
        return DeclarationError("alone") if self.fault == "parallel" else None

    def take_over(self, endpoint):
        self.at("take_over")

    def start_test(self, endpoint):
        self.at("start_test")


@dataclass(frozen=True)
class Shown(Face):
    password: str = field()


@dataclass(frozen=True)
class Nameless(Service):
    kind: ClassVar[str] = "No Name"


def test_a_good_one_lives(tmp_path):
    engine = FakeEngine()
    check_service(Good(), engine=engine, base=tmp_path)
    assert engine.containers([]) == []


def test_one_without_a_word_for_it():
    with pytest.raises(AssertionError, match="kind: "):
        check_service(Nameless())


FAULTS = {
    "ports": "ports: ",
    "check": "check: nobody can check this",
    "number": "Linux: environment: the value of NUMBER must be a string",
    "readiness": "readiness: ",
    "image": "Linux: image: there is no Dockerfile",
    "no image": "image: there is none for any engine",
    "shown": "service shows a password",
    "face": "face: `host`",
    "no face": "face: must be a Face",
    "staged": "Windows ltsc2016: staged: srv is not an absolute path",
    "returned": "Linux: making it: KeyError in environment(): 'names'",
    "snapshots": "snapshots: 'sometimes'",
    "snapshot_parts": "a role: ConnectionError in at(): a fault in snapshot_parts",
    "parts": "snapshot_parts: must be the same",
    "excerpts": "excerpts: must find nothing",
    "parallel": "parallel_problem: ",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_what_it_says(fault, tmp_path):
    with pytest.raises(AssertionError) as found:
        check_service(Good(Options(), fault), base=tmp_path)
    assert FAULTS[fault] in str(found.value)


def test_a_value_of_a_wrong_type(tmp_path):
    with pytest.raises(AssertionError, match=r"check: Good\(\): fault= must be a string, not 7"):
        check_service(Good(Options(), 7), base=tmp_path)
    with pytest.raises(AssertionError, match=r"check: Good\(\): memory= must be an integer, not '1g'"):
        check_service(Good(Options(memory="1g")), base=tmp_path)


def test_what_the_function_would_return(tmp_path):
    check_service(Good(Options(), "returned"), base=tmp_path, returned={"names": {"a": "b"}})


def test_a_password_in_its_command(tmp_path):
    class Told(Good):
        def secrets(self, token):
            return {"password": "in-the-command"}

    with pytest.raises(AssertionError, match="command: it contains a password"):
        check_service(Told(Options(command=["--password=in-the-command"])), base=tmp_path)


LIVING = {
    "endpoint": "endpoint: must be an Endpoint",
    "prepare": "start: nobody can prepare this",
    "take_over": "a ready container: ConnectionError in at(): a fault in take_over",
    "start_test": "a fault in start_test",
    "flush_logs": "a fault in flush_logs",
}


@pytest.mark.parametrize("fault", LIVING)
def test_a_fault_in_how_it_lives(fault, tmp_path):
    engine = FakeEngine()
    with pytest.raises(AssertionError) as found:
        check_service(Good(Options(), fault), engine=engine, base=tmp_path)
    assert LIVING[fault] in str(found.value)
    assert engine.containers([]) == []


def test_a_restart_that_fails(tmp_path):
    starts = []

    def fail(method, argument):
        starts.append(method)
        if method == "start" and starts.count("start") == 2:
            raise EngineError("it starts no more")

    with pytest.raises(AssertionError, match="restart: it starts no more"):
        check_service(Good(), engine=FakeEngine(fail=fail), base=tmp_path)


def test_a_restart_of_what_does_not_end(tmp_path):
    class Undying(Good):
        def shut_down(self, endpoint, container):
            pass

    with pytest.raises(AssertionError, match=r"restart: .* is still running after it was shut down"):
        check_service(Undying(), engine=FakeEngine(), base=tmp_path)


def test_a_removal_that_fails(tmp_path, monkeypatch):
    def fail(method, argument):
        if method == "remove":
            raise EngineError("it stays")

    monkeypatch.setattr("pytest_wincontainers.run.removal._PAUSES", (0.01,))
    with pytest.raises(AssertionError, match="removal: .* could not be removed: it stays"):
        check_service(Good(), engine=FakeEngine(fail=fail), base=tmp_path)


def test_the_part_of_a_worker_has_a_face():
    class Shelves(Good, PerWorker):
        def joined(self, returned):
            return self

        def part(self, workers, worker):
            return Faceless()

    class Faceless:
        def face(self, host, ports, secrets):
            return host

    with pytest.raises(AssertionError, match="part: the face of a worker's part must be a Face"):
        check_service(Shelves())
