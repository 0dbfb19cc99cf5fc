"""An engine on another host: in a network namespace of its own, over TLS and over SSH."""

import contextlib
import datetime
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pytest_wincontainers.engines.docker import DockerEngine
from pytest_wincontainers.errors import EngineError, EngineUnavailable
from tests.engine.test_contract import Contract, Subject
from tests.hosts.tls import Authority
from tests.kit.engines import EngineUnderTest, Recorder
from tests.kit.suite import Suite, ending
from tests.kit.waiting import wait_for
from tests.windows import standins

# Workers share it. One for all of these is enough; pytest-xdist 3.8 does not see to that with pytest 9.2.
pytestmark = pytest.mark.xdist_group("other host")

DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def there(other_host):
    """Its engine, as the tests themselves look at it."""
    made = EngineUnderTest("other host", other_host.socket)
    yield made
    made.close()


@pytest.fixture(scope="module")
def recorder(there):
    made = Recorder(there.url)
    yield made
    made.close()


@pytest.fixture
def suite(pytester, there, recorder, tmp_path_factory, processes):
    yield from ending(Suite(pytester, there, there, recorder, tmp_path_factory.mktemp("state"), processes))


@pytest.fixture(params=["tls", "ssh"])
def way(request):
    return request.param


def test_it_shares_nothing_with_this_machine(other_host, real_client, there):
    assert there.client.info()["ID"] != real_client.info()["ID"]
    assert there.client.info()["DockerRootDir"].startswith(str(other_host.folder))
    assert not {one.id for one in there.client.networks.list()} & {one.id for one in real_client.networks.list()}


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "n2"])
def test_the_shop(suite, other_host, way, workers):
    """Three tiers, all of whose endpoints are ports published over there."""
    suite.shop()
    (suite.path / "tests" / "test_far.py").write_text(
        "def test_far(browser, web, database):\n"
        f"    assert {{browser.host, web.host, database.host}} == {{{other_host.address!r}}}\n"
    )
    finished = suite.run("-v", *workers, **getattr(other_host, way))
    assert finished.outcomes() == {"passed": 13}
    assert finished.status == 0
    assert "is not protected" not in finished.output
    assert len(suite.created()) == 3


WAITS = """
import pathlib, time

def test_waits(server):
    pathlib.Path("testing").touch()
    time.sleep(60)
"""


@pytest.mark.parametrize("end", ["interrupt", "die"])
def test_an_abort_leaves_nothing_there(suite, other_host, way, end):
    """The watchdog reaches it in the same way."""
    suite.files(
        conftest="from guest import IMAGE\nfrom pytest_wincontainers import container\n\n"
        '@container(image=IMAGE, command=["box", "sleep"])\ndef server():\n    pass\n',
        test_it=WAITS,
    )
    process = suite.start(**getattr(other_host, way))
    wait_for((suite.path / "testing").exists)
    assert len(suite.containers()) == 1
    getattr(process, end)()
    process.communicate(timeout=30)
    assert suite.leftovers(seconds=30) == []


@pytest.mark.parametrize("connection", ["tls", "ssh"])
class TestContract(Contract):
    """What an engine does, it does from afar."""

    @pytest.fixture
    def subject(self, other_host, connection, monkeypatch):
        for name, value in getattr(other_host, connection).items():
            monkeypatch.setenv(name, value)
        made = Subject(DockerEngine(), standins.box())
        yield made
        made.close()


# -- TLS ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificates(other_host, monkeypatch, tmp_path):
    """Files of a client that are in order, to be spoilt."""
    folder = tmp_path / "certs"
    shutil.copytree(other_host.certs, folder)
    for name, value in {**other_host.tls, "DOCKER_CERT_PATH": str(folder)}.items():
        monkeypatch.setenv(name, value)
    return folder


def refused():
    with contextlib.closing(DockerEngine()) as engine:
        with pytest.raises(EngineError) as told:
            engine.info()
    assert told.value.hint
    return told.value


def test_an_authority_that_did_not_sign_its_certificate(certificates, tmp_path):
    (tmp_path / "other").mkdir()
    shutil.copy(Authority(tmp_path / "other", "somebody else").path, certificates / "ca.pem")
    told = refused()
    assert told.message.startswith("the engine's certificate is signed by an unknown authority, tests (")
    assert told.hint.startswith("DOCKER_CERT_PATH/ca.pem must have")


def test_a_client_certificate_that_is_missing(certificates):
    (certificates / "cert.pem").unlink()
    (certificates / "key.pem").unlink()
    assert refused().message.startswith("the engine requires a client certificate (")


@pytest.mark.parametrize("kind", ["foreign", "expired"])
def test_a_client_certificate_that_it_refuses(other_host, certificates, tmp_path, kind):
    """Older engines do not say why."""
    (tmp_path / "other").mkdir()
    issuer = Authority(tmp_path / "other", "somebody else") if kind == "foreign" else other_host.authority
    certificate, key = issuer.issue("visitor", ends=DAY if kind == "foreign" else -DAY / 2)
    shutil.copy(certificate, certificates / "cert.pem")
    shutil.copy(key, certificates / "key.pem")
    assert refused().message.startswith("the engine refused DOCKER_CERT_PATH/cert.pem")


@pytest.mark.parametrize(
    ("port", "options", "message"),
    [
        (2401, {"begins": -9 * DAY, "ends": -2 * DAY}, "the engine's certificate expired on "),
        (2402, {"begins": DAY, "ends": 2 * DAY}, "the engine's certificate is not valid before "),
        (2403, {"host": "10.1.2.3"}, "the engine's certificate is for other names than {address}: 10.1.2.3 ("),
    ],
)
def test_a_certificate_of_its_own_that_is_not_in_order(other_host, certificates, monkeypatch, port, options, message):
    certificate = other_host.authority.issue(f"server-{port}", **{"host": other_host.address, **options})
    with other_host.engine_with(certificate, port) as url:
        monkeypatch.setenv("DOCKER_HOST", url)
        assert refused().message.startswith(message.format(address=other_host.address))


def test_certificates_as_the_page_on_hosts_makes_them(other_host, certificates, monkeypatch, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "hosts.md").read_text("utf-8")
    commands = re.search(r"(?m)^    openssl req -x509(?:.*\n(?:    .*\n)+)", page)[0].replace(
        "10.20.0.5", other_host.address
    )
    subprocess.run(["sh", "-ec", commands], cwd=tmp_path, check=True, capture_output=True)
    for name in ("server-cert.pem", "cert.pem"):
        words = ["openssl", "verify", "-x509_strict", "-CAfile", "ca.pem", name]
        subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    pair = (tmp_path / "server-cert.pem", tmp_path / "server-key.pem")
    with other_host.engine_with(pair, 2404, tmp_path / "ca.pem") as url:
        monkeypatch.setenv("DOCKER_HOST", url)
        assert "unknown authority, Test hosts" in refused().message
        monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
        with contextlib.closing(DockerEngine()) as engine:
            assert engine.info().host == other_host.address


def test_plain_http_to_a_port_with_tls(other_host, monkeypatch):
    for name in ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_HOST", other_host.tls["DOCKER_HOST"])
    assert "is not encrypted" in refused().message
    with pytest.raises(EngineError, match=f"port 2376 of {other_host.address} speaks TLS"):
        DockerEngine(None, insecure=other_host.address).info()


def test_a_context_of_the_docker_cli(other_host, monkeypatch, tmp_path):
    """Made by the CLI itself: with certificates, and by SSH."""
    for name in ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", other_host.ssh["PATH"])
    files = ",".join(f"{name}={other_host.certs}/{name}.pem" for name in ("ca", "cert", "key"))
    hosts = {"by-tls": f"{other_host.tls['DOCKER_HOST']},{files}", "by-ssh": other_host.ssh["DOCKER_HOST"]}
    for name, host in hosts.items():
        subprocess.run(["docker", "context", "create", name, "--docker", f"host={host}"], check=True)
        monkeypatch.setenv("DOCKER_CONTEXT", name)
        with contextlib.closing(DockerEngine()) as engine:
            assert engine.info().host == other_host.address
        monkeypatch.delenv("DOCKER_CONTEXT")
        subprocess.run(["docker", "context", "use", name], check=True)
        with contextlib.closing(DockerEngine()) as engine:
            assert engine.info().host == other_host.address


# -- SSH ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def by_ssh(other_host, monkeypatch):
    for name, value in other_host.ssh.items():
        monkeypatch.setenv(name, value)
    known = (other_host.client / "known_hosts").read_text()
    yield other_host
    other_host.known_hosts(known)
    other_host.ssh_config()


def test_a_host_key_that_is_unknown(by_ssh):
    by_ssh.known_hosts("")
    told = refused()
    assert told.message.startswith(f"ssh does not know the host key of {by_ssh.address} (")
    assert f"`ssh -l root {by_ssh.address}`" in told.hint


def test_a_host_key_that_is_another_one(by_ssh):
    by_ssh.known_hosts(f"{by_ssh.address} {(by_ssh.folder / 'foreign_key.pub').read_text()}")
    assert refused().message.startswith(f"the host key of {by_ssh.address} is not the one in known_hosts (")


def test_a_key_that_it_does_not_accept(by_ssh):
    by_ssh.ssh_config(f"IdentityFile {by_ssh.folder}/foreign_key\n")
    config = by_ssh.client / "ssh_config"
    config.write_text(config.read_text().replace(f"IdentityFile {by_ssh.folder}/client_key\n", ""))
    assert refused().message.startswith(f"{by_ssh.address} accepts none of the keys that ssh offers (")


def test_no_program_ssh(by_ssh, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused().message.startswith("there is no program `ssh` on this machine's PATH (")


def test_no_engine_there(by_ssh, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"ssh://root@{by_ssh.address}/nowhere.sock")
    with pytest.raises(EngineUnavailable) as told:
        DockerEngine().info()
    assert "no such file or directory" in told.value.details


def test_a_name_that_only_the_users_configuration_knows(by_ssh, monkeypatch):
    by_ssh.ssh_config(f"Host winhost\n  HostName {by_ssh.address}\n  User root\n  HostKeyAlias {by_ssh.address}\n")
    monkeypatch.setenv("DOCKER_HOST", f"ssh://winhost{by_ssh.folder}/docker.sock")
    with contextlib.closing(DockerEngine()) as engine:
        assert engine.info().host == by_ssh.address


def test_no_ssh_is_left(by_ssh):
    engine = DockerEngine()
    engine.info()

    def running():
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                found += [line for line in [path.read_bytes()] if f"{by_ssh.client}/ssh_config".encode() in line]
        return found

    assert running()
    engine.close()
    wait_for(lambda: not running())
