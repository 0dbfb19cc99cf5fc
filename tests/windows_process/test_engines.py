"""Engines at named pipes that are absent, hang, or have another name."""

import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from pytest_wincontainers.engines.docker import DockerEngine, connection
from pytest_wincontainers.errors import EngineUnavailable
from tests.kit.windows_helper import serve


@pytest.fixture
def pipe(monkeypatch):
    """The name of a pipe, and what else names it in the environment."""
    name = f"wincontainers-{uuid.uuid4().hex}"
    for variable in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"npipe:////./pipe/{name}")
    return name


def test_an_engine_that_is_absent(pipe):
    begun = time.monotonic()
    with pytest.raises(EngineUnavailable, match=f"no Docker engine answers at npipe:////./pipe/{pipe}") as failed:
        connection.connect(None)
    assert "DOCKER_HOST" in failed.value.hint
    assert time.monotonic() - begun < 10


def test_an_engine_that_hangs(pipe, monkeypatch):
    monkeypatch.setattr(connection, "_CONNECT_SECONDS", 1)
    serve(pipe, 0)
    begun = time.monotonic()
    with pytest.raises(EngineUnavailable, match="no Docker engine answers at npipe:"):
        connection.connect(None)
    assert time.monotonic() - begun < 15


class Daemon(BaseHTTPRequestHandler):
    """Answers what is asked of an engine first, and hangs at everything else."""

    protocol_version = "HTTP/1.1"
    ANSWERS: ClassVar = {
        "info": {
            "ID": "1",
            "OSType": "windows",
            "OperatingSystem": "Microsoft Windows Server Version 21H2 (OS Build 20348.1)",
            "SystemTime": "2026-01-01T00:00:00Z",
        },
        "version": {"Version": "29", "ApiVersion": "1.45", "MinAPIVersion": "1.24"},
    }

    def do_GET(self):
        answer = json.dumps(self.ANSWERS.get(self.path.rpartition("/")[2], {})).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def daemon():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Daemon)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_an_engine_with_another_name(pipe, daemon):
    serve(pipe, daemon)
    engine = DockerEngine()
    try:
        assert (engine.info().near, engine.info().guest) == (True, "windows")
    finally:
        engine.close()


def test_a_pipe_that_is_no_engine(pipe, daemon, monkeypatch):
    monkeypatch.setattr(Daemon, "ANSWERS", {})
    serve(pipe, daemon)
    with pytest.raises(EngineUnavailable):
        connection.connect(None)
