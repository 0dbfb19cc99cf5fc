"""Engines behind SSH: what `ssh` is started with, and what its words mean."""

import pytest

from pytest_wincontainers.engines.docker import ssh
from pytest_wincontainers.engines.docker.connection import connect
from pytest_wincontainers.engines.docker.ssh import SshError, Target, find_ssh_reason
from pytest_wincontainers.errors import EngineUnavailable

DIAL = ["docker", "system", "dial-stdio"]


@pytest.mark.parametrize(
    ("url", "login", "far"),
    [
        ("ssh://winhost", ["--", "winhost"], DIAL),
        ("ssh://tester@winhost:2222", ["-l", "tester", "-p", "2222", "--", "winhost"], DIAL),
        ("ssh://[fe80::1]", ["--", "fe80::1"], DIAL),
        # No option, whatever it looks like.
        ("ssh://-oProxyCommand=x", ["--", "-oProxyCommand=x"], DIAL),
        # OpenSSH's configuration knows upper case from lower case.
        ("ssh://WinBox:22", ["-p", "22", "--", "WinBox"], DIAL),
        ("ssh://DOM%5Cbob@WinBox", ["-l", "DOM\\bob", "--", "WinBox"], DIAL),
        ("ssh://h/run/docker.sock", ["--", "h"], ["docker", "--host", "unix:///run/docker.sock", *DIAL[1:]]),
        ("ssh://h/a;b", ["--", "h"], ["docker", "--host", "'unix:///a;b'", *DIAL[1:]]),
        ("ssh://h/", ["--", "h"], DIAL),
    ],
)
def test_the_command(url, login, far):
    command = Target(url).command
    assert command[0] == "ssh"
    assert command[-len(login) - len(far) :] == [*login, *far]
    assert "BatchMode=yes" in command


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "No ED25519 host key is known for h and you have requested strict checking.",
            "does not know the host key of h",
        ),
        ("Host key verification failed.", "does not know the host key of h"),
        (
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
            "the host key of h is not the one in known_hosts",
        ),
        ("me@h: Permission denied (publickey,keyboard-interactive).", "h accepts none of the keys"),
        ("bash: line 1: docker: command not found", "no docker command on h"),
        ("sh: 1: docker: not found", "no docker command on h"),
        ("'docker' is not recognized as an internal or external command,", "no docker command on h"),
        ("docker : The term 'docker' is not recognized as the name of a cmdlet", "no docker command on h"),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            "may not use its engine",
        ),
    ],
)
def test_what_its_words_mean(words, message):
    error = RuntimeError("the SDK's own")
    error.__cause__ = SshError(words)
    reason = find_ssh_reason(error, "ssh://me@h")
    assert message in reason.message
    assert reason.details == words
    assert "{" not in reason.hint


def test_other_words_are_shown_as_they_are():
    assert find_ssh_reason(SshError("ssh: connect to host h port 22: No route to host"), "ssh://h") is None


def test_a_login_that_is_dropped_is_tried_again(monkeypatch):
    """As an sshd does at random with more than ten at once (sshd_config(5), MaxStartups)."""
    dropped = ["kex_exchange_identification: read: Connection reset by peer", "Connection closed by 10.0.0.1 port 22"]
    pauses = []

    def log_in(_):
        if dropped:
            raise SshError(dropped.pop())

    monkeypatch.setattr(ssh._Connection, "_log_in", log_in)
    monkeypatch.setattr(ssh.time, "sleep", pauses.append)
    ssh._Connection(Target("ssh://h"), 5).connect()
    assert pauses == [0.5, 1.0]


def test_a_login_that_is_refused_is_not_tried_again(monkeypatch):
    tried = []

    def log_in(_):
        tried.append(1)
        raise SshError("Permission denied (publickey).")

    monkeypatch.setattr(ssh._Connection, "_log_in", log_in)
    with pytest.raises(SshError):
        ssh._Connection(Target("ssh://h"), 5).connect()
    assert tried == [1]


def test_what_nobody_knows_is_an_engine_that_does_not_answer(monkeypatch):
    def log_in(_):
        raise SshError("ssh: connect to host h port 22: No route to host")

    monkeypatch.setattr(ssh._Connection, "_log_in", log_in)
    with pytest.raises(EngineUnavailable, match="no Docker engine answers at ssh://h") as told:
        connect("ssh://h")
    assert told.value.details.endswith("No route to host")
