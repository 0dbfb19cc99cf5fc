"""What people get wrong in a declaration, as they see it. The mistakes are in tests/unit/test_refusals.py."""

import re
import time

import pytest

from tests.kit.links import cases
from tests.kit.suite import WITHOUT_HYPOTHESIS
from tests.unit.test_refusals import LINKED, REFUSED, lay_out

LINES = 12
SECONDS = 10
CONFTEST = """
from pathlib import Path
from pytest_wincontainers import *
from pytest_wincontainers.testing import FakeEngine

def pytest_wincontainers_engine(config):
    return FakeEngine(journal=Path("journal"))

"""
A_FRAME_OF_OURS = re.compile(r"pytest_wincontainers[/\\][\w/\\]+\.py:\d+: ")


@pytest.fixture
def tell(pytester):
    """Run a suite that is wrong; what was told, once that was at once, in few words, and before anything started."""

    def tell(declared, test):
        lay_out(pytester.path)
        pytester.makeconftest(CONFTEST + declared)
        pytester.makepyfile(test)
        begun = time.process_time()
        result = pytester.runpytest_inprocess(*WITHOUT_HYPOTHESIS, "-q", "--no-header")
        # Of the processor, as other tests may run beside this one.
        assert time.process_time() - begun < SECONDS
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        told = [line for line in result.outlines + result.errlines if line.strip()]
        assert len(told) < LINES
        assert not A_FRAME_OF_OURS.search("\n".join(told))
        assert not (pytester.path / "journal").exists()
        return "\n".join(told)

    return tell


@pytest.mark.parametrize("case", cases(REFUSED, *LINKED))
def test_it_is_told_at_once_and_in_few_words(tell, case):
    declared, needed, sentence, hint = REFUSED[case]
    told = tell(declared, f"def test_it({needed}): pass")
    assert sentence in told
    assert hint in told
    assert re.search(r"conftest\.py:\d+", told)


def test_a_declaration_in_a_test_file_is_told_as_well(tell):
    told = tell(
        '@container(image="x")\ndef box(): pass',
        'from pytest_wincontainers import container\n\n@container(image="x")\ndef cache(): pass\n\n'
        "def test_it(cache): pass",
    )
    assert re.search(r"test_\w+\.py:3: cache is declared in a file that pytest does not load at startup", told)
