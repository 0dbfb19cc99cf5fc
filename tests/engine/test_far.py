"""An engine on another machine: this one, by an address that nobody takes for it."""

import pytest

from tests.hosts.tls import Authority, Door

FAR = "127.0.0.2"
SUITE = """
from guest import IMAGE
from pytest_wincontainers import container

@container(image=IMAGE, command=["box", "serve", "8000"], ports=[8000])
def server():
    pass
"""
TEST = """
from guest import ROOT
from urllib.request import urlopen

def test_it(server, tmp_path):
    assert server.host == "127.0.0.2" and server.port != 8000
    assert urlopen(server.url).status == 200
    assert server.exec("box", "words", "a b").output == '["a b"]\\n'
    (tmp_path / "a.bin").write_bytes(b"x" * 1_000_000)
    server.copy_in(tmp_path / "a.bin", ROOT + "a.bin")
    server.copy_out(ROOT + "a.bin", tmp_path / "b.bin")
    assert (tmp_path / "b.bin").read_bytes() == b"x" * 1_000_000
    server.restart()
    assert urlopen(server.url).status == 200
"""


@pytest.fixture
def authority(tmp_path):
    made = Authority(tmp_path)
    made.client_files(tmp_path)
    return made


@pytest.fixture
def door(engine):
    doors = []

    def make(context=None):
        doors.append(Door(engine.url, FAR, context))
        return doors[-1].url

    yield make
    for one in doors:
        one.close()


@pytest.fixture
def far(suite):
    suite.files(conftest=SUITE, test_it=TEST)
    return suite


@pytest.mark.parametrize("engine", ["server2022", "windows11"], indirect=True)
def test_over_tls(far, engine, door, authority, tmp_path):
    url = door(authority.server_context(host=FAR, client_certificates=True))
    finished = far.run(DOCKER_HOST=url, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(tmp_path))
    assert finished.outcomes() == {"passed": 1}
    assert "is not protected" not in finished.output
    told = "the DNS client cache of 127.0.0.2 was not flushed because no connection to that machine is configured"
    assert finished.output.count(told) == engine.windows


def test_the_engines_certificate_is_verified(far, door, authority, tmp_path):
    """Also where only DOCKER_CERT_PATH is set, which the SDK takes for a wish not to."""
    (tmp_path / "other").mkdir()
    url = door(Authority(tmp_path / "other", "somebody else").server_context(host=FAR))
    for verify in ("1", ""):
        finished = far.run(DOCKER_HOST=url, DOCKER_TLS_VERIFY=verify, DOCKER_CERT_PATH=str(tmp_path))
        assert finished.outcomes() == {"errors": 1}
        told = f"the engine's certificate is signed by an unknown authority, somebody else ({url})"
        assert told in finished.output
        assert "certificate verify failed" in finished.output


def test_without_tls_it_is_refused(far, door):
    """Also where tests that need an engine are skipped when there is none."""
    url = door()
    finished = far.run("--wincontainers-missing-engine=skip", DOCKER_HOST=url)
    assert finished.outcomes() == {"errors": 1}
    assert f"the connection to {url} is not encrypted" in finished.output
    assert "--wincontainers-insecure-engine=127.0.0.2 connects all the same" in finished.output


def test_without_tls_by_its_name_the_summary_says_so(far, door):
    finished = far.run(DOCKER_HOST=door(), WINCONTAINERS_INSECURE_ENGINE=FAR)
    assert finished.outcomes() == {"passed": 1}
    assert "the connection to the engine on 127.0.0.2 is not protected; use TLS" in finished.output
