"""The real WinRM client against a server of the tests' own."""

import socket
import threading
import time

import pytest

from pytest_wincontainers.engines.base import EngineInfo
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.hosts.base import EXCLUDED_PORTS, FLUSH_DNS, HostError
from pytest_wincontainers.hosts.duties import duties
from pytest_wincontainers.hosts.winrm import WinRmHost
from pytest_wincontainers.machine.posix import PosixMachine
from pytest_wincontainers.settings import resolve

from .tls import Authority
from .wsman import WsMan


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def server(authority, request, tmp_path, monkeypatch):
    users = tmp_path / "users"
    users.write_text(f"WIN:{WsMan.user}:{WsMan.password}\n", "utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(users))
    made = WsMan(authority.server_context(), getattr(request, "param", "basic"))
    yield made
    made.close()


@pytest.fixture
def settings(pytester, monkeypatch, authority):
    def make(server, *options, user=WsMan.user, password=WsMan.password):
        monkeypatch.setenv("WINCONTAINERS_WINRM_USER", user)
        monkeypatch.setenv("WINCONTAINERS_WINRM_PASSWORD", password)
        url = server if isinstance(server, str) else server.url
        transport = "ntlm" if getattr(server, "scheme", "") == "ntlm" else "basic"
        given = [f"--wincontainers-winrm={url}", f"--wincontainers-winrm-ca={authority.path}"]
        return resolve(pytester.parseconfig(*given, f"--wincontainers-winrm-transport={transport}", *options))

    return make


@pytest.fixture
def host(server, settings):
    made = WinRmHost(settings(server))
    yield made
    made.close()


@pytest.mark.parametrize("server", ["basic", "ntlm"], indirect=True)
def test_the_cache_is_flushed_in_one_shell_that_is_closed(server, settings):
    host = WinRmHost(settings(server, user="WIN\\tester" if server.scheme == "ntlm" else "tester"))
    for _ in range(3):
        # Output comes in pieces, and in UTF-8.
        assert host.run(FLUSH_DNS, 20) == "Grüße\ndone\n"
    assert [script.rpartition(";")[2] for script in server.scripts] == ["Clear-DnsClientCache"] * 3
    assert (server.opened, len(server.shells), server.cleaned) == (1, 1, 3)
    host.close()
    assert server.shells == set()
    host.close()


def test_a_slow_command(server, host):
    server.quiet_rounds = 3
    assert host.run(EXCLUDED_PORTS, 20).endswith("done\n")


def test_a_command_that_fails(server, host):
    clixml = (
        '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
        '<S S="Error">access denied_x000D__x000A_</S></Objs>'
    )
    server.outcome = ([(b"", clixml.encode())], 1)
    with pytest.raises(HostError, match="PowerShell on 127.0.0.1 exited with code 1") as failed:
        host.run(FLUSH_DNS, 20)
    assert failed.value.details == "access denied"
    assert server.cleaned == 1


def test_a_shell_that_the_server_has_closed_is_opened_anew(server, host):
    host.run(FLUSH_DNS, 20)
    server.shells.clear()
    assert host.run(FLUSH_DNS, 20).endswith("done\n")
    assert server.opened == 2


@pytest.mark.parametrize("action", ["Create", "Command", "Receive"])
def test_a_server_that_hangs(server, host, action):
    server.hangs_at = action
    begun = time.monotonic()
    with pytest.raises(HostError, match=r"127.0.0.1 did not respond over WinRM within 0.5 s"):
        host.run(FLUSH_DNS, 0.5)
    assert time.monotonic() - begun < 5
    # What comes next does not wait for it.
    server.hangs_at = ""
    assert host.run(FLUSH_DNS, 20).endswith("done\n")


@pytest.mark.parametrize("action", ["Create", "Command", "Receive"])
def test_a_server_that_cuts_off(server, host, action):
    server.cuts_at = action
    with pytest.raises(HostError, match=r"127.0.0.1 cannot be reached over WinRM"):
        host.run(FLUSH_DNS, 20)
    server.cuts_at = ""
    assert host.run(FLUSH_DNS, 20).endswith("done\n")


def test_a_certificate_that_nobody_trusts(server, settings, tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "somebody else")
    host = WinRmHost(settings(server, f"--wincontainers-winrm-ca={other.path}"))
    with pytest.raises(HostError, match="cannot be reached over WinRM") as failed:
        host.run(FLUSH_DNS, 20)
    assert "certificate" in failed.value.details.lower()
    assert "--wincontainers-winrm-ca" in failed.value.hint
    assert server.opened == 0


def test_a_certificate_for_another_name(authority, settings):
    server = WsMan(authority.server_context(host="127.0.0.9"))
    try:
        with pytest.raises(HostError, match="cannot be reached over WinRM"):
            WinRmHost(settings(server)).run(FLUSH_DNS, 20)
        assert server.opened == 0
    finally:
        server.close()


def test_a_wrong_password(server, settings):
    with pytest.raises(HostError) as failed:
        WinRmHost(settings(server, password="wrong")).run(FLUSH_DNS, 20)
    assert "WINCONTAINERS_WINRM_PASSWORD" in failed.value.hint
    assert "wrong" not in str(failed.value)


def test_a_port_with_the_digits_of_a_refusal(settings):
    with pytest.raises(HostError) as failed:
        WinRmHost(settings("https://127.0.0.1:4010/wsman")).run(FLUSH_DNS, 20)
    assert "WINCONTAINERS_WINRM_USER" not in failed.value.hint


def test_nobody_listens(settings):
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with pytest.raises(HostError, match="cannot be reached over WinRM"):
        WinRmHost(settings(f"https://127.0.0.1:{port}/wsman")).run(FLUSH_DNS, 20)


@pytest.mark.parametrize(
    "address", ["http://winhost:5985/wsman", "ftp://winhost", "https://", "winhost:5986x", "[winhost"]
)
def test_no_way_without_tls(settings, address):
    with pytest.raises(DeclarationError, match="is not an HTTPS address for WinRM"):
        WinRmHost(settings(address))


def test_a_bare_name(settings):
    assert WinRmHost(settings("winhost"))._endpoint == "https://winhost:5986/wsman"


def test_no_account(settings, monkeypatch, pytester):
    with pytest.raises(DeclarationError, match="no account") as refused:
        WinRmHost(resolve(pytester.parseconfig("--wincontainers-winrm=winhost"), {}))
    assert "WINCONTAINERS_WINRM_USER and WINCONTAINERS_WINRM_PASSWORD" in refused.value.hint


def test_the_password_does_not_show(settings):
    made = settings("winhost")
    assert WsMan.password not in repr(made) + made.describe()
    assert made.winrm_password.reveal() == WsMan.password


def test_commands_from_several_threads(server, host):
    threads = [threading.Thread(target=host.run, args=(FLUSH_DNS, 20)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (server.opened, server.cleaned) == (1, 5)


# -- whichever way there is --------------------------------------------------------------------------------------


def info(**changes):
    fields = {
        "id": "1",
        "name": "Docker",
        "version": "1",
        "guest": "windows",
        "system": "",
        "near": False,
        "host": "far",
    }
    return EngineInfo(**{**fields, **changes})


def test_a_far_engine_by_winrm(server, settings):
    notes = []
    made = duties(info(), settings(server), notes.append, machine=PosixMachine())
    made.flush_dns()()
    assert len(server.scripts) == 1
    assert made.excluded_ports() == "Grüße\ndone"
    made.close()
    assert notes == []


def test_what_goes_wrong_is_a_note(server, settings):
    notes = []
    server.outcome = ([(b"", b"no right")], 5)
    made = duties(info(), settings(server), notes.append, machine=PosixMachine())
    made.flush_dns()()
    assert made.excluded_ports() == ""
    assert notes == [
        "the DNS client cache of 127.0.0.1 was not flushed: PowerShell on 127.0.0.1 exited with code 5: no right",
        "the excluded ports of 127.0.0.1 could not be read: PowerShell on 127.0.0.1 exited with code 5: no right",
    ]


def test_no_way_to_a_far_engine_is_told_once(pytester):
    notes = []
    made = duties(info(), resolve(pytester.parseconfig(), {}), notes.append, machine=PosixMachine())
    made.flush_dns()()
    assert made.excluded_ports() == ""
    (note,) = notes
    assert note.startswith(
        "the DNS client cache of far was not flushed because no connection to that machine is configured"
    )


@pytest.mark.parametrize("changes", [{"near": True}, {"guest": "linux"}])
def test_nothing_is_to_be_done_elsewhere(pytester, changes):
    notes = []
    duties(info(**changes), resolve(pytester.parseconfig(), {}), notes.append, machine=PosixMachine()).flush_dns()()
    assert notes == []
