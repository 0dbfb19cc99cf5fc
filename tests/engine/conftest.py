"""Tests of runs, on a real engine: as it is, and behind the rules of each Windows host."""

import pytest


@pytest.fixture
def mode(request):
    """How pytest is run. Without parameters of its own, as they come in pairs with the engine: see tests/suites.py."""
    return request.param


@pytest.fixture(autouse=True)
def _nothing_left(nothing_left):
    """For every test here."""
