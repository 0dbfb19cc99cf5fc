"""Certificates that an engine is refused for, or refuses, against a server of the tests' own."""

import datetime
import json
import re
import shutil
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pytest_wincontainers.engines.docker.connection import connect
from pytest_wincontainers.errors import EngineError, EngineUnavailable
from tests.hosts.tls import Authority

ENGINE = {
    "/info": {"ID": "1", "OSType": "linux", "OperatingSystem": "x", "SystemTime": "2026-01-01T00:00:00Z"},
    "/version": {"Version": "28", "ApiVersion": "1.44"},
}
DAY = datetime.timedelta(days=1)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        # Where the client's certificate is refused after the handshake, nobody reads this.
        body = json.dumps(ENGINE["/" + self.path.rpartition("/")[2]]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    context = None

    def get_request(self):
        connection, address = super().get_request()
        if self.context is not None:
            connection.settimeout(10)
            connection = self.context.wrap_socket(connection, server_side=True)
        return connection, address

    def handle_error(self, *_):
        pass


@pytest.fixture
def serve(monkeypatch):
    """Starts an engine that answers who it is; its URL."""
    servers = []
    for name in ("DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)

    def start(context=None):
        servers.append(Server(("127.0.0.1", 0), Handler))
        servers[-1].context = context
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"tcp://127.0.0.1:{servers[-1].server_address[1]}"

    yield start
    for one in servers:
        one.shutdown()
        one.server_close()


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def files(authority, tmp_path, monkeypatch):
    """The client's files, which are in order."""
    folder = authority.client_files(tmp_path / "certs")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(folder))
    return folder


def refused(url):
    with pytest.raises(EngineError) as told:
        connect(url)
    assert not isinstance(told.value, EngineUnavailable)
    assert told.value.hint
    return told.value


@pytest.mark.parametrize("required", [True, False])
def test_certificates_that_are_in_order(serve, authority, files, required):
    client, info = connect(serve(authority.server_context(client_certificates=required)))
    client.close()
    assert info.id == "1"


def test_a_client_certificate_is_not_needed_where_the_engine_wants_none(serve, authority, files):
    (files / "cert.pem").unlink()
    (files / "key.pem").unlink()
    client, _ = connect(serve(authority.server_context()))
    client.close()


def test_an_expired_certificate(serve, authority, files):
    told = refused(serve(authority.server_context(begins=-9 * DAY, ends=-2 * DAY)))
    day = datetime.datetime.now(datetime.timezone.utc) - 2 * DAY
    expected = f"the engine's certificate expired on {day:%b} {day.day:2} [0-9:]+ {day.year} GMT"
    assert re.match(expected, told.message)
    assert "clocks" in told.hint


def test_a_certificate_of_tomorrow(serve, authority, files):
    told = refused(serve(authority.server_context(begins=DAY, ends=2 * DAY)))
    assert told.message.startswith("the engine's certificate is not valid before ")


def test_a_certificate_for_another_machine(serve, authority, files):
    told = refused(serve(authority.server_context(host="10.1.2.3")))
    assert told.message.startswith("the engine's certificate is for other names than 127.0.0.1: 10.1.2.3 (")


def test_a_certificate_of_another_authority(serve, files, tmp_path):
    (tmp_path / "other").mkdir()
    told = refused(serve(Authority(tmp_path / "other", "somebody else").server_context()))
    assert told.message.startswith("the engine's certificate is signed by an unknown authority, somebody else (")
    assert told.hint.startswith("DOCKER_CERT_PATH/ca.pem must have")


def test_a_certificate_of_another_authority_of_the_same_name(serve, files, tmp_path):
    (tmp_path / "other").mkdir()
    told = refused(serve(Authority(tmp_path / "other").server_context()))
    assert "certificate verify failed" in told.details


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_missing_client_certificate(serve, authority, files, newest):
    (files / "cert.pem").unlink()
    (files / "key.pem").unlink()
    context = authority.server_context(client_certificates=True)
    context.maximum_version = newest
    told = refused(serve(context))
    assert told.message.startswith("the engine requires a client certificate (")
    assert "DOCKER_CERT_PATH" in told.hint


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("foreign", "ends", "reason"), [(True, DAY, "because its authority did not"), (False, -DAY / 2, "it has expired")]
)
def test_a_client_certificate_that_the_engine_refuses(serve, authority, files, tmp_path, newest, foreign, ends, reason):
    (tmp_path / "other").mkdir()
    issuer = Authority(tmp_path / "other", "somebody else") if foreign else authority
    issuer.client_files(tmp_path / "own", "visitor", ends=ends)
    for name in ("cert.pem", "key.pem"):
        shutil.copy(tmp_path / "own" / name, files / name)
    context = authority.server_context(client_certificates=True)
    context.maximum_version = newest
    told = refused(serve(context))
    assert told.message.startswith("the engine refused DOCKER_CERT_PATH/cert.pem")
    assert reason in told.message


def test_a_key_that_does_not_fit(serve, authority, files):
    shutil.copy(authority.issue("another")[1], files / "key.pem")
    assert refused("tcp://127.0.0.1:9").message == "key.pem is not the key of DOCKER_CERT_PATH/cert.pem"


def test_a_key_with_a_passphrase_is_not_asked_for(serve, authority, files):
    authority.client_files(files, passphrase=b"secret")
    assert refused("tcp://127.0.0.1:9").message == "the key of DOCKER_CERT_PATH/cert.pem has a passphrase"


@pytest.mark.parametrize("name", ["ca.pem", "cert.pem", "key.pem"])
def test_a_file_that_is_missing(files, name):
    (files / name).unlink()
    assert refused("tcp://127.0.0.1:9").message == f"DOCKER_CERT_PATH/{name} does not exist"


def test_a_file_that_is_no_certificate(files):
    (files / "ca.pem").write_text("no")
    assert refused("tcp://127.0.0.1:9").message == "DOCKER_CERT_PATH/ca.pem is not a certificate in PEM form"
    (files / "ca.pem").write_bytes((files / "cert.pem").read_bytes())
    (files / "key.pem").write_text("no")
    assert refused("tcp://127.0.0.1:9").message == "DOCKER_CERT_PATH/cert.pem and key.pem cannot be read"


def test_tls_to_a_port_that_speaks_plain_http(serve, files):
    url = serve()
    told = refused(url)
    port = url.rpartition(":")[2]
    assert told.message == f"port {port} of 127.0.0.1 speaks plain HTTP, and was addressed with TLS ({url})"


def test_nobody_at_home_is_no_matter_of_certificates(files):
    with pytest.raises(EngineUnavailable, match="no Docker engine answers at tcp://127.0.0.1:9"):
        connect("tcp://127.0.0.1:9")
