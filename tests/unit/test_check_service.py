"""The checks for services: ours pass them, and each fault is found."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest

from pytest_wincontainers import Site
from pytest_wincontainers.errors import DeclarationError, EngineError, PreparationError
from pytest_wincontainers.services import Build, Face, Folder, Options, Service, Staged, StagedFiles
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.services.iis import Iis
from pytest_wincontainers.services.mysql import MySql
from pytest_wincontainers.services.selenium import Selenium
from pytest_wincontainers.testing import FakeEngine, check_service


@pytest.fixture
def site(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "web.config").write_text("<configuration />")
    return Iis(Options(), (Site("shop", "shop", 80),), ("websockets",))


@pytest.mark.parametrize(
    "service", [Generic(Options(image="x"), (80,)), MySql(Options()), Selenium(Options())], ids=lambda one: one.kind
)
def test_our_services(service, tmp_path):
    check_service(service, base=tmp_path)


def test_our_web_server(site, tmp_path):
    check_service(site, base=tmp_path)


@dataclass(frozen=True)
class Good(Service, StagedFiles):
    kind: ClassVar[str] = "good"
    fault: str = ""

    @property
    def ports(self):
        return (80, 80) if self.fault == "ports" else ()

    def check(self, base):
        if self.fault == "check":
            raise DeclarationError("nobody can check this")

    def image(self, engine):
        return Build(Path("nowhere")) if self.fault == "image" else "good:1"

    def secrets(self, token):
        return {"password": "always" if self.fault == "same" else token()}

    def environment(self, secrets, returned):
        return {"NUMBER": 1} if self.fault == "environment" else {}

    def staged(self, base, guest, secrets, returned):
        target = {"linux": "/srv", "windows": "C:\\srv"}[guest]
        return Staged((Folder(None, "srv" if self.fault == "staged" else target, {"a": b"1"}),))

    def readiness(self):
        return ("soon",) if self.fault == "readiness" else ()

    def face(self, host, ports, secrets):
        if self.fault == "shown":
            return Shown(host, ports, secrets["password"])
        return Face("localhost" if self.fault == "face" else host, ports)

    def endpoint(self, link):
        return object() if self.fault == "endpoint" else super().endpoint(link)

    def prepare(self, endpoint, preparation):
        if self.fault == "prepare":
            raise PreparationError("nobody can prepare this")


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
    "readiness": "readiness: ",
    "image": "Linux: image: there is no Dockerfile",
    "same": "secrets: a password is the same in two runs",
    "shown": "service shows a password",
    "face": "face: ",
    "environment": "environment: NUMBER is 1",
    "staged": "Windows ltsc2016: staged: srv is not an absolute path",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_what_it_says(fault, tmp_path):
    with pytest.raises(AssertionError) as found:
        check_service(Good(Options(), fault), base=tmp_path)
    assert FAULTS[fault] in str(found.value)


def test_a_password_in_its_command(tmp_path):
    class Told(Good):
        def secrets(self, token):
            return {"password": "in-the-command"}

    with pytest.raises(AssertionError, match="command: it contains a password"):
        check_service(Told(Options(command=["--password=in-the-command"])), base=tmp_path)


@pytest.mark.parametrize(
    ("fault", "words"), [("endpoint", "endpoint: it is not an Endpoint"), ("prepare", "start: nobody can prepare this")]
)
def test_a_fault_in_how_it_lives(fault, words, tmp_path):
    engine = FakeEngine()
    with pytest.raises(AssertionError, match=words):
        check_service(Good(Options(), fault), engine=engine, base=tmp_path)
    assert engine.containers([]) == []


def test_a_restart_that_fails(tmp_path):
    starts = []

    def fail(method, argument):
        starts.append(method)
        if method == "start" and starts.count("start") == 2:
            raise EngineError("it starts no more")

    with pytest.raises(AssertionError, match="restart: it starts no more"):
        check_service(Good(), engine=FakeEngine(fail=fail), base=tmp_path)
