"""What is known of containers that stay, and whether they can be used again."""

import os
import socket
import stat
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pytest_wincontainers.endpoints import ContainerInfo
from pytest_wincontainers.engines.base import ContainerSpec, EngineAddress, EngineInfo, Image, ListedContainer
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.plan import as_made, make_plan
from pytest_wincontainers.run.container.comparison import NotComparable, described
from pytest_wincontainers.run.container.reuse import parts_of
from pytest_wincontainers.run.locks import RunLock
from pytest_wincontainers.run.ports import check_ports
from pytest_wincontainers.run.removal import Swept, labels, sweep
from pytest_wincontainers.run.stack import KeptContainer, Stack, Stacks, project_of
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.services.mysql import MySql
from pytest_wincontainers.services.recipe import Recipe
from pytest_wincontainers.settings import Settings
from pytest_wincontainers.testing import FakeEngine
from tests.unit.test_plan import declared

ENGINE = EngineAddress("package:Engine", "unix:///engine")
INFO = ContainerInfo("box", "id", "wc-abc-box", "10.0.0.2", {80: 8080}, {"password": "x"}, "box.log", "linux", 0.0, 1.0)
BOX = KeptContainer("container", INFO, {"image": "1"}, {"port 80": "10.0.0.2:8080"}, "box")


def stack(run="abc", until=float("inf")):
    return Stack(run, project_of(Path("/project")), ENGINE, "engine", until, "up", {"box": BOX})


def kept(state, made):
    lock = RunLock(state, made.run)
    lock.hold()
    Stacks(state).save(made)
    lock.lease(made.until)


def test_a_stack_is_read_as_it_was_written(tmp_path):
    stacks = Stacks(tmp_path)
    stacks.save(stack())
    assert stacks.all() == [stack()]
    (path,) = (tmp_path / "stacks").iterdir()
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("{}")
    assert stacks.all() == []
    stacks.forget("abc")
    stacks.forget("abc")
    assert not path.exists()


def test_a_stack_is_taken_by_one(tmp_path):
    kept(tmp_path, stack())
    stacks = Stacks(tmp_path)
    mine = project_of(Path("/project"))
    assert stacks.take_for(project_of(Path("/other")), ENGINE) is None
    assert stacks.take_for(mine, ENGINE._replace(url="unix:///other")) is None
    taken = stacks.take_for(mine, ENGINE)
    assert taken.stack == stack()
    assert stacks.take_for(mine, ENGINE) is None
    assert RunLock(tmp_path, "abc").is_held
    taken.lock.lease(time.time() + 60)
    assert not RunLock(tmp_path, "abc").is_held
    assert stacks.take("abc") is not None


@pytest.mark.parametrize(("until", "leased"), [(60, True), (-1, False)])
def test_a_lease_runs_out(tmp_path, until, leased):
    kept(tmp_path, stack(until=time.time() + until))
    assert RunLock(tmp_path, "abc").is_leased == leased
    assert Stacks(tmp_path).find("abc").expired != leased
    taken = Stacks(tmp_path).take("abc")
    taken.lock.hold("engine")
    # Whoever has it now may be killed.
    assert not RunLock(tmp_path, "abc").is_leased


def test_what_was_kept_for_a_look_is_taken_last(tmp_path):
    for run, why in (("a", "keep"), ("b", "up"), ("c", "keep")):
        kept(tmp_path, replace(stack(run), why=why))
    found = Stacks(tmp_path).of(project_of(Path("/project")), ENGINE)
    assert [one.why for one in found] == ["up", "keep", "keep"]


def test_the_stack_of_a_killed_owner_is_not_taken_for_tests(tmp_path):
    """Its watchdog removes the containers, also those that another run would start in their place."""
    kept(tmp_path, stack())
    killed = Stacks(tmp_path).take("abc")
    killed.lock.hold("engine")
    killed.lock.let_go()
    assert Stacks(tmp_path).take_for(project_of(Path("/project")), ENGINE) is None
    assert Stacks(tmp_path).all() == []


def test_a_run_that_ends_while_another_sweeps_keeps_its_containers(tmp_path, monkeypatch):
    lock = RunLock(tmp_path, "abc")
    lock.hold()
    Stacks(tmp_path).save(stack())
    engine = FakeEngine()
    engine.create(ContainerSpec("wc-abc-box", "box:1", labels("abc", "box")))
    take_over = RunLock.take_over

    def late(self):
        if lock._lock.is_locked:
            lock.lease(time.time() + 60)
        return take_over(self)

    monkeypatch.setattr(RunLock, "take_over", late)
    assert sweep(engine, tmp_path, "other") == Swept()
    assert len(engine.containers([])) == 1
    assert Stacks(tmp_path).take("abc") is not None


# -- what a container is made of --------------------------------------------------------------------------------------

IMAGE = Image("sha256:1")
SPEC = ContainerSpec("wc-abc-box", "box:1", {})


def planned(service, function=None):
    def box():
        pass

    return make_plan([declared(function or box, service)], ["box"], "abc", lambda: "secret").containers[0]


def parts(service, image=IMAGE, spec=SPEC, recipe=None):
    return parts_of(planned(service), image, spec, recipe or Recipe("box:1", {"A": "1"}))


def test_what_has_changed_is_told_by_its_name(tmp_path):
    given = Options(image="box:1", command=["run"])
    before = parts(Generic(given))
    assert parts(Generic(Options(**given, ready=lambda endpoint: None, timeout=5))) == before
    for name, other in {
        "image": parts(Generic(given), image=Image("sha256:2")),
        "declaration": parts(Generic({**given, "command": ["walk"]})),
        "environment": parts(Generic(given), recipe=Recipe("box:1", {"A": "2"})),
    }.items():
        assert {one for one in before if before[one] != other[one]} == {name}
    assert parts(Generic(given), spec=replace(SPEC, memory=64))["declaration"] != before["declaration"]


def test_a_preparation_is_compared_by_its_source():
    def one(endpoint):
        endpoint.exec("a")

    def other(endpoint):
        endpoint.exec("b")

    assert described(one) == described(one) != described(other)

    class Rows:
        def __init__(self, count):
            self.count = count

        def __call__(self, endpoint):
            endpoint.exec(str(self.count))

    def with_count(count):
        def prepare(endpoint):
            endpoint.exec(str(count))

        return prepare

    def with_default(endpoint, count=SPEC):
        return one(count)

    for made in (partial, lambda function, count: Rows(count), lambda function, count: with_count(count)):
        assert described(made(one, 3)) == described(made(one, 3)) != described(made(one, 4))
    before = described(with_default)
    with_default.__defaults__ = (replace(SPEC, memory=5),)
    assert described(with_default) != before
    with pytest.raises(NotComparable):
        described(object())
    assert described({"b": 1, "a": {2, 1}}) == described({"a": {1, 2}, "b": 1})
    assert described([1, "1"]) != described(["1", 1])


def test_migrations_are_compared_by_their_files(tmp_path):
    def database():
        pass

    (tmp_path / "1.sql").write_text("SELECT 1;")
    service = MySql(Options(), migrations=tmp_path)
    declaration = declared(database, service)
    made = as_made(declaration, stays=True, outside=())
    assert made.reset == "call"
    before = made.reuse_parts(tmp_path, {})
    (tmp_path / "1.sql").write_text("SELECT 2;")
    assert made.reuse_parts(tmp_path, {}) != before


def test_a_password_of_its_own_is_for_containers_that_people_look_at():
    def database():
        pass

    declaration = declared(database, MySql(Options(), password="look"))
    for stays, outside, password in ((False, (), "secret"), (True, (), "look"), (False, ("database",), "look")):
        plan = make_plan([declaration], ["database"], "abc", lambda: "secret", stays=stays, outside=outside)
        assert plan.containers[0].inside_face("").password == password
        assert plan.secrets == {"secret"}


def test_names_to_publish_are_those_of_containers():
    def database():
        pass

    declaration = declared(database, MySql(Options()))
    with pytest.raises(DeclarationError) as refused:
        make_plan([declaration], ["database"], "abc", lambda: "secret", outside=["databse"])
    assert str(refused.value) == (
        "no container is called 'databse' (--wincontainers-publish); did you mean 'database'?\n"
        "hint: declared containers: database"
    )


def test_known_passwords_are_used_again():
    def database():
        pass

    known = {"database": {"password": "a", "root_password": "b"}}
    for given, secrets in ((known, {"a", "b"}), ({"database": {"password": "a"}}, {"secret"}), ({}, {"secret"})):
        made = make_plan([declared(database, MySql(Options()))], ["database"], "abc", lambda: "secret", known=given)
        assert made.secrets == secrets


COUNT = 3


def prepared(endpoint):
    endpoint.exec(str(COUNT))


def test_a_preparation_is_compared_by_what_it_uses_of_its_module(monkeypatch):
    before = described(prepared)
    monkeypatch.setitem(globals(), "COUNT", 4)
    assert described(prepared) != before


# -- ports --------------------------------------------------------------------------------------------------------


class Engine:
    def __init__(self, *containers):
        self._containers = containers

    def containers(self, labels):
        return self._containers


class Hosts:
    def __init__(self, text=""):
        self._text = text

    def excluded_ports(self):
        return self._text


def check(engine, hosts, *ports, near=False):
    def box():
        pass

    def other():
        pass

    services = [Generic(Options(image="box:1", publish={80: port}), (80,)) for port in ports]
    plan = make_plan(
        list(map(declared, (box, other), services)), ["box", "other"][: len(ports)], "abc", lambda: "secret"
    )
    settings = Settings({**Settings.defaults().values, "keep": "always"}, {})
    info = EngineInfo("id", "Docker", "1", "windows", "Windows", near=near, host="winhost")
    check_ports(plan, engine, info, settings, hosts)


def test_a_port_that_nobody_has():
    check(Engine(ListedContainer("1", "other", True, {}, (13307,))), Hosts("  50000  50059"), 13306)
    check(Engine(ListedContainer("1", "mine", True, labels("abc", "box"), (13306,))), Hosts(), 13306)


@pytest.mark.parametrize(
    ("engine", "hosts", "ports", "says"),
    [
        (Engine(ListedContainer("1", "web", True, {}, (13306,))), Hosts(), [13306], "used by the container web\\n"),
        (Engine(), Hosts("  13300  13399"), [13306], "in the range 13300 to 13399, which Windows reserves"),
        (Engine(), Hosts(), [13306, 13306], "is also that of box"),
    ],
)
def test_a_port_that_somebody_has(engine, hosts, ports, says):
    with pytest.raises(DeclarationError, match=f"port 13306 (is )?{says}"):
        check(engine, hosts, *ports)


def test_a_port_that_another_program_has():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(DeclarationError, match=f"port {port} is used by another program on this machine"):
            check(Engine(), Hosts(), port, near=True)
    check(Engine(), Hosts(), port, near=True)
