"""Jobs, in real containers."""

import xml.etree.ElementTree as ET

import pytest

from pytest_wincontainers.reports.logs import files_of
from tests.kit.soak import amount

MANY = amount(1_000, 10_000)
MIB = amount(20, 1024)
"""What one of the jobs writes."""

CONFTEST = """
from guest import IMAGE
from pytest_wincontainers import Cache, container, job_container

def job(*steps, **options):
    return job_container(image=IMAGE, command=["box", "job", *steps], **options)
"""


def test_what_a_job_does_and_leaves(suite, mode):
    suite.files(
        conftest=CONFTEST
        + """
@job("write:out/a.txt=ü", "write:reports/b.xml=<testsuite><testcase name='adds'/></testsuite>",
     source="src", exclude=["*.log"], collect={"out": "out", "all": "."}, results="reports/**/*.xml", reuse=True,
     cache=Cache("modules", ["lock.json"], ["box", "job", "write:modules/deep/a.js=code", "link:modules/.bin/a=../deep/a.js"]))
def build():
    pass

@container(image=IMAGE, command=["box", "sleep"], files={"C:/app": build.output("out")})
def app():
    pass
""",
        test_it="""
        from guest import ROOT
        from pytest_wincontainers import job_results

        test_build = job_results("build")

        def test_outputs(build):
            assert build.exit_code == 0 and build.output.splitlines()[-1] == "done"
            assert (build.path("out") / "a.txt").read_text("utf-8") == "ü"
            found = {one.relative_to(build.path("all")).as_posix() for one in build.path("all").rglob("*") if one.is_file()}
            assert found == {"lock.json", "code/a.cs", "modules/deep/a.js", "out/a.txt", "reports/b.xml"}
            open(f"reused-{build.reused}", "w").close()

        def test_app(app):
            assert app.exec("box", "read", ROOT + "app/a.txt").output == "ü"
        """,
    )
    for name in ("lock.json", "code/a.cs", "code.log"):
        path = suite.path / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    for reused in (False, True):
        assert suite.run(*mode).outcomes() == {"passed": 3}
        assert (suite.path / f"reused-{reused}").exists()


def test_jobs_that_go_wrong(suite, mode):
    """Each fails with what was the matter, or gives a right result; nothing is written outside of the run's folder."""
    suite.files(
        conftest=CONFTEST
        + f"""
@job_container(image=IMAGE, command=["box", "sleep"], timeout=2)
def hangs():
    pass

@job("eat:200", memory=64)
def eats():
    pass

@job("flood:{MIB}", timeout=300)
def floods():
    pass

@job("many:out={MANY}", collect={{"out": "out"}})
def many():
    pass

@job("write:a=1", collect={{"out": "nowhere"}})
def misses():
    pass

@job("link:out/link=/etc/hostname", "link:out/folder=/etc", "write:out/a=1", collect={{"out": "out"}})
def links():
    pass

@job_container(image=IMAGE, command=["box", "end", "4", "it is broken"], collect={{"out": "out"}})
def fails():
    pass
""",
        test_it=f"""
        def test_hangs(hangs): pass
        def test_eats(eats): pass
        def test_misses(misses): pass
        def test_fails(fails): pass

        def test_floods(floods):
            assert floods.exit_code == 0
            assert floods.output.count("\\n") > 10_000

        def test_many(many):
            assert sum(int(one.read_text()) for one in many.path("out").iterdir()) == sum(range({MANY}))

        def test_links(links):
            assert [one.name for one in links.path("out").iterdir()] == ["a"]
        """,
    )
    before = set(suite.path.iterdir())
    done = suite.run(*mode, "--wincontainers-log-size=4")
    assert done.outcomes() == {"passed": 3, "errors": 4}
    for told in (
        "the command of hangs timed out after 2 s",
        "the command of eats exited with code 137, out of memory",
        "misses has not made nowhere, which collect= names",
        "the command of fails exited with code 4",
        "it is broken",
        "links: links in out were not collected: 2",
    ):
        assert told in done.output
    # Whatever it writes is in files of that size.
    assert len(files_of(suite.artifact("floods.log"))) > 2
    assert {one.name for one in set(suite.path.iterdir()) - before} <= {
        ".wincontainers",
        ".pytest_cache",
        "__pycache__",
    }


@pytest.mark.linux_guest
def test_a_pages_javascript_tests_are_tests(suite, mode):
    """The example, twice: what was installed for the lock file is there the second time; one test fails if told to."""
    suite.example("frontend")
    # With the time for its image, which nothing else has built.
    assert suite.run(*mode, seconds=900).outcomes() == {"passed": 8}
    done = suite.run(*mode, "--junitxml=report.xml", SHIPPING="5")
    assert done.outcomes() == {"passed": 7, "failed": 1}
    assert "Expected 15 to be 14.5." in done.output
    report = ET.parse(suite.path / "report.xml").getroot()
    failed = [case.get("name") for case in report.iter("testcase") if case.find("failure") is not None]
    assert failed == ["Cart adds the shipping"]
    assert len(list(report.iter("testcase"))) == 8
    # Without the container that fills the cache.
    assert [name.rpartition("-")[2] for name in suite.created()] == ["frontend.cache", "frontend", "frontend"]


@pytest.mark.linux_guest
def test_a_site_that_is_compiled_in_a_container(suite):
    suite.example("solution")
    suite.example("shop", "../shop")
    assert suite.run(seconds=900).outcomes() == {"passed": 1}
