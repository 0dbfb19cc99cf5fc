"""What starts nothing: the example shop, asked for what needs no container, on an engine that would keep a journal."""

import shutil

import pytest

from tests.kit.suite import ROOT, WITHOUT_HYPOTHESIS

ENGINE = """
import pathlib
from pytest_wincontainers.testing import FakeEngine

def pytest_wincontainers_engine(config):
    return FakeEngine(journal=pathlib.Path("journal"))
"""
SKIPPED = """
import pytest

@pytest.mark.skip
def test_1(web): pass

@pytest.mark.skipif(True, reason="so")
def test_2(web): pass

@pytest.mark.skipif("sys.version_info > (3,)", reason="so")
def test_3(web): pass
"""


@pytest.fixture
def run(pytester, mode):
    """Run it; what pytest said, once nothing was made."""
    shop = ROOT / "examples" / "shop"
    ignored = shutil.ignore_patterns("__pycache__", ".wincontainers", ".pytest_cache")
    shutil.copytree(shop, pytester.path, dirs_exist_ok=True, ignore=ignored)
    pytester.makepyfile(memory=ENGINE, test_skipped=SKIPPED)

    def run(*arguments):
        result = pytester.runpytest_subprocess(*WITHOUT_HYPOTHESIS, "-p", "memory", *mode, *arguments)
        assert not (pytester.path / "journal").exists()
        return result

    return run


def test_a_plan_that_is_shown(run):
    result = run("--setup-plan")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["database: mysql*"])
    assert "  is ready after database" in result.outlines


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--collect-only"], "*test_site.py*"),
        (["--fixtures"], "*MySQL with the shop's schema and products*"),
        (["--markers"], "@pytest.mark.wincontainers(name, ...)*"),
        (["--help"], "*--wincontainers-timeout=SECONDS*"),
        (["-k", "nothing_of_the_kind"], "*= * in *s =*"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_runs_no_test(run, arguments, told):
    result = run(*arguments)
    assert result.ret in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    result.stdout.fnmatch_lines([told])


def test_skipped_tests(run):
    run("test_skipped.py").assert_outcomes(skipped=3)
