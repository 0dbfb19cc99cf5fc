"""Hosts that fail in passing, hosts that fail for good, and hosts that bear only so many starts at once."""

import json
import re
import time
from pathlib import Path

import pytest

from pytest_wincontainers.engines.docker import DockerEngine
from pytest_wincontainers.failures import find_failure
from tests.kit.soak import amount
from tests.windows.faults import Faults

TEXTS = json.loads((Path(__file__).parents[1] / "unit" / "failure_texts.json").read_text("utf-8"))
NETWORK = ["hns-element-not-found"]
LAYERS = ["layer-prepare-timeout", "layer-import-path"]
NPIPE = ["npipe-busy", "npipe-semaphore-timeout", "npipe-closing"]
STARTS = ["start-hcs-timeout", "start-hcs-conn-closed", "start-parameter", "hcs-terminated", "start-duplicate-handle"]

SESSIONS = amount(8, 100)

SUITE = """
from guest import IMAGE
from pytest_wincontainers import container

@container(image=IMAGE, command=["box", "sleep"])
def one(): pass

@container(image=IMAGE, command=["box", "sleep"])
def two(one): pass

@container(image=IMAGE, command=["box", "sleep"])
def three(): pass
"""
server = pytest.mark.parametrize("engine", ["server2022"], indirect=True)


@pytest.fixture
def faults(engine):
    def set_up(*names, **options):
        engine.proxy.faults = Faults([TEXTS[name] for name in names], **options)
        engine.proxy.forget_calls()
        return engine.proxy.faults

    yield set_up
    engine.proxy.faults = None


@pytest.fixture
def three(suite):
    suite.files(conftest=SUITE, test_it="def test_it(one, two, three): pass\n")
    return suite


@server
@pytest.mark.soak
def test_one_start_in_five_fails(engine, three, faults, client, request):
    """Of many sessions each is green, what failed is told, and nothing is left."""
    made = faults(*NETWORK, *LAYERS, *NPIPE, *STARTS, seed=20261124)
    for session in range(SESSIONS):
        before = len(made.failed)
        finished = three.run("-p", "no:cacheprovider")
        assert finished.outcomes() == {"passed": 1}, session
        told = re.findall(r"its start was retried after ([\w-]+): ", finished.output)
        failed = [find_failure(text).id for _, text in made.failed[before:]]
        assert sorted(set(told)) == sorted(set(failed)), session
        assert client.containers.list(all=True) == [], session
    assert len(made.failed) >= SESSIONS * 3 // 5
    starts = len([call for call in engine.proxy.calls if call.endswith("/start") and "exec" not in call])
    assert starts == 3 * SESSIONS + len(made.failed)


@server
@pytest.mark.parametrize("name", ["os-mismatch", "nobody has ever seen this"])
def test_what_does_not_pass_is_not_tried_twice(engine, three, faults, client, name):
    TEXTS.setdefault("nobody has ever seen this", "the daemon has hiccups (0x1234)")
    made = faults(name, deck=1)
    finished = three.run()
    assert finished.outcomes() == {"errors": 1}
    assert "retried" not in finished.output
    # Each of the three at most once; what was created when the run ended was not started any more.
    assert 1 <= len(made.failed) <= len([call for call in engine.proxy.calls if call.endswith("/create")]) <= 3
    assert f"| {TEXTS[name][:60]}" in finished.output
    failure = find_failure(TEXTS[name])
    hint = failure.remedy if failure else "check the engine's log for more details"
    assert f"hint: {hint}" in finished.output


@server
def test_there_is_an_end_to_trying(engine, three, faults):
    made = faults("start-duplicate-handle", deck=1)
    finished = three.run("--wincontainers-retries=1", "-k", "test_it")
    assert finished.outcomes() == {"errors": 1}
    assert "the Docker engine refused to start a container, 2 times" in finished.output
    # Each of the three twice, unless the run ended before.
    assert 2 <= len(made.failed) <= 6


@server
def test_removals_that_fail_in_passing(engine, three, faults, client):
    made = faults("remove-layer-busy", "remove-in-progress", deck=2, phase="remove")
    for _ in range(2):
        finished = three.run()
        assert finished.outcomes() == {"passed": 1}
        assert "could not be removed" not in finished.output
        assert client.containers.list(all=True) == []
    assert made.failed


@server
def test_a_host_that_bears_two_starts_at_once(engine, three, faults, client):
    """Two processes, six containers each, told to start eight at once: after the first back-off no start fails."""
    many = "\n".join(f"@container(image=IMAGE, command=['box', 'sleep'])\ndef c{n}(): pass\n" for n in range(6))
    three.files(
        conftest=f"from guest import IMAGE\nfrom pytest_wincontainers import container\n\n{many}",
        test_it=f"def test_it({', '.join(f'c{n}' for n in range(6))}): pass\n",
    )
    made = faults(at_once=2, seconds=0.4)
    arguments = ["--wincontainers-parallel-starts=8", "-p", "no:cacheprovider"]
    runs = [three.start(*arguments, brisk=False) for _ in range(2)]
    outputs = [run.communicate(timeout=120)[0] for run in runs]
    print(*outputs)
    assert all("1 passed" in output for output in outputs)
    assert made.failed, "nothing was crowded"
    # The pause after a first failure is a second long; what had begun by its end may still fail, and nothing else.
    back_off = made.failed[0][0] + 1
    assert [created - back_off for created in made.crowded if created > back_off] == []
    assert "was retried after start-shim-timeout" in "".join(outputs)


@server
def test_windows_starts_two_at_once_by_itself(engine, three, faults):
    """With the defaults nothing fails on such a host."""
    made = faults(at_once=2, seconds=0.3)
    begun = time.monotonic()
    assert three.run().outcomes() == {"passed": 1}
    assert made.failed == []
    assert time.monotonic() - begun < 60


@server
def test_a_kill_that_comes_late_is_waited_for(engine, faults, created):
    container = created()
    engine.client.api.start(container)
    faults(late=1.0)
    subject = DockerEngine(engine.url)
    subject.kill(container)
    assert not subject.state(container).running
    subject.close()
