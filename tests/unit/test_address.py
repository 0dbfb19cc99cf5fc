"""Which engine is meant, and with which certificates."""

import hashlib
import json

import pytest

from pytest_wincontainers.engines.docker.address import find
from pytest_wincontainers.engines.docker.connection import connect
from pytest_wincontainers.engines.registry import docker_address, make_engine
from pytest_wincontainers.errors import EngineError
from pytest_wincontainers.settings import Settings


class Contexts:
    """The docker CLI's directory, with contexts as it writes them."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {"DOCKER_CONFIG": str(folder)}

    def add(self, name, host, *, files=(), **options):
        place = hashlib.sha256(name.encode()).hexdigest()
        meta, tls = self.folder / "contexts" / "meta" / place, self.folder / "contexts" / "tls" / place / "docker"
        meta.mkdir(parents=True)
        endpoint = {"Host": host, "SkipTLSVerify": False, **options}
        (meta / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}))
        for file in files:
            tls.mkdir(parents=True, exist_ok=True)
            (tls / file).write_text("")
        return tls

    def use(self, name):
        (self.folder / "config.json").write_text(json.dumps({"currentContext": name}))


@pytest.fixture
def contexts(tmp_path):
    return Contexts(tmp_path)


def test_the_engine_of_now_is_found_when_another_is_selected(contexts, monkeypatch):
    """By whoever removes what a run has left, in another shell or later."""
    contexts.add("mine", "tcp://mine:1")
    contexts.use("mine")
    monkeypatch.setenv("DOCKER_CONFIG", str(contexts.folder))
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    address = docker_address(None)
    assert make_engine(address).address == address
    contexts.use("default")
    others = {**contexts.environment, "DOCKER_HOST": "tcp://other:1", "DOCKER_CONTEXT": "default"}
    assert find(address.url, others, address.options["context"]).host == "mine"
    monkeypatch.setenv("DOCKER_HOST", "tcp://host:1")
    assert (docker_address(None).url, make_engine(address).address) == ("tcp://host:1", address)


def test_without_anything_it_is_the_usual_place(contexts):
    assert find(None, contexts.environment).url == ""
    contexts.use("default")
    assert find(None, contexts.environment).url == ""


def test_the_first_of_url_variable_and_contexts_counts(contexts):
    """As for the docker CLI, of which a later variable or setting says nothing."""
    contexts.add("current", "tcp://current:1")
    contexts.add("named", "tcp://named:1")
    contexts.use("current")
    environment = contexts.environment
    assert find(None, environment).host == "current"
    environment["DOCKER_CONTEXT"] = "named"
    assert find(None, environment).host == "named"
    environment["DOCKER_HOST"] = "tcp://variable:1"
    assert find(None, environment).host == "variable"
    assert find("tcp://given:1", environment).host == "given"


def test_the_context_default_is_the_usual_place(contexts):
    contexts.add("current", "tcp://current:1")
    contexts.use("current")
    assert find(None, {**contexts.environment, "DOCKER_CONTEXT": "default"}).url == ""


def test_a_context_brings_its_certificates(contexts):
    folder = contexts.add("shop", "tcp://shop:2376", files=["ca.pem", "cert.pem", "key.pem"])
    address = find(None, {**contexts.environment, "DOCKER_CONTEXT": "shop", "DOCKER_CERT_PATH": "elsewhere"})
    files = address.certificates
    assert (files.place, files.verify) == ("the docker context shop", True)
    assert (files.authority, files.certificate, files.key) == tuple(
        folder / name for name in ("ca.pem", "cert.pem", "key.pem")
    )
    assert (address.port, address.unprotected) == (2376, False)


def test_a_context_with_an_authority_alone(contexts):
    contexts.add("shop", "tcp://shop:2376", files=["ca.pem"])
    files = find(None, {**contexts.environment, "DOCKER_CONTEXT": "shop"}).certificates
    assert files.authority is not None
    assert files.certificate is None


@pytest.mark.parametrize("where", ["DOCKER_CONTEXT", "currentContext"])
def test_a_context_that_does_not_exist(contexts, where):
    contexts.use("gone")
    chosen = {"DOCKER_CONTEXT": "gone"} if where == "DOCKER_CONTEXT" else {}
    with pytest.raises(EngineError, match="there is no docker context called gone") as told:
        find(None, {**contexts.environment, **chosen})
    assert where in told.value.message
    assert "docker context ls" in told.value.hint


def test_a_context_that_cannot_be_read(contexts):
    contexts.add("shop", "tcp://shop:2376")
    (meta,) = contexts.folder.rglob("meta.json")
    for text in ("{", "[]", '{"Endpoints": {}}'):
        meta.write_text(text)
        with pytest.raises(EngineError, match="the docker context shop cannot be read"):
            find(None, {**contexts.environment, "DOCKER_CONTEXT": "shop"})


@pytest.mark.parametrize(
    ("url", "environment", "unprotected"),
    [
        ("tcp://far:2375", {}, True),
        ("far:2375", {}, True),
        ("http://far:2375", {}, True),
        ("https://far:2376", {}, False),
        ("tcp://far:2376", {"DOCKER_TLS_VERIFY": "1"}, False),
        ("tcp://far:2376", {"DOCKER_CERT_PATH": "certs"}, False),
        ("ssh://me@far", {}, False),
        ("tcp://127.0.0.1:2375", {}, False),
        ("tcp://[::1]:2375", {}, False),
        ("tcp://localhost:2375", {}, False),
        ("unix:///var/run/docker.sock", {"DOCKER_CERT_PATH": "certs"}, False),
        ("npipe:////./pipe/docker_engine", {}, False),
    ],
)
def test_what_leaves_this_machine_without_protection(url, environment, unprotected):
    assert find(url, environment).unprotected == unprotected


@pytest.mark.parametrize("url", ["tcp://far:many", "tcp://far:99999", "tcp://[::1"])
def test_what_is_no_address(url, contexts):
    with pytest.raises(EngineError, match="is not the address of an engine") as told:
        find(url, contexts.environment)
    assert "tcp://host:2376" in told.value.hint
    contexts.add("shop", url)
    with pytest.raises(EngineError, match="is not the address of an engine"):
        find(None, {**contexts.environment, "DOCKER_CONTEXT": "shop"})


def test_a_context_that_verifies_nobody_is_not_protected(contexts):
    contexts.add("shop", "tcp://shop:2376", files=["ca.pem"], SkipTLSVerify=True)
    address = find(None, {**contexts.environment, "DOCKER_CONTEXT": "shop"})
    assert address.unprotected
    with pytest.raises(EngineError, match="does not verify the engine's certificate"):
        _connect(contexts, "shop")


def _connect(contexts, name):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DOCKER_HOST", raising=False)
        patch.setenv("DOCKER_CONFIG", str(contexts.folder))
        patch.setenv("DOCKER_CONTEXT", name)
        connect(None)


def test_a_machine_is_named_by_itself_only(monkeypatch):
    """One insecure engine does not make others so."""
    monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    monkeypatch.delenv("DOCKER_CERT_PATH", raising=False)
    for insecure in ("", "another", "10.0.0"):
        with pytest.raises(EngineError, match=r"the connection to tcp://10.0.0.1:9 is not encrypted") as told:
            connect("tcp://10.0.0.1:9", insecure)
        assert "--wincontainers-insecure-engine=10.0.0.1" in told.value.hint


def test_no_machine_is_insecure_unless_it_is_named():
    assert Settings.defaults().insecure_engine is None
