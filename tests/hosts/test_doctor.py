"""What `wincontainers doctor` asks of a machine over WinRM, by the real client."""

import pytest

from pytest_wincontainers.doctor.facts import Missing, WinRm
from pytest_wincontainers.doctor.gathering import gather, host_for
from pytest_wincontainers.doctor.windows_host import CONDITIONS, SERVICES
from pytest_wincontainers.hosts.base import EXCLUDED_PORTS
from pytest_wincontainers.settings import from_environment
from pytest_wincontainers.testing import FakeEngine
from tests.kit.hosts import FakeHost

from .tls import Authority
from .wsman import WsMan

ADDRESS = "tcp://winhost:2376"


@pytest.fixture
def server(tmp_path):
    made = WsMan(Authority(tmp_path).server_context())
    yield made
    made.close()


@pytest.fixture
def settings(server, tmp_path):
    def make(password=WsMan.password):
        given = {"USER": WsMan.user, "PASSWORD": password, "TRANSPORT": "basic", "CA": str(tmp_path / "ca.pem")}
        return from_environment(
            {f"WINCONTAINERS_WINRM_{name}": value for name, value in given.items()}, winrm=server.url
        )

    return make


def test_the_machine_tells_everything_in_one_shell(server, settings):
    # This server says the same to every command; each finds its own part.
    answers = FakeHost().answers()
    content = answers[SERVICES][:-1] + ", " + answers[CONDITIONS].partition("{")[2] + "\n" + answers[EXCLUDED_PORTS]
    server.outcome = ([(content.replace("\n", "\r\n").encode(), b"")], 0)
    host = host_for(settings(), ADDRESS)
    facts = gather(FakeEngine(), host, ADDRESS, seconds=5)
    host.close()
    assert facts.winrm == WinRm("127.0.0.1")
    assert facts.host.services["docker"] == "Running"
    assert facts.host.excluded_ports == (range(5357, 5358), range(50000, 50060))
    assert facts.host.dns.servers == ("192.0.2.53",)
    told = {script.partition("new();")[2].strip() for script in server.scripts}
    assert told == {one.script.strip() for one in (SERVICES, CONDITIONS, EXCLUDED_PORTS)}
    assert (server.opened, server.shells) == (1, set())


def test_an_account_that_is_refused(settings):
    host = host_for(settings("wrong"), ADDRESS)
    facts = gather(FakeEngine(), host, ADDRESS, seconds=5)
    host.close()
    assert facts.winrm.problem.startswith("127.0.0.1 cannot be reached over WinRM: InvalidCredentialsError")
    assert facts.winrm.remedy.startswith("check WINCONTAINERS_WINRM_USER and WINCONTAINERS_WINRM_PASSWORD")
    assert isinstance(facts.host.services, Missing)
