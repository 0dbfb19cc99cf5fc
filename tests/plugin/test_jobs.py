"""Jobs in pytest runs of their own, with an engine in memory; what real containers do is in tests/engine/test_jobs.py."""

import json
import textwrap
import xml.etree.ElementTree as ET

import pytest

from tests.kit.suite import WITHOUT_HYPOTHESIS

CONFTEST = """
import dataclasses
import pathlib
from pytest_wincontainers import Cache, container, job_container
from pytest_wincontainers.packing import Folder, packed
from pytest_wincontainers.testing import FakeEngine

class Engine(FakeEngine):
    def info(self):
        # The same in each run, as a real engine's is.
        return dataclasses.replace(super().info(), id="fake")

def put(engine, container, name, content):
    with packed([Folder(content, f"/job/{name}")]) as archive:
        engine.copy_in(container, archive)

def started(engine, container):
    spec = engine.spec(container)
    what, *words = spec.command or ("sleep",)
    if what == "write":
        engine.say(container, "writing")
        for word in words:
            name, _, content = word.partition("=")
            put(engine, container, name, content.encode())
        engine.end(container, 0)
    elif what == "fail":
        engine.say(container, "it is broken")
        put(engine, container, "reports/a.xml", words[0].encode() if words else b"")
        engine.end(container, 3)

def pytest_wincontainers_engine(config):
    return Engine(started=started, journal=pathlib.Path("journal"))
"""

RESULTS = (
    '<testsuite><testcase classname="Cart" name="adds"/><testcase classname="Cart" name="divides">'
    '<failure message="by zero">at cart.js:3</failure><system-out>dividing</system-out></testcase>'
    '<testcase classname="Cart" name="waits"><skipped message="not yet"/></testcase></testsuite>'
)


@pytest.fixture
def suite(pytester, mode):
    class Suite:
        path = pytester.path

        def files(self, conftest, test_it):
            pytester.makeconftest(CONFTEST + textwrap.dedent(conftest))
            pytester.makepyfile(test_it=test_it)
            (pytester.path / "src").mkdir()
            (pytester.path / "src" / "lock.json").write_text("1")

        def run(self, *arguments):
            (pytester.path / "journal").unlink(missing_ok=True)
            state = f"--wincontainers-state={pytester.path / 'state'}"
            return pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *mode, state, *arguments)

        def created(self):
            lines = (pytester.path / "journal").read_text().splitlines()
            names = [one["name"] for one in map(json.loads, lines) if one["change"] == "create"]
            return sorted(name.split("-", 2)[2] for name in names)

    return Suite()


def test_what_a_job_leaves(suite):
    suite.files(
        """
        @job_container(image="x", command=["write", "out/a.txt=made", "out/deep/b.txt=too"], collect={"out": "out", "a": "out/a.txt"})
        def build():
            pass

        @container(
            image="x", files={"/app": build.output("out")}, prepare=lambda app: app.copy_out("/app/a.txt", "copied")
        )
        def app():
            pass
        """,
        """
        def test_it(build, app):
            assert (build.exit_code, build.reused, build.output) == (0, False, "started\\nwriting\\n")
            assert (build.path("out") / "deep" / "b.txt").read_text() == "too"
            assert build.path("a").read_text() == "made"
            assert repr(build) == "<JobEndpoint build, exit code 0>"
            build.check()
            assert open("copied").read() == "made"
        """,
    )
    suite.run().assert_outcomes(passed=1)


def test_a_job_that_fails_fails_what_needs_it(suite):
    suite.files(
        """
        @job_container(image="x", command=["fail"])
        def build():
            pass

        @container(image="x")
        def app(build):
            pass

        @job_container(image="x", command=["fail"], check_exit_code=False)
        def lint():
            pass
        """,
        """
        import pytest
        from pytest_wincontainers import WincontainersError

        def test_build(build):
            pass

        def test_app(app):
            pass

        def test_lint(lint):
            assert lint.exit_code == 3
            with pytest.raises(WincontainersError, match="the command of lint exited with code 3") as failed:
                lint.check()
            assert "it is broken" in failed.value.details
        """,
    )
    result = suite.run()
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*the command of build exited with code 3", "*it is broken"])
    result.stdout.fnmatch_lines(["ERROR test_it.py::test_app - Failed: the command of build exited with code 3"])


def test_a_job_that_does_not_end(suite):
    suite.files(
        """
        @job_container(image="x", timeout=0.5)
        def build():
            pass
        """,
        "def test_it(build): pass",
    )
    result = suite.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the command of build timed out after 0.5 s", "*hint: allow more time with timeout="])


def test_an_output_that_was_not_made(suite):
    suite.files(
        """
        @job_container(image="x", command=["write"], collect={"site": "out/site"})
        def build():
            pass

        @job_container(image="x", command=["write"], results="reports/*.xml")
        def tests():
            pass
        """,
        "def test_build(build): pass\n\ndef test_tests(tests): pass\n",
    )
    result = suite.run()
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*build has not made out/site, which collect= names"])
    result.stdout.fnmatch_lines(["*tests has written no test results: no file matches reports/*"])


def test_a_job_is_not_restarted(suite):
    suite.files(
        """
        @job_container(image="x", command=["write"])
        def build():
            pass
        """,
        """
        import pytest
        from pytest_wincontainers import WincontainersError

        def test_it(build):
            with pytest.raises(WincontainersError, match="build is a job and cannot be restarted"):
                build.restart()
        """,
    )
    suite.run().assert_outcomes(passed=1)


REPORTED = f"""
@job_container(image="x", source="src", command=["fail", '''{RESULTS}'''], results="reports/*.xml")
def frontend():
    pass
"""
TESTS = "from pytest_wincontainers import job_results\n\ntest_frontend = job_results('frontend')\n\ndef test_other(): pass\n"


def test_each_of_its_tests_is_a_test(suite, mode):
    suite.files(REPORTED, TESTS)
    result = suite.run("--junitxml=report.xml", "-rA")
    result.assert_outcomes(passed=2, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        ["*_ test_frontend: Cart divides _*", "by zero", "at cart.js:3", "*output*", "dividing"]
    )
    result.stdout.fnmatch_lines(["SKIPPED * not yet", "FAILED test_it.py::test_frontend::Cart divides *"])
    result.stdout.no_fnmatch_line("*[[]1[1-9]*%]")
    report = ET.parse(suite.path / "report.xml").getroot()
    outcomes = {
        (case.get("classname"), case.get("name")): [one.tag for one in case] for case in report.iter("testcase")
    }
    assert outcomes == {
        ("test_it.test_frontend", "Cart adds"): [],
        ("test_it.test_frontend", "Cart divides"): ["failure"],
        ("test_it.test_frontend", "Cart waits"): ["skipped"],
        ("test_it", "test_other"): [],
    }
    # From now on their names are known.
    suite.run("-k", "adds").assert_outcomes(passed=1)
    suite.run("-k", "Cart and not adds").assert_outcomes(failed=1, skipped=1)
    suite.run("-k", "not adds").assert_outcomes(passed=1, failed=1, skipped=1)
    # One that none of them matches.
    suite.run("-k", "frontend and not Cart").assert_outcomes()


def test_the_first_failure_ends_the_run(suite):
    suite.files(REPORTED, TESTS)
    result = suite.run("-x")
    assert result.parseoutcomes()["failed"] == 1
    assert "skipped" not in result.parseoutcomes()


def test_results_that_cannot_be_had(suite):
    suite.files(
        """
        @job_container(image="x", command=["fail", "<testsuite>"], results="reports/*.xml")
        def torn():
            pass

        @job_container(image="x", command=["write", "reports/a.xml=<testsuite/>"], results="reports/*.xml")
        def empty():
            pass

        @container(image="x")
        def box():
            pass
        """,
        """
        from pytest_wincontainers import job_results

        test_torn = job_results("torn")
        test_empty = job_results("empty")
        test_box = job_results("box")
        """,
    )
    result = suite.run()
    result.assert_outcomes(errors=1, failed=2)
    result.stdout.fnmatch_lines(["*the command of torn exited with code 3"])
    result.stdout.fnmatch_lines(["there are no tests in the results of empty"])
    result.stdout.fnmatch_lines(["box has no test results", "hint: job_results() is for a job_container with results="])


def test_what_is_torn_down_after_the_last_one_fails(suite):
    """A finalizer that raises is an error of the test, not of pytest."""
    suite.files(
        """
        @job_container(image="x", command=["fail"], results="reports/*.xml")
        def torn():
            pass
        """,
        """
        import pytest
        from pytest_wincontainers import job_results

        @pytest.fixture(scope="module", autouse=True)
        def late():
            yield
            raise RuntimeError("too late")

        def test_one(): pass

        test_torn = job_results("torn")
        """,
    )
    result = suite.run("-p", "no:randomly")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes()["passed"] == 1


def test_results_of_nobody(suite):
    suite.files(REPORTED, "from pytest_wincontainers import job_results\n\ntest_it = job_results('fronted')\n")
    result = suite.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'fronted', but no container has that name; did you mean 'frontend'?*"])


def test_a_job_with_the_same_inputs_is_not_run_again(suite):
    suite.files(
        f"""
        @job_container(
            image="x", source="src", command=["write", "out/a=1", '''reports/a.xml={RESULTS}'''], reuse=True,
            collect={{"out": "out"}}, results="reports/*.xml",
        )
        def build():
            pass
        """,
        """
        def test_it(build):
            open(f"reused-{build.reused}", "w").close()
            assert (build.path("out") / "a").read_text() == "1"
            assert build.output == "started\\nwriting\\n"
            assert len(build.cases) == 3
        """,
    )
    for reused, created in ((False, ["build"]), (True, [])):
        suite.run().assert_outcomes(passed=1)
        assert (suite.created(), (suite.path / f"reused-{reused}").exists()) == (created, True)
    (suite.path / "src" / "lock.json").write_text("2")
    suite.run().assert_outcomes(passed=1)
    assert suite.created() == ["build"]


def test_a_cache_is_filled_once(suite):
    suite.files(
        """
        @job_container(
            image="x", source="src", command=["write"],
            cache=Cache("modules", "lock.json", ["write", "modules/a.js=code"]), collect={"modules": "modules"},
        )
        def frontend():
            pass
        """,
        """
        def test_it(frontend):
            assert (frontend.path("modules") / "a.js").read_text() == "code"
        """,
    )
    for lock, created in (
        ("1", ["frontend", "frontend.cache"]),
        ("1", ["frontend"]),
        ("2", ["frontend", "frontend.cache"]),
    ):
        (suite.path / "src" / "lock.json").write_text(lock)
        suite.run().assert_outcomes(passed=1)
        assert suite.created() == created


def test_a_job_may_fill_its_cache_itself(suite):
    suite.files(
        """
        @job_container(image="x", source="src", command=["write", "modules/a.js=code"], cache=Cache("modules", "lock.json"))
        def frontend():
            pass
        """,
        "def test_it(frontend): pass",
    )
    suite.run().assert_outcomes(passed=1)
    kept = list((suite.path / "state").rglob("caches/*"))
    assert len(kept) == 1


def test_a_cache_that_cannot_be_filled(suite):
    suite.files(
        """
        @job_container(image="x", source="src", command=["write"], cache=Cache("modules", "lock.json", ["fail"]))
        def frontend():
            pass
        """,
        "def test_it(frontend): pass",
    )
    result = suite.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the cache command of frontend exited with code 3", "*it is broken"])


def test_a_job_that_failed_leaves_nothing_for_later_runs(suite):
    suite.files(
        """
        @job_container(image="x", source="src", command=["fail"], cache=Cache("src", "lock.json"), check_exit_code=False, reuse=True)
        def frontend():
            pass
        """,
        "def test_it(frontend): pass",
    )
    suite.run().assert_outcomes(passed=1)
    assert list((suite.path / "state").rglob("caches/*")) == list((suite.path / "state").rglob("jobs/*")) == []


def test_files_lie_over_the_sources(suite):
    suite.files(
        """
        @job_container(
            image="x", source="src", command=["write"], files={"/job/lock.json": "mine"}, collect={"lock": "lock.json"}, reuse=True
        )
        def build():
            pass
        """,
        """
        def test_it(build):
            assert build.path("lock").read_text() == "mine"
        """,
    )
    suite.run().assert_outcomes(passed=1)
    (entry,) = (suite.path / "state").rglob("jobs/*")
    (entry / "job.json").unlink()
    # What cannot be read is not used, and made anew.
    suite.run().assert_outcomes(passed=1)
    assert suite.created() == ["build"]
    suite.run().assert_outcomes(passed=1)
    assert suite.created() == []


def test_what_is_excluded_is_not_copied(suite):
    suite.files(
        """
        @job_container(
            image="x", source="src", command=["write"], exclude=["bin", "*.log", "!keep.log"], cache=Cache("modules", "lock.json"),
            collect={"all": "."},
        )
        def build():
            pass
        """,
        """
        def test_it(build):
            found = {path.relative_to(build.path("all")).as_posix() for path in build.path("all").rglob("*") if path.is_file()}
            assert found == {"keep.log", "code/a.cs", "code/b.log", "lock.json"}
        """,
    )
    for name in ("bin/a.dll", "a.log", "keep.log", "code/b.log", "modules/a.js", "code/a.cs"):
        path = suite.path / "src" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    suite.run().assert_outcomes(passed=1)


def test_results_of_an_earlier_run_here_are_not_its_own(suite):
    suite.files(
        """
        @job_container(image="x", source="src", command=["write"], results=["reports/*.xml"])
        def build():
            pass
        """,
        "def test_it(build): pass",
    )
    (suite.path / "src" / "reports").mkdir()
    (suite.path / "src" / "reports" / "old.xml").write_text(RESULTS)
    result = suite.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*build has written no test results: no file matches reports/*"])
