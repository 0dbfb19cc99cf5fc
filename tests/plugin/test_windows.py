"""The plugin with an engine in memory that claims to run Windows containers: orders of failure, and refusals."""

import json

import pytest

from tests.kit.suite import WITHOUT_HYPOTHESIS

CONFTEST = """
import itertools, pathlib
from pytest_wincontainers import container
from pytest_wincontainers.engines.base import Image
from pytest_wincontainers.errors import EngineError
from pytest_wincontainers.failures import find_failure
from pytest_wincontainers.guests.builds import WindowsVersion, WindowsHost
from pytest_wincontainers.testing import FakeEngine

HOST = WindowsHost(WindowsVersion(20348, 5499), server=True, default="process")
count = itertools.count(1)

def refuse(words):
    raise EngineError("no", details=words, failure=find_failure(words))

def fail(method, argument):
    {fail}

def pytest_wincontainers_engine(config):
    return FakeEngine(guest={guest!r}, windows={windows}, images={images}, fail=fail, journal=pathlib.Path("journal"))

@container(image="cache:1")
def cache():
    pass

@container(image="app:1")
def app(cache):
    pass
"""


@pytest.fixture
def suite(pytester, mode):
    class Suite:
        def run(self, test, *arguments, fail="pass", guest="windows", windows="HOST", images="None"):
            pytester.makeconftest(CONFTEST.format(fail=fail, guest=guest, windows=windows, images=images))
            pytester.makepyfile(test)
            return pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *mode, *arguments)

        def journal(self, change):
            path = pytester.path / "journal"
            lines = path.read_text().splitlines() if path.exists() else []
            return [one["name"] for one in map(json.loads, lines) if one["change"] == change]

    return Suite()


TIMEOUT = "hcs::System::Start 1: hcsshim: timeout waiting for notification: unknown"


def test_a_start_that_fails_in_passing_is_tried_again(suite):
    fail = f"if method == 'start' and next(count) == 1: refuse({TIMEOUT!r})"
    result = suite.run("def test_it(cache): pass", fail=fail)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"cache: its start was retried after start-shim-timeout: {TIMEOUT}"])
    # The half-made one is removed before the next is made, as it has the name.
    assert len(suite.journal("create")) == len(suite.journal("remove")) == 2


def test_a_network_that_is_looked_for_again(suite):
    words = "hnsCall failed in Win32: Element not found. (0x490)"
    result = suite.run(
        "def test_it(cache): pass", fail=f"if method == 'ensure_network' and next(count) == 1: refuse({words!r})"
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["looking up the network nat was retried after hns-element-not-found: *"])


def test_a_failure_for_good_says_the_remedy_and_ends_it(suite):
    words = "utility VM image could not be found"
    result = suite.run("def test_it(cache): pass", fail=f"if method == 'start': refuse({words!r})")
    result.assert_outcomes(errors=1)
    assert len(suite.journal("create")) == 1


@pytest.mark.parametrize(
    ("changes", "sentence", "hint"),
    [
        (
            {"guest": "linux", "windows": "None", "images": "{'cache:1': Image('1', guest='windows')}"},
            "*the image of cache is for Windows, but the engine runs Linux containers",
            "hint: use an image for Linux, or select another engine with DOCKER_HOST",
        ),
        (
            {"images": "{'cache:1': Image('1', guest='linux')}"},
            "*the image of cache is for Linux, but the engine runs Windows containers",
            "hint: use an image for Windows, or select another engine with DOCKER_HOST",
        ),
        (
            {"images": "{'app:1': Image('1', guest='windows', windows=WindowsVersion(26100, 1))}"},
            "*app cannot be started: the image is for Windows 10.0.26100.1 (ltsc2025), which this host "
            "(10.0.20348.5499) cannot run",
            "hint: use the tag ltsc2022 or ltsc2019 or ltsc2016",
        ),
    ],
    ids=["Windows on Linux", "Linux on Windows", "another build"],
)
def test_refused_before_anything_starts(suite, changes, sentence, hint):
    result = suite.run("def test_it(app): pass\n\ndef test_alone(): pass", **changes)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines([sentence, hint])
    assert suite.journal("create") == []


def test_caches_are_emptied_where_they_may_be_wrong(suite):
    test = "def test_it(app, cache):\n    cache.restart()\n"
    suite.run(test).assert_outcomes(passed=1)
    # app, when its need was ready and again when that was restarted; cache needs nobody.
    flushed = [name.partition(":") for name in suite.journal("exec")]
    assert [(name.rpartition("-")[2], command.strip()) for name, _, command in flushed] == [
        ("app", "ipconfig /flushdns"),
        ("app", "ipconfig /flushdns"),
    ]


def test_a_flush_that_fails_is_a_line(suite):
    result = suite.run("def test_it(app): pass", fail="if method == 'exec': refuse('access is odd')")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["the DNS client cache of app was not flushed: access is odd"])


def test_a_restart_that_fails_fails_the_test_and_those_after(suite):
    fail = "if method == 'start' and next(count) == 2: refuse('utility VM image could not be found')"
    test = "def test_1(cache): cache.restart()\n\ndef test_2(cache): pass\n"
    result = suite.run(test, fail=fail)
    assert result.parseoutcomes().get("failed", 0) == 1
