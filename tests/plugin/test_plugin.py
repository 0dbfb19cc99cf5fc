"""The plugin in pytest runs of its own, with an engine in memory that can be told to fail."""

import json

import pytest

from tests.kit.suite import WITHOUT_HYPOTHESIS

CONFTEST = """
import pathlib
from pytest_wincontainers import container, ready
from pytest_wincontainers.testing import FakeEngine
{before}

def fail(method, argument):
    {fail}

def pytest_wincontainers_engine(config):
    return FakeEngine(start_seconds={start_seconds}, fail=fail, journal=pathlib.Path("journal"))

@container(image="cache:1")
def cache():
    '''A cache.'''

@container(image="app:1")
def app(cache):
    return {{"environment": {{"CACHE": cache.host}}}}
"""


@pytest.fixture
def suite(pytester, mode):
    class Suite:
        path = pytester.path

        def conftest(self, *, before="", fail="pass", start_seconds=0.0):
            pytester.makeconftest(CONFTEST.format(before=before, fail=fail, start_seconds=start_seconds))

        def run(self, *arguments):
            if mode == ["-n2"] and "no:terminal" in arguments:
                arguments = ()  # pytest-xdist itself needs it
            return pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *mode, *arguments)

        def journal(self, change):
            lines = (pytester.path / "journal").read_text().splitlines()
            return [one["name"] for one in map(json.loads, lines) if one["change"] == change]

    made = Suite()
    made.conftest()
    return made


def test_warnings_about_the_configuration_come_first(suite, pytester):
    """pytest tells plugins of them that are registered later, too."""
    pytester.makeini("[pytest]\ntestpaths = nowhere\nno_such_key = 1\n")
    pytester.makepyfile("def test_app(app):\n    pass\n")
    result = suite.run()
    result.assert_outcomes(passed=1)


def test_a_declaration_is_a_fixture(suite, pytester):
    pytester.makepyfile(
        """
        def test_app(app, cache):
            assert app.name == "app" and app.container_id
            assert app.inside.host.endswith("-app") and app.inside.host != app.host
        """
    )
    result = suite.run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*= wincontainers =*", "cache  ready after * s", "app    ready after * s", "logs and*", "page: *"]
    )
    assert len(suite.journal("create")) == len(suite.journal("remove")) == 2


def test_the_mark_starts_what_it_names_and_what_that_needs(suite, pytester):
    pytester.makepyfile("import pytest\n\n@pytest.mark.wincontainers('app')\ndef test_it(): pass\n")
    suite.run("--strict-markers").assert_outcomes(passed=1)
    assert sorted(name.split("-")[2] for name in suite.journal("create")) == ["app", "cache"]


def test_only_what_selected_tests_need_is_started(suite, pytester):
    pytester.makepyfile("def test_cache(cache): pass\n\ndef test_app(app): pass\n")
    suite.run("-k", "test_cache").assert_outcomes(passed=1)
    assert [name.split("-")[2] for name in suite.journal("create")] == ["cache"]


def test_fixtures_that_use_containers_count_as_needs(suite, pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def rows(cache):
            return cache.name

        def test_rows(rows):
            assert rows == "cache"
        """
    )
    suite.run().assert_outcomes(passed=1)


SHADOWED = """
import pytest

@pytest.fixture
def cache({parameter}):
    return "mine"

def test_it(cache):
    assert cache == "mine"
"""


def test_a_fixture_that_shadows_a_container_starts_nothing(suite, pytester):
    pytester.makepyfile(
        test_shadow=SHADOWED.format(parameter=""),
        test_parameter="import pytest\n\n@pytest.mark.parametrize('app', [1])\ndef test_it(app): assert app == 1",
    )
    suite.run().assert_outcomes(passed=2)
    assert not (pytester.path / "journal").exists()


def test_a_fixture_that_extends_a_container_starts_it(suite, pytester):
    pytester.makepyfile(SHADOWED.format(parameter="cache"))
    suite.run().assert_outcomes(passed=1)
    assert len(suite.journal("create")) == 1


def test_files_without_needs_run_first(suite, pytester):
    both = "import time\n\ndef both_ran():\n    order = pathlib.Path('order')\n    return order.exists() and order.read_text().count('none') == 2\n"
    # As long as it takes; in a wrong order that would be for ever.
    start = "end = time.monotonic() + 30\n    while method == 'start' and not both_ran() and time.monotonic() < end: time.sleep(0.05)"
    suite.conftest(before=both, fail=start)
    note = "def note(name):\n    with open('order', 'a') as file: print(name, file=file)\n\n"
    pytester.makepyfile(
        test_a=note + "def test_app(app): note('app')\n",
        test_b=note + "def test_none(): note('none')\n\ndef test_none_2(): note('none 2')\n",
    )
    suite.run().assert_outcomes(passed=3)
    *first, last = (pytester.path / "order").read_text().split("\n")[:3]
    assert (sorted(first), last) == (["none", "none 2"], "app")


def test_the_order_can_be_kept(pytester):
    pytester.makeconftest(CONFTEST.format(before="", fail="pass", start_seconds=0))
    pytester.makepyfile(test_a="def test_app(app): pass\n", test_b="def test_none(): pass\n")
    result = pytester.runpytest_subprocess("--wincontainers-order=file", "-v")
    result.stdout.fnmatch_lines(["test_a.py::test_app *", "test_b.py::test_none PASSED*"])


def test_a_failed_start_fails_only_who_needs_it(suite, pytester):
    suite.conftest(
        before="from pytest_wincontainers.errors import EngineError",
        fail="if method == 'start' and argument.endswith('-app'): raise EngineError('no', details='HNS said no')",
    )
    pytester.makepyfile("def test_app(app): pass\n\ndef test_cache(cache): pass\n")
    result = suite.run()
    result.assert_outcomes(passed=1, errors=1)
    assert sorted(suite.journal("create")) == sorted(suite.journal("remove"))


def test_a_defect_in_an_engine_does_not_leave_tests_waiting(suite, pytester):
    suite.conftest(fail="if method == 'start': raise RuntimeError('a defect')")
    pytester.makepyfile("def test_cache(cache): pass\n")
    result = suite.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["cache could not be started: RuntimeError: a defect"])


def test_what_cannot_be_removed_is_a_line_not_an_exception(suite, pytester):
    suite.conftest(
        before="from pytest_wincontainers.errors import EngineError",
        fail="if method == 'remove': raise EngineError('no', details='layer in use')",
    )
    pytester.makepyfile("def test_cache(cache): pass\n")
    result = suite.run()
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["wc-*-cache could not be removed: layer in use"])


def test_the_summary_survives_an_engine_that_is_gone_at_the_end(suite, pytester):
    suite.conftest(
        before="from pytest_wincontainers.errors import EngineUnavailable",
        fail="if method == 'containers': raise EngineUnavailable('the engine is gone')",
    )
    pytester.makepyfile("def test_cache(cache): pass\n")
    result = suite.run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["containers of run * could not be removed: the engine is gone"])


def test_quiet_is_silent(suite, pytester):
    pytester.makepyfile("def test_cache(cache): pass\n")
    result = suite.run("-q")
    result.assert_outcomes(passed=1)
    assert "wincontainers" not in result.stdout.str()


@pytest.mark.parametrize("arguments", [["-p", "no:terminal"], ["-s"], ["--capture=sys"]])
def test_without_parts_of_pytest(suite, pytester, arguments):
    pytester.makepyfile("def test_cache(cache): pass\n")
    assert suite.run(*arguments).ret == 0


def test_collection_errors_start_nothing(suite, pytester):
    pytester.makepyfile(test_a="def test_cache(cache): pass\n", test_b="import nothing_of_the_kind\n")
    assert suite.run().ret != 0
    assert not (pytester.path / "journal").exists()


def test_stopping_early_removes_everything(suite, pytester):
    pytester.makepyfile("def test_1(cache): assert 0\n\ndef test_2(app): pass\n")
    assert suite.run("-x").ret != 0
    assert sorted(suite.journal("create")) == sorted(suite.journal("remove"))


def test_the_summary_tells_what_failed_from_what_was_not_started(suite, pytester):
    suite.conftest(
        fail="""
        if method == "start" and "cache" in argument:
            raise __import__("pytest_wincontainers").errors.EngineError("no room")
    """
    )
    conftest = pytester.path / "conftest.py"
    conftest.write_text(conftest.read_text().replace('image="app:1"', 'image="app:1", starts_after_ready=True'))
    pytester.makepyfile("def test_app(app): pass\n")
    result = suite.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["cache  failed", "app    not started"])
    (page,) = pytester.path.glob(".wincontainers/*-*-*/index.html")
    assert "not started" in page.read_text("utf-8")


def test_the_summary_tells_that_the_end_of_the_run_came_first(pytester):
    conftest = CONFTEST.format(before="", fail="pass", start_seconds=0.0)
    pytester.makeconftest(conftest.replace('image="app:1"', 'image="app:1", ready=ready.log("up")'))
    pytester.makepyfile("def test_cache(cache): assert False\n\ndef test_app(app): pass\n")
    # Not in workers, of which another would wait for the second.
    result = pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, "-x")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["cache  ready after * s", "app    cancelled"])


def test_the_header_names_what_is_not_default(suite, pytester):
    pytester.makepyfile("def test_it(): pass\n")
    result = suite.run("--wincontainers-timeout=5")
    result.stdout.fnmatch_lines(["wincontainers: timeout=5.0 (from option --wincontainers-timeout)"])


def test_fixtures_and_help_tell_of_it(pytester):
    pytester.makeconftest(CONFTEST.format(before="", fail="pass", start_seconds=0))
    result = pytester.runpytest_subprocess("--fixtures")
    result.stdout.fnmatch_lines(["cache [[]session scope[]]*conftest.py:*", "    A cache."])
    result = pytester.runpytest_subprocess("--help")
    result.stdout.fnmatch_lines(["*--wincontainers-timeout=SECONDS*"])


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ("@container(imag='x')", "container() has no option 'imag'; did you mean 'image'?"),
        (
            "@container(image='x', ports=[80], timout=3)",
            "container() has no option 'timout'; did you mean 'timeout'?",
        ),
    ],
)
def test_a_misspelt_option(pytester, declared, words):
    pytester.makeconftest(f"from pytest_wincontainers import container\n\n{declared}\ndef box(): pass\n")
    result = pytester.runpytest_subprocess()
    assert result.ret == 4
    assert words in result.stderr.str()


def test_names_differ_by_more_than_case(pytester):
    pytester.makeconftest(
        "from pytest_wincontainers import container\n\n@container(image='x')\ndef Web(): pass\n\n"
        "@container(image='x')\ndef web(): pass\n"
    )
    pytester.makepyfile("def test_it(web): pass\n")
    result = pytester.runpytest_subprocess()
    assert result.ret == 4
    assert "two containers are called Web and web\n" in result.stderr.str()


def test_a_declaration_in_a_plugin(pytester):
    pytester.makeconftest(
        "from pytest_wincontainers.testing import FakeEngine\n\ndef pytest_wincontainers_engine(config): return FakeEngine()\n"
    )
    pytester.makepyfile(
        tiers="from pytest_wincontainers import container\n\n@container(image='x')\ndef box(): pass\n",
        test_it="def test_it(box): pass\n",
    )
    for mode in ([], ["-n2"]):
        result = pytester.runpytest_subprocess("-p", "tiers", *mode, "-v")
        result.assert_outcomes(passed=1)


def test_an_imported_declaration_is_one_declaration(pytester):
    pytester.makeconftest(
        "from tiers import box\nfrom pytest_wincontainers.testing import FakeEngine\n\n"
        "def pytest_wincontainers_engine(config): return FakeEngine()\n"
    )
    pytester.makepyfile(
        tiers="from pytest_wincontainers import container\n\n@container(image='x')\ndef box(): pass\n",
        test_it="def test_it(box): pass\n",
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_blocked_the_plugin_is_out_of_the_way(pytester):
    pytester.makepyfile("def test_it(): pass\n")
    result = pytester.runpytest_subprocess("-p", "no:wincontainers")
    result.assert_outcomes(passed=1)
    assert "wincontainers" not in result.stdout.str().replace("-wincontainers", "")


def test_autoload_and_p_agree(pytester):
    pytester.makepyfile("def test_it(): pass\n")
    pytester.runpytest_subprocess("-p", "wincontainers").assert_outcomes(passed=1)


def test_an_engine_that_breaks_in_its_own_way_leaves_no_test_waiting(suite, pytester):
    suite.conftest(fail="if method == 'info': raise ValueError('what is this')")
    pytester.makepyfile("def test_cache(cache): pass\n")
    result = suite.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["the engine cannot be used: ValueError: what is this"])


def test_a_skip_that_a_conftest_adds_needs_nothing(suite, pytester):
    suite.conftest(
        before="import pytest\n\ndef pytest_collection_modifyitems(items):\n"
        "    for item in items: item.add_marker(pytest.mark.skip)\n"
    )
    pytester.makepyfile("def test_cache(cache): pass\n")
    suite.run().assert_outcomes(skipped=1)
    assert not (pytester.path / "journal").exists()


def test_a_worker_with_needs_of_its_own_is_told(pytester):
    # The controller begins with the one that has collected first.
    late = """
import os, time

def pytest_xdist_node_collection_finished(node):
    pathlib.Path("collected-" + node.gateway.id).touch()

deadline = time.monotonic() + 60
while os.environ.get("PYTEST_XDIST_WORKER") == "gw1" and not pathlib.Path("collected-gw0").exists():
    assert time.monotonic() < deadline
    time.sleep(0.05)
"""
    pytester.makeconftest(CONFTEST.format(before=late, fail="pass", start_seconds=0))
    pytester.makepyfile(
        """
        import os, pytest

        @pytest.mark.skipif(os.environ["PYTEST_XDIST_WORKER"] == "gw0", reason="so")
        def test_1(app): pass

        @pytest.mark.skipif(os.environ["PYTEST_XDIST_WORKER"] == "gw1", reason="so")
        def test_2(cache): pass
        """
    )
    result = pytester.runpytest_subprocess("--dist=each", "--tx=2*popen", timeout=60)
    result.assert_outcomes(passed=1, skipped=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*app was not started because the tests of the first worker did not need it",
            "hint: make every pytest-xdist worker select the same tests",
        ]
    )


def test_the_plan_is_printed_once(suite, pytester):
    pytester.makepyfile("def test_cache(cache): pass\n")
    result = suite.run("--setup-plan")
    assert result.stdout.str().count("cache: container from cache:1") == 1


def test_a_request_at_run_time_for_what_is_there_anyway(suite, pytester):
    pytester.makepyfile("def test_1(request): request.getfixturevalue('cache')\n\ndef test_2(cache): pass\n")
    suite.run().assert_outcomes(passed=2)


def test_without_the_plugin_a_fixture_says_so(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest("from pytest_wincontainers import container\n\n@container(image='x')\ndef box(): pass\n")
    pytester.makepyfile("def test_it(box): pass\n")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["the pytest-wincontainers plugin is not loaded", "hint: run pytest with -p wincontainers"]
    )


def test_a_folder_for_logs_that_cannot_be_made(suite, pytester):
    (pytester.path / "taken").write_text("")
    pytester.makepyfile("def test_cache(cache): pass\n")
    result = suite.run("--wincontainers-artifacts=taken")
    assert result.ret == 4
    assert "the directory for logs and screenshots cannot be created" in result.stderr.str() + result.stdout.str()


def test_ending_does_not_wait_for_a_slow_preparation(pytester):
    import time

    pytester.makeconftest(
        CONFTEST.format(before="import time", fail="pass", start_seconds=0)
        + "\n@container(image='x', prepare=lambda endpoint: time.sleep(600))\ndef slow(): pass\n"
    )
    pytester.makepyfile("def test_1(cache): assert 0\n\ndef test_2(slow): pass\n")
    begun = time.monotonic()
    pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, "-x").assert_outcomes(failed=1)
    assert time.monotonic() - begun < 120
