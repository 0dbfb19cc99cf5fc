"""What the Docker engine says that need not be an error."""

import pytest

from pytest_wincontainers.engines.docker import _gone
from pytest_wincontainers.errors import EngineError
from pytest_wincontainers.failures.catalogue import CATALOGUE


def refused(phase, kind):
    return EngineError("no", failure=next(one for one in CATALOGUE if (one.phase, one.kind) == (phase, kind)))


def test_a_container_that_ended_during_the_call_is_gone():
    with _gone():
        raise refused("stop", "transient")


@pytest.mark.parametrize(
    "problem", [refused("start", "transient"), refused("start", "permanent"), EngineError("who knows")], ids=str
)
def test_anything_else_is_an_error(problem):
    with pytest.raises(EngineError), _gone():
        raise problem
