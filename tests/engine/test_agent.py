"""The entry point of the images, as it runs under Mono: images/agent. What Windows has in its place compiles there only."""

import functools
import hashlib
import http.server
import threading
from pathlib import Path

import pytest

from pytest_wincontainers.packing import Folder, packed
from pytest_wincontainers.services import iis
from tests.kit import commands, database
from tests.kit.waiting import wait_for


class Agent:
    """A container with a service.conf and a server, in bash, of the test's own."""

    def __init__(self, client, server, conf="", files=None, words=(), **environment):
        settings = f"folder: /box\nserver: bash /box/server.sh\n{conf}"
        given = {"server.sh": server, **(files or {})}
        folders = [
            Folder(None, "/opt/wincontainers", {"service.conf": settings.encode()}),
            Folder(None, "/box", {name: text.encode() for name, text in given.items()}),
            Folder(None, "/logs/W3SVC1", {}),
        ]
        database.network(client)
        self.container = client.containers.create(database.image(), list(words), environment=environment, network="nat")
        with packed(folders) as archive:
            self.container.put_archive("/", archive)
        self.container.start()

    def run(self, script):
        """What bash does in the container."""
        code, output, errors = self.exec("bash", "-c", script)
        assert code == 0, errors
        return output.decode()

    def exec(self, *words):
        return commands.run(self.container.client.api, self.container.id, *words)

    @property
    def output(self):
        return self.container.logs(stdout=True, stderr=False)

    @property
    def lines(self):
        return self.output.decode().splitlines()

    @property
    def errors(self):
        return self.container.logs(stdout=False, stderr=True).decode()

    def wait(self):
        """The exit code."""
        return self.container.wait(timeout=60)["StatusCode"]

    def mark(self, token):
        """Everything that was logged before is in the output when this returns."""
        self.run(f"touch /box/marks/{token}")
        wait_for(lambda: f"[mark] {token}" in self.lines)
        return self.lines


@pytest.fixture
def agent(real_client):
    made = []

    def start(*given, **options):
        made.append(Agent(real_client, *given, **options))
        return made[-1]

    yield start
    for one in made:
        one.container.remove(force=True, v=True)


FOREVER = "trap 'echo bye; exit 0' TERM\necho up\nwhile :; do sleep 0.02; done"
LOGS = "log w3c *: /logs/W3SVC*/*.log\nlog httperr: /logs/err.log\nlog: /logs/plain.log"


# -- the server ----------------------------------------------------------------------------------------------------


def test_a_server_that_ends_by_itself(agent):
    """Its exit code and all that it wrote; a line of no end, too, and bytes that are no text (the engine replaces them)."""
    one = agent("echo out; echo err >&2; printf 'caf\\xe9 \\xe2\\x82\\xac\\nno end'; exit 7")
    assert one.wait() == 7
    assert one.output.decode() == "out\ncaf\ufffd €\nno end"
    assert one.errors == "err\n"


def test_a_server_that_is_killed(agent):
    assert agent("kill -9 $$").wait() == 137


def test_a_mistake_in_the_settings(agent):
    one = agent("", "nonsense\n")
    assert one.wait() == 1
    assert one.errors == "wincontainers: /opt/wincontainers/service.conf: this line has no value: nonsense\n"


def test_a_server_is_asked_to_end(agent):
    """And what it writes then is there, and what it leaves in its logs; files that no snapshot is to have are not."""
    one = agent(
        "trap 'echo last > /logs/plain.log; echo bye; exit 3' TERM\necho up\nwhile :; do sleep 0.02; done",
        LOGS + "\nremove: /logs/plain.log\nremove: /box/state",
    )
    wait_for(lambda: "up" in one.lines)
    one.container.stop(timeout=20)
    assert one.wait() == 3
    assert one.lines == ["up", "bye", "last"]
    assert b"plain.log" not in b"".join(one.container.get_archive("/logs")[0])
    assert b"state" not in b"".join(one.container.get_archive("/box")[0])


def test_a_server_that_ignores_the_stop(agent):
    """It is the engine that ends all then, and nothing is written twice when the container is started again."""
    one = agent("trap '' TERM\necho line >> /logs/plain.log\nwhile :; do sleep 0.02; done", LOGS)
    wait_for(lambda: "line" in one.lines)
    one.mark("first")
    one.container.stop(timeout=1)
    assert one.wait() == 137
    one.container.start()
    assert one.mark("second").count("line") == 2


def test_arguments(agent):
    """Those of the container come last, each as it is; others are there if their variable is."""
    words = ["", "a b", 'say "hi"', "back\\slash\\", "it's", "Käse €", "$HOME %PATH%", "two\nlines"]
    conf = "argument WITH: --with=1\nargument WITHOUT: --without"
    one = agent("printf '<%s>\\n' \"$@\"", conf, words=words, WITH="yes", WITHOUT="")
    assert one.wait() == 0
    assert one.output.decode() == "".join(f"<{word}>\n" for word in ["--with=1", *words])


# -- the set-up ----------------------------------------------------------------------------------------------------


def test_steps_of_the_set_up(agent):
    """A program gets the rest of the line as it stands, as on Windows; here, it is the name of a directory."""
    one = agent(FOREVER, files={"setup": 'mkdir /box/add "a b" 100%25 \\"%0D%0A €\nmkdir /box/second\n'})
    wait_for(lambda: "up" in one.lines)
    assert one.run("cd /box; printf '%s|' *").split("|") == [
        'add "a b" 100% \\"\r\n €',
        "marks",
        "second",
        "server.sh",
        "state",
        "",
    ]


def test_a_step_that_fails(agent):
    """Says what failed with what the program says of it, and nothing of the rest of the line, where passwords are."""
    one = agent(FOREVER, files={"setup": "bash /no/such script /password:hidden\n"})
    assert one.wait() == 1
    told = "wincontainers: bash /no/such script ended with 127: /usr/bin/bash: /no/such script"
    assert one.errors.startswith(told)
    one = agent(FOREVER, files={"setup": "C:\\box\\step.exe add apppool /password:hidden\n"})
    assert one.wait() == 1
    assert one.errors.startswith("wincontainers: C:/box/step.exe could not be started: ")
    assert "hidden" not in one.errors
    assert one.lines == []


def test_a_container_that_is_started_again_is_set_up_already(agent):
    one = agent(FOREVER, files={"setup": "mkdir /box/was-here\n"})
    wait_for(lambda: "up" in one.lines)
    one.run("rmdir /box/was-here")
    one.container.restart(timeout=5)
    wait_for(lambda: one.lines.count("up") == 2)
    assert one.run("ls /box").split() == ["marks", "server.sh", "state"]


# -- logs ----------------------------------------------------------------------------------------------------------


def test_logs_are_told_apart(agent):
    """By the label; the file's own line ends, empty lines and what HTTP.sys puts there in advance are left out."""
    one = agent(
        "mkdir /logs/W3SVC12\n"
        "printf '#Fields: a\\r\\n\\r\\n1\\r\\n' > /logs/W3SVC1/u_ex1.log\n"
        "printf '2\\n' > /logs/W3SVC12/u_ex1.log\n"
        "printf 'refused\\r\\n\\0\\0\\0\\0' > /logs/err.log\n"
        "printf '\\0\\0caf\\xe9\\n\\nbegun' > /logs/plain.log\n" + FOREVER,
        LOGS,
    )
    wait_for(lambda: "up" in one.lines)
    lines = one.mark("done")
    expected = ["[w3c 1] #Fields: a", "[w3c 1] 1", "[w3c 12] 2", "[httperr] refused", "caf\ufffd", "", "[mark] done"]
    assert sorted(line for line in lines if line != "up") == sorted(expected)
    assert lines[-1] == "[mark] done"
    one.run("echo ' and ended' >> /logs/plain.log")
    assert one.mark("more")[-2:] == ["begun and ended", "[mark] more"]


def test_a_mark_follows_what_the_server_held_back(agent):
    flush = "flush: bash -c \"cat /box/held >> /logs/plain.log; printf '' > /box/held\""
    one = agent(FOREVER, f"{LOGS}\n{flush}", files={"held": ""})
    wait_for(lambda: "up" in one.lines)
    for count in range(20):
        one.run(f"echo {count} >> /box/held")
        assert one.mark(f"m{count}")[-2:] == [str(count), f"[mark] m{count}"]


def test_a_log_that_is_rotated_or_begun_anew(agent):
    one = agent(FOREVER, LOGS)
    wait_for(lambda: "up" in one.lines)
    one.run("echo one > /logs/W3SVC1/a.log")
    one.mark("first")
    one.run("echo two >> /logs/W3SVC1/a.log; echo three > /logs/W3SVC1/b.log")
    one.mark("second")
    one.run("echo 4 > /logs/W3SVC1/a.log; rm /logs/W3SVC1/b.log")
    one.mark("third")
    logged = [line for line in one.lines if line.startswith("[w3c")]
    assert logged == ["[w3c 1] one", "[w3c 1] two", "[w3c 1] three", "[w3c 1] 4"]


def test_a_log_that_cannot_be_read_holds_no_other_up(agent):
    """It is said once, and read as soon as it can be."""
    one = agent(FOREVER, LOGS)
    wait_for(lambda: "up" in one.lines)
    one.run("ln -s /nowhere /logs/W3SVC1/a.log; echo one > /logs/plain.log")
    one.mark("first")
    lines = one.mark("second")
    assert sum("the logs could not be followed" in line for line in lines) == 1
    assert "one" in lines
    one.run("rm /logs/W3SVC1/a.log; echo two > /logs/W3SVC1/a.log")
    assert "[w3c 1] two" in one.mark("third")


def test_a_state_that_is_torn(agent):
    """As a virtual machine that is turned off leaves it: lines come twice then, but the container starts."""
    one = agent(FOREVER, LOGS, files={"state": "\0\0\0\0"})
    wait_for(lambda: "up" in one.lines)
    one.run("echo one > /logs/plain.log")
    assert "one" in one.mark("first")


def test_a_server_that_does_not_write_what_it_holds_back(agent):
    """What it has written is written, and a stop is heeded, while whatever asks it for the rest hangs."""
    one = agent(FOREVER, f"{LOGS}\nflush: sleep 1000")
    wait_for(lambda: "up" in one.lines)
    one.run("echo one > /logs/plain.log; touch /box/marks/first")
    wait_for(lambda: "[mark] first" in one.lines)
    assert "one" in one.lines
    assert "wincontainers: the logs could not be followed: sleep takes more than 5 s" in one.lines


def test_a_folder_of_marks_that_is_gone(agent):
    one = agent(FOREVER, LOGS)
    wait_for(lambda: "up" in one.lines)
    one.run("rmdir /box/marks; echo one > /logs/plain.log")
    wait_for(lambda: "one" in one.lines)


def test_a_server_that_heeds_no_stop_before_it_is_up(agent):
    one = agent("trap '' TERM; echo up; sleep 1.5; trap 'exit 4' TERM; while :; do sleep 0.02; done")
    wait_for(lambda: "up" in one.lines)
    one.container.stop(timeout=20)
    assert one.wait() == 4


def test_a_command_with_too_few_words(agent):
    one = agent(FOREVER)
    wait_for(lambda: "up" in one.lines)
    code, _, errors = one.exec("mono", "/opt/wincontainers/agent.exe", "fetch", "http://x/")
    assert (code, errors) == (1, b"wincontainers: use fetch URL CHECKSUM FILE or account NAME PASSWORD\n")


def test_a_state_that_cannot_be_kept(agent):
    """It is said once, and the server and its logs go on."""
    one = agent(FOREVER, LOGS)
    wait_for(lambda: "up" in one.lines)
    one.run("mkdir /box/state.new; echo one > /logs/plain.log")
    assert "one" in one.mark("first")
    one.run("echo two >> /logs/plain.log")
    lines = one.mark("second")
    assert "two" in lines
    assert sum("the logs could not be followed" in line for line in lines) == 1


def test_many_lines(agent):
    """As fast as they come, each whole and in its order, in the log and in the server's own output."""
    count = 100_000
    one = agent(
        f"seq -f 'out %09.0f {'x' * 80}' {count} &\nseq -f 'log %09.0f {'y' * 80}' {count} > /logs/plain.log\nwait\n",
        LOGS,
    )
    assert one.wait() == 0
    for kind, filling in (("out", "x" * 80), ("log", "y" * 80)):
        lines = [line for line in one.lines if line.startswith(kind)]
        assert lines == [f"{kind} {number:09d} {filling}" for number in range(1, count + 1)]


def test_a_line_without_an_end_is_given_in_pieces(agent):
    """A server that writes no line end takes no memory for it."""
    size = 5 << 20
    one = agent(f"head -c {size} /dev/zero | tr '\\0' z | tee /logs/plain.log\necho >> /logs/plain.log", LOGS)
    assert one.wait() == 0
    assert one.output.count(b"z") == 2 * size


def test_a_file_with_secrets_is_emptied_when_the_server_is_ready(agent):
    one = agent(
        "cat /box/secret; sleep 0.3; cat /box/secret; echo 'now: ready'; "
        "n=0; until [ ! -s /box/secret ] || [ $((n += 1)) = 1500 ]; do sleep 0.02; done; cat /box/secret; echo end",
        "empty /box/secret: ready",
        files={"secret": "word\n"},
    )
    assert one.wait() == 0
    assert one.lines == ["word", "word", "now: ready", "end"]


# -- Windows -------------------------------------------------------------------------------------------------------


def test_it_compiles_for_windows(real_client):
    """By the compiler for C# 5, which the one of the .NET Framework is; what Mono lacks is declared in Eventing.cs."""
    sources = Folder(iis.IMAGE.root / "agent", "/agent")
    stub = Folder(Path(__file__).with_name("Eventing.cs"), "/agent/windows/Eventing.cs")
    compile_ = (
        "mcs -langversion:5 -warnaserror -r:System.ServiceProcess.dll -out:/agent.exe /agent/*.cs /agent/windows/*.cs"
    )
    container = real_client.containers.create(
        database.image(iis.IMAGE), ["-c", compile_], entrypoint="bash", network_mode="none"
    )
    try:
        with packed([sources, stub]) as archive:
            container.put_archive("/", archive)
        container.start()
        assert (container.wait(timeout=60)["StatusCode"], container.logs().decode()) == (0, "")
    finally:
        container.remove(force=True)


# -- downloads -----------------------------------------------------------------------------------------------------


@pytest.fixture
def site(real_client):
    """A web server of this machine, as containers reach it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/file" else 404)
            self.end_headers()
            self.wfile.write(b"content" * 1000)

        def log_message(self, *_):
            pass

    gateway = database.network(real_client).attrs["IPAM"]["Config"][0]["Gateway"]
    server = http.server.ThreadingHTTPServer((gateway, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{gateway}:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_downloads(agent, site):
    content = b"content" * 1000
    digests = {name: hashlib.new(name, content).hexdigest().upper() for name in ("sha256", "md5")}
    one = agent(FOREVER)
    fetch = functools.partial(one.exec, "mono", "/opt/wincontainers/agent.exe", "fetch")
    wait_for(lambda: "up" in one.lines)
    for digest in (digests["sha256"], digests["sha256"].lower(), digests["md5"]):
        assert fetch(f"{site}/file", digest, "/box/file") == (0, b"", b"")
        assert one.run("sha256sum /box/file").split()[0] == digests["sha256"].lower()
    wrong = "0" * 64
    for url, digest, problem in [
        ("/file", wrong, f"has the SHA256 {digests['sha256']}, not {wrong}"),
        ("/none", wrong, "could not be downloaded: "),
    ]:
        code, _, errors = fetch(f"{site}{url}", digest, "/box/file")
        assert code == 1
        assert errors.decode().startswith(f"wincontainers: {site}{url} {problem}")
    assert fetch(f"{site}/file", "", "/box/file") == (
        1,
        b"",
        f"wincontainers: no checksum is given for {site}/file\n".encode(),
    )
