"""A failing start on a Windows engine reports what the engine's machine has logged."""

import json

import pytest

from tests.hosts.tls import Authority
from tests.hosts.wsman import WsMan
from tests.kit.suite import WITHOUT_HYPOTHESIS
from tests.unit.test_events import DOCKER, ENDPOINT

CONFTEST = """
import winrm.protocol
from pytest_wincontainers import container
from pytest_wincontainers.errors import EngineError
from pytest_wincontainers.hosts import event_logs
from pytest_wincontainers.failures import find_failure
from pytest_wincontainers.testing import FakeEngine

event_logs.SECONDS = 60
starts = []

def fail(method, argument):
    starts.extend([method] if method == "start" else [])
    if len(starts) > {healthy} and method == "start":
        words = "utility VM image could not be found"
        raise EngineError("no", details=words, failure=find_failure(words))

def pytest_wincontainers_engine(config):
    return FakeEngine(guest={guest!r}, fail=fail)

@container(image="web:1"{ready})
def web():
    pass
"""
LINES = [
    "*event logs of 127.0.0.1, errors and warnings *",
    "*Host-Network-Service-Admin error 1022: *(0x490)",
    "*docker warning 11: *",
]


@pytest.fixture
def host(tmp_path):
    made = WsMan(Authority(tmp_path).server_context())
    told = json.dumps({"entries": [ENDPOINT, DOCKER], "unread": {}}, ensure_ascii=False)
    made.outcome = ([(told.encode(), b"")], 0)
    yield made
    made.close()


@pytest.fixture
def run(pytester, mode, host, tmp_path, monkeypatch):
    monkeypatch.setenv("WINCONTAINERS_WINRM_USER", WsMan.user)
    monkeypatch.setenv("WINCONTAINERS_WINRM_PASSWORD", WsMan.password)

    def run(test="def test_it(web): pass", *arguments, guest="windows", healthy=0, ready=""):
        pytester.makeconftest(CONFTEST.format(guest=guest, healthy=healthy, ready=ready))
        pytester.makepyfile(test)
        winrm = [
            f"--wincontainers-winrm{name}" for name in (f"={host.url}", "-transport=basic", f"-ca={tmp_path}/ca.pem")
        ]
        return pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *mode, *winrm, *arguments)

    return run


def asked(host):
    return sum("Get-WinEvent" in script for script in host.scripts)


def test_an_engine_that_refuses_a_start(run, host):
    result = run("def test_1(web): pass\n\ndef test_2(web): pass")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*utility VM image could not be found", *LINES])
    assert asked(host) == 1


def test_a_container_that_does_not_become_ready(run, host):
    result = run(healthy=9, ready=", ready=lambda endpoint: 'not yet', timeout=0.3")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(LINES)
    assert asked(host) == 1


def test_a_restart_that_fails(run, host):
    result = run("def test_it(web): web.restart()", healthy=1)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(LINES)
    assert asked(host) == 1


def test_a_machine_that_refuses_is_a_line(run, host):
    host.outcome = ([(b"", b"no right")], 5)
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the event logs of 127.0.0.1 could not be read: PowerShell on * code 5: no right"])


def test_linux_engines_have_none(run, host):
    result = run(guest="linux")
    result.assert_outcomes(errors=1)
    assert asked(host) == 0
