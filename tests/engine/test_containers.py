"""Containers of any kind, on a real engine."""

import re
import time

import pytest

from tests.windows import standins

SERVE = '["box", "serve", "8000"]'


def test_ports_environment_exec_and_logs(suite, mode):
    suite.files(
        conftest=f"""
        from guest import IMAGE, ROOT
        from pytest_wincontainers import container, ready

        @container(
            image=IMAGE, command={SERVE}, ports=[8000], environment={{"WHO": "you"}},
            ready=[ready.tcp(8000), ready.http(8000, "/health"), ready.log("^.*listening"), ready.exec("box", "env", "WHO")],
        )
        def server():
            '''A server.'''

        @container(image=IMAGE, command=["box", "sleep"])
        def client(server):
            return {{"environment": {{"SERVER": server.url}}}}
        """,
        test_it="""
        from urllib.request import urlopen

        def test_from_here(server):
            assert urlopen(server.url).read() == b"hello you"
            assert server.ports[8000] == server.port

        def test_from_a_neighbour(server, client):
            asked = client.exec("box", "get", server.inside.host, "8000")
            assert (asked.exit_code, asked.output) == (0, "hello you\\n")
            assert client.exec("box", "env", "SERVER").output == server.inside.url + "\\n"
            assert client.exec("box", "end", "3").exit_code == 3
            assert client.exec("box", "env", "X", environment={"X": "a b"}).output == "a b\\n"

        def test_logs(server):
            assert "listening on 8000" in server.logs()
            assert repr(server).startswith("<Endpoint server at ")
        """,
    )
    assert suite.run(*mode).outcomes() == {"passed": 3}


def test_files_names_and_health(suite, mode):
    suite.files(
        conftest=f"""
        from pathlib import Path
        from guest import IMAGE, ROOT
        from pytest_wincontainers import Healthcheck, container, ready

        @container(image=IMAGE, command={SERVE}, ports=[8000], aliases=["Shop.Example"])
        def server():
            pass

        @container(
            image=IMAGE, entrypoint=["box", "show"], command=["settings.json"], working_dir=ROOT + "app", timeout=25,
            files={{ROOT + "app/settings.json": '{{"a": "ü"}}\\n', ROOT + "app/data": Path("data"), ROOT + "app/x.bin": b"x"}},
            healthcheck=Healthcheck(["box", "touch", ROOT + "probed"]), labels={{"team": "shop"}},
        )
        def app(server):
            return {{"files": {{ROOT + "url.txt": server.url}}}}

        @container(image=IMAGE, command=["box", "sleep"], healthcheck=Healthcheck(["box", "has", ROOT + "no"]), timeout=2)
        def ill():
            pass

        @container(image=IMAGE, command=["box", "sleep"], ready=ready.healthy())
        def unchecked():
            pass
        """,
        test_it="""
        from guest import ROOT

        def test_files(app, server):
            paths = ("app/settings.json", "app/data/deep/one.txt", "app/x.bin", "url.txt")
            assert app.exec("box", "read", *(ROOT + path for path in paths)).output == '{"a": "ü"}\\n1x' + server.inside.url
            assert '{"a": ' in app.logs()

        def test_names(app, server):
            assert app.exec("box", "get", "shop.example", "8000").exit_code == 0

        def test_health(app, server):
            assert app.exec("box", "has", ROOT + "probed").exit_code == 0
            assert app.state().health.status in ("starting", "healthy")
            assert server.state().running and server.state().health is None

        def test_ill(ill):
            pass

        def test_unchecked(unchecked):
            pass
        """,
    )
    (suite.path / "data" / "deep").mkdir(parents=True)
    (suite.path / "data" / "deep" / "one.txt").write_text("1")
    done = suite.run(*mode)
    assert done.outcomes() == {"passed": 3, "errors": 2}
    # On a slow machine the last check is cut off by the limit.
    reason = "the health check exited with code 1: no output|the health check failed: .+timed out|.+ did not return"
    assert re.search(rf"ill is not ready after [\d.]+ s: ({reason})", done.output)
    assert "unchecked has no health check for ready.healthy()" in done.output


def test_published_ports_where_containers_cannot_be_reached(suite):
    suite.files(
        conftest=f"""
        from guest import IMAGE, ROOT
        from pytest_wincontainers import container

        @container(image=IMAGE, command={SERVE}, ports=[8000])
        def server():
            pass
        """,
        test_it="""
        from urllib.request import urlopen

        def test_it(server):
            assert server.host == "127.0.0.1" and server.port != 8000
            assert server.inside.port == 8000
            assert urlopen(server.url).status == 200
        """,
    )
    assert suite.run("--wincontainers-reach=published").outcomes() == {"passed": 1}


def test_a_build_with_mounts_and_memory(suite, client):
    context = suite.path / "job"
    context.mkdir()
    (context / "Dockerfile").write_text(
        f"FROM {standins.box()}\nARG WORD=none\nENV WORD=$WORD\nCOPY said.txt /\nVOLUME /scratch\n"
        'CMD ["box", "show", "/said.txt", "/given/more.txt"]\n'
    )
    (context / "said.txt").write_text("from the image\n")
    (context / ".dockerignore").write_text("# nothing else\nignored\n")
    (context / "ignored").write_text("1")
    (suite.path / "given").mkdir()
    (suite.path / "given" / "more.txt").write_text("from the mount\n")
    suite.files(
        conftest="""
        from guest import IMAGE, ROOT
        from pytest_wincontainers import Build, Mount, container, ready

        @container(
            build=Build("job", arguments={"WORD": "given"}), memory=64, ready=ready.log("from the mount"),
            mounts=[Mount("given", ROOT + "given", read_only=True)],
        )
        def job():
            pass
        """,
        test_it="""
        from guest import ROOT

        def test_it(job):
            assert job.exec("box", "env", "WORD").output == "given\\n"
            assert job.exec("box", "touch", ROOT + "given/x").exit_code == 1
            assert job.exec("box", "memory").output.split() == [str(64 * 1024 * 1024)]
        """,
    )
    assert suite.run("-v").outcomes() == {"passed": 1}
    before = tags(client)
    # What the build does not get is not part of its name.
    (context / "ignored").write_text("2")
    finished = suite.run("-v")
    assert finished.outcomes() == {"passed": 1}
    assert "building" not in finished.output
    assert tags(client) == before


def tags(client):
    return {tag for image in client.api.images("wincontainers/job") for tag in image["RepoTags"] or ()}


def test_an_image_is_built_once_when_two_runs_ask(suite, client, tmp_path):
    context = suite.path / "once"
    context.mkdir()
    (context / "Dockerfile").write_text(f'FROM {standins.box()}\nRUN sleep 2; echo {tmp_path}\nCMD ["box", "sleep"]\n')
    suite.files(
        conftest="""
        from guest import IMAGE, ROOT
        from pytest_wincontainers import container

        @container(build="once")
        def once():
            pass
        """,
        test_it="def test_it(once):\n    pass\n",
    )
    runs = [suite.start("-v"), suite.start("-v")]
    outputs = [run.communicate(timeout=120)[0] for run in runs]
    print(*outputs)
    assert all("1 passed" in output for output in outputs)
    # Each says "waiting for another run" or "building", and only one says the latter.
    assert sum("once: building the image" in output for output in outputs) == 1


def test_prepare_runs_before_any_test(suite, mode):
    suite.files(
        conftest="""
        from guest import IMAGE, ROOT
        from pytest_wincontainers import container

        def prepare(endpoint):
            endpoint.exec("box", "touch", ROOT + "prepared")

        @container(image=IMAGE, command=["box", "sleep"], prepare=prepare)
        def box():
            pass
        """,
        test_it="from guest import ROOT\n\ndef test_it(box):\n    assert box.exec('box', 'has', ROOT + 'prepared').exit_code == 0\n",
    )
    assert suite.run(*mode).outcomes() == {"passed": 1}


def test_starts_after_ready(suite):
    suite.files(
        conftest="""
        import time
        from pathlib import Path
        from guest import IMAGE
        from pytest_wincontainers import container

        def when_third_has_begun(_):
            (journal,) = Path(".wincontainers").glob("*-*-*/journal/owner.jsonl")
            if '"name":"third","state":"booting"' not in journal.read_text("utf-8"):
                return "it is too early"
            # For whatever else begins at the same time.
            time.sleep(1)
            Path("first").write_text(str(time.time()))

        @container(image=IMAGE, command=["box", "sleep"], ready=when_third_has_begun)
        def first():
            pass

        @container(image=IMAGE, command=["box", "sleep"], starts_after_ready=True)
        def second(first):
            pass

        @container(image=IMAGE, command=["box", "sleep"])
        def third(first):
            pass
        """,
        test_it="""
        from pathlib import Path

        def test_it(first, second, third):
            begun = float(second.exec("box", "begun").output)
            assert begun >= float(Path("first").read_text()) - 0.5
        """,
    )
    assert suite.run().outcomes() == {"passed": 1}


def test_two_runs_at_once_do_not_meet(suite):
    """Same suite, same network: names and data are each run's own."""
    suite.shop()
    some = ["tests/test_database.py", "tests/test_site.py"]
    runs = [suite.start(*some), suite.start(*some)]
    outputs = [run.communicate(timeout=120)[0] for run in runs]
    print(*outputs)
    assert all("6 passed" in output for output in outputs)
    assert len(set(suite.created())) == 4


PAUSED = f"""
import contextlib
import docker
from guest import IMAGE
from pytest_wincontainers import container, ready

def meddle(endpoint):
    with contextlib.closing(docker.from_env()) as client:
        found = client.containers.get(endpoint.container_id)
        HOW

def once(endpoint):
    meddle(endpoint)
    return "no answer"

@container(image=IMAGE, command={SERVE}, ports=[8000])
def server():
    pass

@container(image=IMAGE, command={SERVE}, ports=[8000], ready=once, timeout=3)
def starting():
    pass
"""


@pytest.mark.linux_guest
@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("found.status == 'paused' or found.pause()", "its container is paused"),
        (
            "'nat' not in found.attrs['NetworkSettings']['Networks'] or "
            "client.networks.get('nat').disconnect(found.id, force=True)",
            "its container is not connected to the network nat",
        ),
    ],
    ids=["paused", "cut off"],
)
def test_a_container_that_somebody_has_stopped_from_answering(suite, mode, how, told):
    suite.files(
        conftest=PAUSED.replace("HOW", how),
        test_it="""
        from conftest import meddle

        def test_running(server):
            meddle(server)
            assert 0, "no answer"

        def test_starting(starting):
            pass
        """,
    )
    finished = suite.run(*mode)
    assert finished.outcomes() == {"failed": 1, "errors": 1}
    assert f"hint: {told}; find out who did that" in finished.output
    assert "- server: state -" in finished.output
    assert f"\n{told}\n" in finished.output


def test_a_command_that_does_not_end_keeps_nobody_longer_than_the_limit(suite, mode):
    suite.files(
        conftest="""
        from guest import IMAGE
        from pytest_wincontainers import container, ready

        @container(image=IMAGE, command=["box", "sleep"], ready=ready.exec("box", "sleep"), timeout=3)
        def sleeper():
            pass
        """,
        test_it="def test_it(sleeper):\n    pass\n",
    )
    begun = time.monotonic()
    finished = suite.run(*mode)
    assert time.monotonic() - begun < 60
    assert finished.outcomes() == {"errors": 1}
    assert re.search(r"sleeper is not ready after [\d.]+ s: the check ready\.exec did not return", finished.output)
