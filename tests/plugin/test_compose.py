"""The services of compose files as fixtures, in pytest runs of their own."""

import json

import pytest

from tests.kit.suite import WITHOUT_HYPOTHESIS

CONFTEST = """
import pathlib
from pytest_wincontainers import compose_services, container, mysql_container
from pytest_wincontainers.testing import FakeEngine

def pytest_wincontainers_engine(config):
    return FakeEngine(journal=pathlib.Path("journal"))

services = compose_services({arguments})

@container(image="own:1")
def own(web_site):
    return {{"environment": {{"WEB": web_site.host}}}}
"""

FILE = """\
services:
  db:
    image: db:1
  web-site:
    image: web:1
    depends_on: [db]
    environment: {DB_HOST: db}
  extra:
    image: extra:1
    profiles: [more]
"""


@pytest.fixture
def suite(pytester, mode):
    class Suite:
        path = pytester.path

        def conftest(self, arguments="", file=FILE, name="docker-compose.yml"):
            (pytester.path / name).write_text(file, encoding="utf-8")
            pytester.makeconftest(CONFTEST.format(arguments=arguments))

        def run(self, *arguments):
            return pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *mode, *arguments)

        def created(self):
            lines = (pytester.path / "journal").read_text().splitlines()
            names = [one["name"] for one in map(json.loads, lines) if one["change"] == "create"]
            return sorted(name.split("-", 2)[2] for name in names)

    made = Suite()
    made.conftest()
    return made


def test_a_service_to_complete_gets_no_directory(suite, pytester):
    """It works in its image's own; nothing is copied in."""
    suite.conftest(
        file="services:\n  job:\n    image: job:1\n  web-site:\n    image: web:1\n    depends_on:\n"
        "      job: {condition: service_completed_successfully}\n"
    )
    conftest = (suite.path / "conftest.py").read_text("utf-8")
    engine = "FakeEngine(journal=pathlib.Path('journal'), fail=fail, started=started)"
    pytester.makeconftest(
        conftest.replace('FakeEngine(journal=pathlib.Path("journal"))', engine)
        + """
def fail(method, argument):
    assert method != "copy_in"

def started(engine, container):
    if engine.spec(container).image == "job:1":
        engine.end(container, 0)
"""
    )
    pytester.makepyfile("def test_it(web_site, job): assert job.exit_code == 0")
    suite.run().assert_outcomes(passed=1)


def test_each_service_is_a_fixture(suite, pytester):
    pytester.makepyfile(
        """
        def test_web(web_site):
            assert web_site.name == "web_site" and web_site.inside.host.endswith("-web-site")
            assert web_site.container_id

        def test_own(own, db): pass
        """
    )
    suite.run("--strict-markers").assert_outcomes(passed=2)
    assert suite.created() == ["db", "own", "web-site"]


def test_only_what_tests_need_is_started(suite, pytester):
    pytester.makepyfile("import pytest\n\n@pytest.mark.wincontainers('db')\ndef test_it(): pass\n")
    suite.run("--strict-markers").assert_outcomes(passed=1)
    assert suite.created() == ["db"]


def test_a_profile(suite, pytester):
    suite.conftest('"docker-compose.yml", profiles=["more"]')
    pytester.makepyfile("def test_it(extra): pass\n")
    suite.run().assert_outcomes(passed=1)
    assert suite.created() == ["extra"]


def test_the_fixtures_are_shown_with_their_places(suite):
    result = suite.run("--fixtures")
    result.stdout.fnmatch_lines(
        [
            "*fixtures defined from docker-compose*",
            "db [[]session scope[]] -- docker-compose.yml:2",
            "*The service db of docker-compose.yml: image db:1.",
            "web_site [[]session scope[]] -- docker-compose.yml:4",
        ]
    )


def test_the_plan_is_shown(suite, pytester):
    pytester.makepyfile("def test_it(web_site): pass\n")
    result = suite.run("--setup-plan")
    result.stdout.fnmatch_lines(["*db: container from db:1*", "*web_site: container from web:1*"])


def test_mistakes_end_the_run_at_once(suite, pytester):
    suite.conftest(file=FILE.replace("depends_on: [db]", "depends_on: [dbb]").replace("image: db:1", "imgae: db:1"))
    pytester.makepyfile("def test_it(): pass\n")
    result = suite.run()
    text = result.stdout.str() + result.stderr.str()
    assert result.ret == 4
    assert f"{suite.path / 'docker-compose.yml'}:3: services.db: a service has no option 'imgae'" in text
    assert "docker-compose.yml:6: services.web-site depends on 'dbb', which is no service" in text
    assert "in compose_services" not in text


def test_a_service_and_a_declaration_of_one_name(suite, pytester):
    suite.conftest(file=FILE.replace("extra:", "own:").replace("    profiles: [more]\n", ""))
    pytester.makepyfile("def test_it(own): pass\n")
    result = suite.run()
    text = result.stdout.str() + result.stderr.str()
    assert "two containers are called own" in text
    assert "docker-compose.yml:8" in text


def test_services_that_are_declared_too_late(suite, pytester):
    pytester.mkdir("deeper")
    (suite.path / "deeper" / "conftest.py").write_text(
        "from pytest_wincontainers import compose_services\nmore = compose_services('..', services=['db'])\n"
    )
    (suite.path / "deeper" / "test_it.py").write_text("def test_it(db): pass\n")
    result = suite.run()
    assert "docker-compose.yml:2: db is declared in a file that pytest does not load at startup" in (
        result.stdout.str() + result.stderr.str()
    )
