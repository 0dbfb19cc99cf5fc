"""What is refused before anything starts, as a person sees it; all the reasons are in tests/unit/test_refusals.py."""

import re

import pytest

from tests.kit.suite import WITHOUT_HYPOTHESIS

CONFTEST = """
import pathlib
from pytest_wincontainers import container
from pytest_wincontainers.testing import FakeEngine

def pytest_wincontainers_engine(config):
    return FakeEngine(journal=pathlib.Path("journal"))

@container(image="box:1")
def database({need}):
    pass
"""


@pytest.fixture
def run(pytester, mode):
    def run(test, *arguments, need=""):
        pytester.makeconftest(CONFTEST.format(need=need))
        pytester.makepyfile(test)
        return pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *mode, *arguments)

    return run


REFUSED = {
    "a plan": ("web", "def test_it(database): pass", "database needs a container called 'web', but none is declared"),
    "an unknown mark": (
        "",
        "import pytest\n\n@pytest.mark.wincontainers('databse')\ndef test_it(): pass",
        "no container has that name; did you mean 'database'?",
    ),
    "a mark without a name": (
        "",
        "import pytest\n\n@pytest.mark.wincontainers\ndef test_it(): pass",
        "mark without names of containers",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_before_anything_starts(run, pytester, case):
    need, test, sentence = REFUSED[case]
    result = run(test, need=need)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = result.outlines + result.errlines
    errors = [line for line in told if line.startswith(("ERROR: ", "  | ", "hint: "))]
    assert [line[:6] for line in (errors[0], errors[-1])] == ["ERROR:", "hint: "]
    assert sentence in "".join(errors[:-1])
    assert "Traceback" not in "".join(told)
    assert not (pytester.path / "journal").exists()


def test_a_declaration_in_a_deeper_conftest(pytester, mode):
    deep = pytester.mkpydir("deep")
    (deep / "conftest.py").write_text(CONFTEST.format(need=""))
    (deep / "test_it.py").write_text("def test_it(database): pass\n")
    result = pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *mode)
    assert result.ret != 0
    told = result.stdout.str() + result.stderr.str()
    assert "database is declared in a file that pytest does not load at startup" in told
    assert "hint: move the declaration to the root conftest.py" in told
    assert not (pytester.path / "journal").exists()


DECLARED_IN_A_TEST_FILE = """
import pytest
from pytest_wincontainers import container

@container(image="box:1")
def cache():
    pass

{test}
"""


@pytest.mark.parametrize(
    ("test", "order"),
    [("def test_it(cache): pass", "needs"), ("class TestIt:\n    def test_it(self, cache): pass", "file")],
)
def test_a_declaration_in_a_test_file(run, pytester, test, order):
    result = run(DECLARED_IN_A_TEST_FILE.format(test=test), f"--wincontainers-order={order}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = result.stdout.str() + result.stderr.str()
    assert re.search(r"test_\w+\.py:4: cache is declared in a file that pytest does not load at startup", told)
    assert "hint: move the declaration to the root conftest.py or to a plugin" in told
    assert not (pytester.path / "journal").exists()


def test_a_declaration_that_a_test_file_imports(run, pytester):
    result = run("from conftest import database\n\ndef test_it(database): pass")
    result.assert_outcomes(passed=1)


def test_asked_for_at_run_time(run):
    result = run("def test_it(request): request.getfixturevalue('database')")
    result.assert_outcomes(failed=1)
    assert 'mark the test with @pytest.mark.wincontainers("database")' in result.stdout.str()


def test_no_engine(pytester, mode, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    pytester.makeconftest("from pytest_wincontainers import container\n\n@container(image='x')\ndef box(): pass\n")
    pytester.makepyfile("def test_it(box): pass\n\ndef test_alone(): pass\n")
    result = pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *mode)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*no Docker engine answers at tcp://127.0.0.1:9*",
            "hint: *or select another one with DOCKER_HOST*",
        ]
    )
    skipping = pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, *mode, "--wincontainers-missing-engine=skip")
    skipping.assert_outcomes(passed=1, skipped=1)
