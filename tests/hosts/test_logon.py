"""The ways to log on to a WinRM host, with the real client, the real keyring library and real certificates."""

import sys
import time

import keyring
import pytest
from cryptography.hazmat.primitives import serialization
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.hosts import logon as logons
from pytest_wincontainers.hosts.base import FLUSH_DNS, HostError
from pytest_wincontainers.hosts.logon import logon
from pytest_wincontainers.hosts.winrm import WinRmHost
from pytest_wincontainers.settings import from_environment

from .tls import Authority
from .wsman import WsMan


class Store(KeyringBackend):
    """A system's keyring."""

    priority = 1

    def __init__(self, entries, wait=0.0):
        super().__init__()
        self.entries = entries
        self.wait = wait

    def get_password(self, service, username):
        time.sleep(self.wait)
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self.entries[service, username] = password


@pytest.fixture
def store():
    """Makes a keyring the system's, for one test."""
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def server(authority, request):
    scheme = getattr(request, "param", "certificate")
    made = WsMan(authority.server_context(client_certificates=scheme == "certificate"), scheme)
    yield made
    made.close()


def settings(winrm="winhost", **given):
    return from_environment(
        {f"WINCONTAINERS_WINRM_{name.upper()}": str(value) for name, value in given.items()}, winrm=winrm
    )


def by_certificate(server, authority, files):
    certificate, key = files
    return WinRmHost(settings(server.url, ca=authority.path, transport="certificate", cert=certificate, key=key))


def test_a_client_certificate(server, authority):
    host = by_certificate(server, authority, authority.issue(WsMan.user))
    assert host.run(FLUSH_DNS, 20).endswith("done\n")
    host.close()
    assert (server.opened, server.shells) == (1, set())


def test_a_client_certificate_of_nobody(server, authority):
    with pytest.raises(HostError, match="InvalidCredentialsError") as failed:
        by_certificate(server, authority, authority.issue("stranger")).run(FLUSH_DNS, 20)
    assert "winrm/config/service/certmapping" in failed.value.hint
    assert server.opened == 0


def test_a_client_certificate_of_an_authority_that_the_host_does_not_know(server, authority, tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "somebody else")
    with pytest.raises(HostError, match="cannot be reached over WinRM"):
        by_certificate(server, authority, other.issue(WsMan.user)).run(FLUSH_DNS, 20)
    assert server.opened == 0


def test_a_host_that_nobody_vouches_for_gets_no_client_certificate(server, authority, tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "somebody else")
    with pytest.raises(HostError) as failed:
        by_certificate(server, other, authority.issue(WsMan.user)).run(FLUSH_DNS, 20)
    assert "--wincontainers-winrm-ca" in failed.value.hint


@pytest.mark.parametrize(
    ("left_out", "what"), [("cert", "the client certificate"), ("key", "the client certificate's key")]
)
def test_half_a_client_certificate(authority, left_out, what):
    files = dict(zip(("cert", "key"), authority.issue(WsMan.user), strict=True))
    del files[left_out]
    with pytest.raises(DeclarationError) as refused:
        WinRmHost(settings(transport="certificate", **files))
    assert refused.value.message == f"the WinRM log-on with a certificate needs {what}"
    assert f"--wincontainers-winrm-{left_out}" in refused.value.hint


def test_a_client_certificate_that_is_not_there(authority, tmp_path):
    _, key = authority.issue(WsMan.user)
    with pytest.raises(DeclarationError, match="is not a file"):
        logon(settings(transport="certificate", cert=tmp_path / "none.pem", key=key), "winhost")


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
def test_a_key_with_a_passphrase_is_refused_as_nobody_is_there_to_type_it(authority, form):
    certificate, path = authority.issue(WsMan.user)
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    encryption = serialization.BestAvailableEncryption(b"secret")
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), encryption)
    )
    with pytest.raises(DeclarationError, match="is encrypted"):
        logon(settings(transport="certificate", cert=certificate, key=path), "winhost")


# -- Kerberos ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", [{}, {"user": "tester@EXAMPLE.COM"}])
def test_kerberos_needs_no_account_as_there_may_be_a_ticket(account):
    from winrm.protocol import Protocol

    way = logon(settings(transport="kerberos", **account), "winhost")
    made = Protocol(endpoint="https://winhost:5986/wsman", **way.arguments()).transport
    assert (made.auth_method, made.username, made.password) == ("kerberos", account.get("user"), None)


def test_kerberos_without_its_package(monkeypatch):
    from winrm import transport

    monkeypatch.setattr(transport, "HAVE_KERBEROS", False)
    with pytest.raises(HostError, match="the WinRM log-on with Kerberos needs a package") as failed:
        WinRmHost(settings(transport="kerberos")).run(FLUSH_DNS, 20)
    assert 'pip install "pywinrm[kerberos]"' in failed.value.hint


# -- the keyring -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("server", ["basic"], indirect=True)
def test_a_password_from_the_keyring(server, authority, store):
    store(Store({("pytest-wincontainers", "tester@127.0.0.1"): WsMan.password}))
    host = WinRmHost(settings(server.url, ca=authority.path, transport="basic", user="tester"))
    assert host.run(FLUSH_DNS, 20).endswith("done\n")
    host.close()


def test_the_environment_comes_before_the_keyring(store):
    store(Store({("pytest-wincontainers", "tester@winhost"): "stored"}))
    assert logon(settings(user="tester", password="given"), "winhost").password.reveal() == "given"
    found = logon(settings(user="tester"), "winhost")
    assert found.password.reveal() == "stored"
    assert "stored" not in repr(found)


def test_a_keyring_without_that_entry(store):
    store(Store({("pytest-wincontainers", "tester@elsewhere"): "stored"}))
    with pytest.raises(DeclarationError, match="tester@winhost, and the system's keyring has none") as refused:
        logon(settings(user="tester"), "winhost")
    assert "WINCONTAINERS_WINRM_PASSWORD" in refused.value.hint
    assert 'keyring set pytest-wincontainers "tester@winhost"' in refused.value.hint


def test_a_system_without_a_keyring(store):
    store(NoKeyring())
    with pytest.raises(DeclarationError, match="cannot be read for the password of tester@winhost: NoKeyringError"):
        logon(settings(user="tester"), "winhost")


def test_a_keyring_that_nobody_unlocks(store, monkeypatch):
    monkeypatch.setattr(logons, "_KEYRING_SECONDS", 0.1)
    store(Store({}, wait=1.0))
    with pytest.raises(DeclarationError, match=r"did not give the password of tester@winhost within 0.1 s"):
        logon(settings(user="tester"), "winhost")


def test_no_keyring_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(DeclarationError, match="the package keyring is not installed") as refused:
        logon(settings(user="tester"), "winhost")
    assert "WINCONTAINERS_WINRM_PASSWORD" in refused.value.hint
    assert 'pip install "pytest-wincontainers[keyring]"' in refused.value.hint
