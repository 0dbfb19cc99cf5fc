"""The event logs of an engine's machine after a failure: asked once, within a limit."""

import threading
import time

import pytest

from pytest_wincontainers.engines.base import EngineInfo
from pytest_wincontainers.hosts import event_logs
from pytest_wincontainers.hosts.duties import HostDuties, duties
from pytest_wincontainers.hosts.event_logs import EventLogs
from pytest_wincontainers.machine.posix import PosixMachine
from pytest_wincontainers.machine.windows import WindowsMachine
from pytest_wincontainers.settings import from_environment
from tests.kit.hosts import FakeHost
from tests.unit.test_events import DENIED, DOCKER, ENDPOINT, HNS


def duties_of(host):
    return HostDuties([host], print, engine=host, logs=EventLogs(host.name, host))


@pytest.fixture
def host():
    made = FakeHost()
    made.events = {"entries": [ENDPOINT, DOCKER], "unread": {}}
    return made


def test_the_lines_stand_below_a_title(host):
    title, *lines = duties_of(host).events(str).splitlines()
    assert title == "event logs of winhost, errors and warnings of the last 5 minutes (UTC):"
    assert [line[:15] for line in lines] == ["09:14:07 Host-N", "09:14:08 docker"]


def test_a_machine_that_logged_nothing_says_nothing(host):
    host.events = {"entries": [], "unread": {}}
    assert duties_of(host).events(str) == ""


def test_a_log_that_may_not_be_read_is_told(host):
    host.events = {"entries": [DOCKER], "unread": {HNS: DENIED}}
    assert duties_of(host).events(str).splitlines()[-1] == f"Host-Network-Service-Admin could not be read: {DENIED}"


def test_secrets_are_masked(host):
    assert "wc-1-web" not in duties_of(host).events(lambda text: text.replace("wc-1-web", "***"))


def test_containers_that_fail_together_share_an_answer(host):
    made, found = duties_of(host), []
    threads = [threading.Thread(target=lambda: found.append(made.events(str))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(host.asked) == 1


def test_a_later_failure_is_asked_for_anew(host, monkeypatch):
    monkeypatch.setattr(event_logs, "_FRESH_SECONDS", 0.0)
    made = duties_of(host)
    made.events(str)
    host.events = {"entries": [], "unread": {}}
    assert made.events(str) == ""


def test_a_machine_that_cannot_be_asked_is_one_line_and_not_asked_again(host, monkeypatch):
    monkeypatch.setattr(event_logs, "_FRESH_SECONDS", 0.0)
    host.refusal = "winhost cannot be reached over WinRM"
    made = duties_of(host)
    line = "the event logs of winhost could not be read: winhost cannot be reached over WinRM: connection refused"
    assert [made.events(str), made.events(str)] == [line, line]
    assert len(host.asked) == 1


def test_an_answer_that_is_none(host):
    host.events = "no"
    assert (
        duties_of(host).events(str) == "the event logs of winhost could not be read: the machine's answer is not JSON"
    )


def test_a_machine_that_hangs_delays_a_failure_by_the_limit_and_only_once(host, monkeypatch):
    monkeypatch.setattr(event_logs, "SECONDS", 0.2)
    released = threading.Event()
    host.run = lambda command, seconds: released.wait(30)
    made, begun = duties_of(host), time.monotonic()
    line = "the event logs of winhost could not be read: it did not answer within 0.2 s"
    assert [made.events(str), made.events(str)] == [line, line]
    assert time.monotonic() - begun < 5
    released.set()


# -- whose machine -----------------------------------------------------------------------------------------------


def made_for(machine, *, winrm=None, **info):
    given = {"id": "1", "name": "", "version": "", "guest": "windows", "system": "", "near": False, "host": "far"}
    account = {"WINCONTAINERS_WINRM_USER": "tester", "WINCONTAINERS_WINRM_PASSWORD": "x"}
    return duties(
        EngineInfo(**{**given, **info}), from_environment(account, winrm=winrm), lambda _: None, machine=machine
    )


def test_a_far_machine_that_nothing_connects_to():
    for machine in (PosixMachine(), WindowsMachine()):
        made = made_for(machine)
        assert made.events(str) == (
            "the event logs of far could not be read: no connection to that machine is configured; set "
            "--wincontainers-winrm"
        )
        # This machine's say nothing about that one.
        assert made.excluded_ports() == ""


@pytest.mark.parametrize(
    ("machine", "info"), [(PosixMachine(), {"near": True}), (WindowsMachine(), {"guest": "linux"})]
)
def test_there_are_none_elsewhere(machine, info):
    assert made_for(machine, **info).events(str) == ""
    assert made_for(PosixMachine(), guest="linux", winrm="winhost").events(str) == ""
