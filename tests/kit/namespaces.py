"""Another machine with an engine: a network namespace with a dockerd and an sshd of its own.

It shares no socket, no address and no directory of an engine with this one: what reaches it comes over the network.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import docker
from filelock import FileLock

from tests.kit.waiting import wait_for

NETWORKS = ipaddress.ip_network("10.213.0.0/16")
PROGRAMS = {
    "ip": "iproute2",
    "iptables": "iptables",
    "nsenter": "util-linux",
    "dockerd": "docker.io",
    "docker": "docker.io or docker-cli",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"

# Images in memory are loaded in half the time, and forgotten at once. In /etc/docker an older engine has its ID.
MOUNTS = """
mkdir -p "$0/data" "$0/etc" /etc/docker
mount -t tmpfs data "$0/data"
mount --bind "$0/etc" /etc/docker
exec "$@"
"""
SSHD = """
ListenAddress {address}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile {folder}/sshd.pid
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
"""
# The defaults of what a person has in ~/.ssh.
SSH = """
IdentityFile {folder}/client_key
IdentitiesOnly yes
UserKnownHostsFile {client}/known_hosts
GlobalKnownHostsFile /dev/null
"""


class OtherHost:
    """The machine, and its clients. `folder` is for its own use, and `client` for their configuration of SSH."""

    def __init__(self, folder, client):
        self.folder = folder
        self.client = client
        self.certs = str(folder / "certs")
        # By the process that has set it up, so that `sweep` knows whose it is.
        maker = folder.name.split("-")[2]
        self.name = f"wc-{maker}"
        self._veth = f"wc{maker}"
        self._opened = contextlib.ExitStack()

    # -- how it is reached ------------------------------------------------------------------------------------

    @property
    def tls(self):
        """The environment of a run that uses it over TLS."""
        return {"DOCKER_HOST": f"tcp://{self.address}:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": self.certs}

    @property
    def ssh(self):
        """The environment of a run that uses it over SSH."""
        path = f"{self.client / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {"DOCKER_HOST": f"ssh://root@{self.address}{self.folder}/docker.sock", "PATH": path}

    @property
    def socket(self):
        """A way for the test itself that no run has."""
        return f"unix://{self.folder}/docker.sock"

    # -- setting up and taking down ---------------------------------------------------------------------------

    def start(self):
        try:
            self._link()
            self._start_engine()
            self._start_sshd()
            self._write_client()
        except BaseException:
            self.close()
            raise

    def join(self, address):
        """Use the one that another worker has set up."""
        from tests.hosts.tls import Authority

        self.address = address
        self.authority = Authority(self.folder)
        self._write_client()

    def close(self):
        self._opened.close()

    def load(self, images):
        """Have these images of this machine's engine."""
        save = subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE)
        with save.stdout:
            subprocess.run(
                ["docker", "--host", self.socket, "load", "--quiet"],
                stdin=save.stdout,
                stdout=subprocess.DEVNULL,
                check=True,
            )
        assert save.wait() == 0

    def _link(self):
        # One network at a time is chosen and taken.
        with FileLock(Path(tempfile.gettempdir(), "wincontainers-tests-networks.lock")):
            taken = run("ip", "-4", "-o", "address").stdout
            free = (one for one in NETWORKS.subnets(new_prefix=30) if f" {one[1]}/" not in taken)
            near, far = next(free).hosts()
            self.address = str(far)
            run("ip", "netns", "add", self.name)
            self._opened.callback(run, "ip", "netns", "delete", self.name)
            self._opened.callback(end_all, self.name)
            run("ip", "link", "add", self._veth, "type", "veth", "peer", "name", "eth0", "netns", self.name)
            self._opened.callback(run, "ip", "link", "delete", self._veth, check=False)
            run("ip", "address", "add", f"{near}/30", "dev", self._veth)
        run("ip", "link", "set", self._veth, "up")
        for words in (
            f"address add {far}/30 dev eth0",
            "link set eth0 up",
            "link set lo up",
            f"route add default via {near}",
        ):
            run("ip", "-n", self.name, *words.split())

    def _inside(self, *words):
        # Not `ip netns exec`, which hides the control groups. Mounts of its own are gone when the process is.
        enter = ["nsenter", f"--net=/run/netns/{self.name}", "unshare", "--mount", "--propagation=slave"]
        return [*enter, *map(str, words)]

    def _start_engine(self):
        # Every test run loads this file, and few need certificates.
        from tests.hosts.tls import Authority

        folder = self.folder
        self.authority = Authority(folder)
        certificate = self.authority.issue("server", host=self.address)
        self.authority.client_files(folder / "certs")
        self._opened.callback(end, self._dockerd(folder, 2376, certificate))
        with contextlib.closing(docker.DockerClient(self.socket, version="auto")) as client:
            client.networks.create("nat", driver="bridge")

    @contextlib.contextmanager
    def engine_with(self, certificate, port, authority=None):
        """Another engine on it, with this certificate and its key, and that of its clients' authority; its address."""
        folder = self.folder / str(port)
        folder.mkdir()
        process = self._dockerd(folder, port, certificate, "--iptables=false", authority=authority)
        try:
            yield f"tcp://{self.address}:{port}"
        finally:
            end(process)

    def _dockerd(self, folder, port, certificate, *options, authority=None):
        """Start an engine, and wait until it answers; the process."""
        log = folder / "dockerd.log"
        words = ["sh", "-ec", MOUNTS, folder, "dockerd", "--data-root", folder / "data", "--exec-root", folder / "exec"]
        words += ["--pidfile", folder / "dockerd.pid", "--bridge", "none", *options]
        words += ["--host", f"unix://{folder}/docker.sock", "--host", f"tcp://{self.address}:{port}"]
        words += [
            "--tlsverify",
            "--tlscacert",
            authority or self.authority.path,
            "--tlscert",
            certificate[0],
            "--tlskey",
            certificate[1],
        ]
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._inside(*words),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**paths(), "DOCKER_TMPDIR": f"{folder}/data/tmp"},
            )

        def answers():
            if process.poll() is not None:
                tail = log.read_text(errors="replace").splitlines()[-5:]
                raise RuntimeError("its dockerd ended at once:\n" + "\n".join(tail))
            # A client that finds nobody leaves its socket open.
            return f"API listen on {self.address}:{port}" in log.read_text(errors="replace")

        try:
            wait_for(answers, seconds=120)
        except BaseException:
            end(process)
            raise
        return process

    def _start_sshd(self):
        folder = self.folder
        for name in ("host_key", "client_key", "foreign_key"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
        shutil.copy(folder / "client_key.pub", folder / "authorized_keys")
        (folder / "sshd_config").write_text(SSHD.format(address=self.address, folder=folder))
        Path("/run/sshd").mkdir(exist_ok=True)
        sshd = shutil.which("sshd", path=PATH)
        with (folder / "sshd.log").open("wb") as log:
            words = self._inside(sshd, "-D", "-e", "-f", folder / "sshd_config")
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=log, start_new_session=True, env=paths())
        self._opened.callback(end, process)
        wait_for((folder / "sshd.pid").exists)

    def _write_client(self):
        self.known_hosts(f"{self.address} {(self.folder / 'host_key.pub').read_text()}")
        self.ssh_config()
        (self.client / "bin").mkdir()
        # OpenSSH looks for ~/.ssh where the account has it, whatever HOME says.
        program = self.client / "bin" / "ssh"
        program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh", path=PATH)} -F {self.client}/ssh_config "$@"\n')
        program.chmod(0o755)

    def known_hosts(self, text):
        """What the file of that name has."""
        (self.client / "known_hosts").write_text(text)

    def ssh_config(self, text=""):
        """What the user's configuration has before its usual lines."""
        (self.client / "ssh_config").write_text(text + SSH.format(folder=self.folder, client=self.client))


def paths():
    return {**os.environ, "PATH": PATH}


def run(*words, check=True):
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, encoding="utf-8", env=paths())
    if check and done.returncode != 0:
        raise RuntimeError(f"`{' '.join(map(str, words))}` failed: {done.stderr.strip()}")
    return done


def end_all(name):
    """End what is left in a namespace, such as the processes of containers."""
    for pid in run("ip", "netns", "pids", name, check=False).stdout.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def sweep():
    """Remove what was left by tests that were killed."""
    for name in re.findall(r"(?m)^wc-\d+", run("ip", "netns", "list").stdout):
        pid = name.removeprefix("wc-")
        if not Path("/proc", pid).exists():
            end_all(name)
            run("ip", "netns", "delete", name, check=False)
            for folder in Path(tempfile.gettempdir()).glob(f"wc-host-{pid}-*"):
                shutil.rmtree(folder, ignore_errors=True)


def end(process):
    """End a process, and wait for it."""
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def missing():
    """Why this machine cannot have another one, or nothing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "it needs network namespaces: run it on Linux, as root"
    for program, package in PROGRAMS.items():
        if shutil.which(program, path=PATH) is None:
            return f"there is no {program}: install {package}, as `python3 dev.py test` does on Debian and Ubuntu"
    return ""
