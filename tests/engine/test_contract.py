"""What every engine does, the one in memory as well as Docker's, plain and behind the rules of each Windows host."""

import contextlib
import re
import secrets
import threading
import time

import docker
import pytest

from pytest_wincontainers.engines.base import NETWORK, Build, ContainerSpec, ExecResult
from pytest_wincontainers.engines.container import Container
from pytest_wincontainers.engines.docker import DockerEngine
from pytest_wincontainers.engines.docker.calls import refused
from pytest_wincontainers.engines.registry import make_engine
from pytest_wincontainers.engines.times import timestamp
from pytest_wincontainers.errors import EngineError, ImageError
from pytest_wincontainers.guests.text import decode_line
from pytest_wincontainers.packing import Folder
from pytest_wincontainers.reports.logs import lines_of
from pytest_wincontainers.testing import FakeEngine
from tests.windows import standins


def started(engine, container):
    """What a container does by its command, as `box` in the test image does."""
    match engine.spec(container).command:
        case ["box", "start", text]:
            engine.say(container, text)
        case ["box", "end", code, text]:
            engine.say(container, text)
            engine.end(container, int(code))


def answered(spec, command):
    """What a command does, as `box` in the test image does."""
    match command:
        case ["box", "end", code, text]:
            return ExecResult(int(code), f"{text}\n")
        case ["box", "words", *_] if len(command) == 2:
            return ExecResult(0, "[]\n")
        case ["no-such-program", *_]:
            raise refused("run no-such-program", 'exec: "no-such-program": executable file not found in $PATH')


def said(line):
    """The time of a line, and its text; Windows programs write in whatever code page."""
    time, _, text = line.partition(b" ")
    return time.decode(), decode_line(text)


class Subject:
    """An engine, and the containers that a test makes on it."""

    def __init__(self, engine, image):
        self.engine = engine
        self.image = image
        # Of this test alone, as others run at once on the same engine.
        self.label = f"wincontainers-contract-{secrets.token_hex(4)}=1"
        self.root = "C:\\" if engine.info().guest == "windows" else "/"

    def spec(self, *command, **options):
        key, _, value = self.label.partition("=")
        name = f"wc-contract-{secrets.token_hex(4)}"
        labels = {key: value, **options.pop("labels", {})}
        return ContainerSpec(name, self.image, labels, command=command or ("box", "start", "hello"), **options)

    def created(self, *command, **options):
        return self.engine.create(self.spec(*command, **options))

    def running(self, *command, **options):
        container = self.created(*command, **options)
        self.engine.start(container)
        return container

    def ended(self, code=3, text="bye"):
        container = self.running("box", "end", str(code), text)
        deadline = time.monotonic() + 20
        while self.engine.state(container).running:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return container

    def lines(self, container):
        lines = map(said, lines_of(self.engine.logs(container, follow=False)))
        # A line end in UTF-16 leaves half of itself for another line.
        return [(time, text) for time, text in lines if text not in {"", "started"}]

    def close(self):
        for one in self.engine.containers([self.label]):
            self.engine.remove(one.id)
        for one in self.engine.images(self.label.partition("=")[0]):
            if one.reference.startswith("wincontainers/contract-"):
                self.engine.remove_image(one.reference)
        self.engine.close()


class Contract:
    def test_it_says_who_it_is(self, subject):
        info = subject.engine.info()
        assert info == subject.engine.info()
        assert info.id
        assert info.name
        assert info.guest in {"linux", "windows"}
        assert abs(info.clock_offset) < 5

    def test_an_image_that_is_not_there(self, subject):
        assert subject.engine.image("wincontainers/contract-none:1") is None
        subject.engine.remove_image("wincontainers/contract-none:1")

    def test_an_image_that_is_there(self, subject):
        found = subject.engine.image(subject.image)
        assert found.id == subject.engine.image(subject.image).id
        assert found.guest == subject.engine.info().guest

    def test_a_build_is_an_image_with_its_labels(self, subject, tmp_path):
        (tmp_path / "Dockerfile").write_text(f"FROM {subject.image}\n")
        said, tag = [], f"wincontainers/contract-{secrets.token_hex(4)}:1"
        label = subject.label.partition("=")[0]
        subject.engine.build(Build(tmp_path), tag, {label: tag}, said.append)
        assert said
        assert subject.engine.image(tag) is not None
        (listed,) = [one for one in subject.engine.images(label) if one.reference == tag]
        assert listed in subject.engine.images(f"{label}={tag}")
        assert subject.engine.images(f"{label}=other") == []
        # An image of the same content may have been made before; it is in seconds since 1970.
        assert 1_000_000_000 < listed.created <= time.time() + 5
        subject.engine.remove_image(tag)
        subject.engine.remove_image(tag)
        assert subject.engine.image(tag) is None

    def test_what_a_build_sends(self, subject, tmp_path):
        for name in ("Dockerfile", "a.txt", "b.txt", "sub/c.txt", "sub/d.log"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("x")
        (tmp_path / ".dockerignore").write_text("# logs\n**/*.log\nb.txt\n")
        found = subject.engine.context_files(Build(tmp_path))
        assert [name.replace("\\", "/") for name in found] == [".dockerignore", "Dockerfile", "a.txt", "sub/c.txt"]

    def test_the_network_is_there_afterwards(self, subject):
        subject.engine.ensure_network(NETWORK)
        subject.engine.ensure_network(NETWORK)

    def test_a_name_is_taken_once(self, subject):
        spec = subject.spec()
        subject.engine.create(spec)
        with pytest.raises(EngineError) as refused:
            subject.engine.create(spec)
        assert refused.value.status == 409

    def test_a_container_from_its_creation_to_its_end(self, subject):
        engine, container = subject.engine, subject.created()
        before = engine.state(container)
        assert (before.running, before.exit_code, before.address) == (False, 0, None)
        engine.start(container)
        engine.start(container)
        running = engine.state(container)
        assert (running.running, running.exit_code) == (True, None)
        assert re.fullmatch(r"[\d.]+", running.address)
        engine.stop(container, 1)
        engine.stop(container, 1)
        ended = engine.state(container)
        assert (ended.running, ended.address, ended.ports) == (False, None, {})
        engine.start(container)
        assert engine.state(container).running
        engine.kill(container)
        engine.kill(container)
        assert not engine.state(container).running

    def test_published_ports(self, subject):
        container = subject.running(publish=(8000,))
        ports = subject.engine.state(container).ports
        assert list(ports) == [8000]
        assert 0 < ports[8000] < 65536

    def test_the_exit_code(self, subject):
        assert subject.engine.state(subject.ended(code=3)).exit_code == 3

    def test_waiting_for_the_end(self, subject):
        assert Container(subject.engine, subject.ended(code=0)).wait(5)
        assert not Container(subject.engine, subject.ended(code=3)).wait(5)
        container = subject.running()
        assert not Container(subject.engine, container).wait(0.2)
        assert not subject.engine.state(container).running

    def test_output_has_times_and_can_be_read_again(self, subject):
        container = subject.ended(text="bye")
        ((stamp, text),) = subject.lines(container)
        assert text == "bye"
        assert abs(timestamp(stamp) - subject.engine.info().clock_offset - time.time()) < 60
        assert subject.lines(container) == [(stamp, "bye")]

    def test_the_last_lines_of_the_output(self, subject):
        container = subject.ended(text="bye")
        (last,) = lines_of(subject.engine.logs(container, follow=False, tail=1))
        assert last in list(lines_of(subject.engine.logs(container, follow=False)))[-1:]

    def test_following_ends_with_the_container(self, subject):
        container, read = subject.running("box", "start", "hello"), []

        def follow():
            read.extend(said(line)[1] for line in lines_of(subject.engine.logs(container, follow=True)))

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while "hello" not in read:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert thread.is_alive()
        subject.engine.kill(container)
        thread.join(20)
        assert not thread.is_alive()

    def test_commands(self, subject):
        container = subject.running()
        done = subject.engine.exec(container, ["box", "end", "4", "said"], {})
        assert (done.exit_code, done.stdout.splitlines(), done.stderr) == (4, ["said"], "")
        with pytest.raises(EngineError, match="refused to run no-such-program") as missing:
            subject.engine.exec(container, ["no-such-program", "x"], {})
        assert missing.value.failure.implies == "no-program"
        subject.engine.kill(container)
        with pytest.raises(EngineError) as ended:
            subject.engine.exec(container, ["box", "end", "0", "said"], {})
        assert ended.value.status == 409

    @pytest.mark.parametrize("runs", [False, True], ids=["before its start", "while it runs"])
    def test_files(self, subject, tmp_path, runs):
        container = Container(subject.engine, subject.running() if runs else subject.created())
        (tmp_path / "in" / "sub").mkdir(parents=True)
        (tmp_path / "in" / "a.txt").write_bytes(b"a\r\n\xff")
        (tmp_path / "in" / "sub" / "b.txt").write_bytes(b"b" * 100_000)
        (tmp_path / "in" / "empty").mkdir()
        at = f"{subject.root}contract"
        container.copy_in([Folder(tmp_path / "in", at), Folder(None, f"{at}2", {"x.txt": b"x"})])
        container.copy_out(at, tmp_path / "out")
        found = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*")}
        assert found == {"a.txt", "sub", "sub/b.txt", "empty"}
        assert (tmp_path / "out" / "a.txt").read_bytes() == b"a\r\n\xff"
        container.copy_out(f"{at}2{subject.root[-1]}x.txt", tmp_path / "x")
        assert (tmp_path / "x").read_bytes() == b"x"
        with pytest.raises(EngineError):
            container.copy_out(f"{subject.root}nowhere", tmp_path / "y")

    def test_listing_by_labels(self, subject):
        first, second = subject.created(labels={"n": "1", "both": ""}), subject.running(labels={"n": "2", "both": ""})

        def listed(*labels):
            return {one.id: one for one in subject.engine.containers([subject.label, *labels])}

        assert set(listed()) == set(listed("both")) == {first, second}
        assert set(listed("n=2")) == {second}
        assert set(listed("n=1", "n=2")) == set()
        assert (listed()[first].running, listed()[second].running) == (False, True)
        assert listed()[first].labels["n"] == "1"
        assert listed()[first].name.startswith("wc-contract-")

    def test_removal(self, subject):
        container = subject.running()
        subject.engine.remove(container)
        subject.engine.remove(container)
        assert subject.engine.containers([subject.label]) == []
        with pytest.raises(EngineError) as refused:
            subject.engine.state(container)
        assert refused.value.status == 404
        subject.engine.kill(container)
        subject.engine.stop(container, 1)
        for call in (subject.engine.start, lambda one: subject.engine.exec(one, ["box", "words"], {})):
            with pytest.raises(EngineError) as refused:
                call(container)
            assert refused.value.status == 404

    def test_an_image_of_an_ended_container(self, subject):
        label = subject.label.partition("=")[0]
        tag = f"wincontainers/contract-{secrets.token_hex(4)}:1"
        subject.engine.commit(subject.ended(), tag, {"more": 'a "quoted" $word'})
        assert subject.engine.image(tag) is not None
        assert tag in [one.reference for one in subject.engine.images(label)]
        assert tag in [one.reference for one in subject.engine.images('more=a "quoted" $word')]

    def test_closing_twice(self, subject):
        subject.engine.close()
        subject.engine.close()
        assert subject.engine.info().id


class TestFakeEngine(Contract):
    @pytest.fixture(params=["linux", "windows"])
    def subject(self, request):
        made = Subject(FakeEngine(guest=request.param, started=started, exec=answered), "box:1")
        yield made
        made.close()

    def test_no_other_process_reaches_it(self, subject):
        assert subject.engine.address is None


def environments(client):
    """Those of all images, also of layers."""
    for image in client.api.images(all=True, quiet=True):
        # Another test may have removed it meanwhile.
        with contextlib.suppress(docker.errors.ImageNotFound):
            yield client.api.inspect_image(image)["Config"]["Env"] or []


class TestDockerEngine(Contract):
    @pytest.fixture
    def subject(self, engine):
        made = Subject(DockerEngine(engine.url), standins.box())
        yield made
        made.close()

    def test_another_process_reaches_it(self, subject):
        other = make_engine(subject.engine.address)
        assert other.info().id == subject.engine.info().id
        other.close()

    def test_a_command_that_takes_too_long(self, subject):
        container = subject.running()
        with pytest.raises(EngineError, match="timed out after"):
            subject.engine.exec(container, ["box", "sleep"], {}, timeout=0.3)

    @pytest.mark.parametrize("of_others", [False, True], ids=["alone", "on another's layers"])
    def test_a_failed_build_leaves_no_image(self, subject, tmp_path, real_client, of_others):
        one, other = (f"ENV WINCONTAINERS_CONTRACT={secrets.token_hex(8)}" for _ in range(2))
        (tmp_path / "Dockerfile").write_text(f"FROM {subject.image}\n{one}\n{other}\n")
        tag = f"wincontainers/contract-{secrets.token_hex(4)}:1"
        if of_others:
            (tmp_path / "Dockerfile").write_text(f"FROM {subject.image}\n{one}\n")
            subject.engine.build(Build(tmp_path), tag, {}, lambda _: None)
        (tmp_path / "Dockerfile").write_text(f"FROM {subject.image}\n{one}\n{other}\nCOPY nothing /\n")
        with pytest.raises(ImageError, match="building the image in .* failed"):
            subject.engine.build(Build(tmp_path), f"{tag}-2", {}, lambda _: None)
        assert [one for one in environments(real_client) if other.partition(" ")[2] in one] == []
        assert (subject.engine.image(tag) is not None) == of_others
        subject.engine.remove_image(tag)
