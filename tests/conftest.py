"""What tests of every layer share."""

import pytest


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch):
    """Inner runs take nothing from the person's environment but the engine."""
    # With CI set, pytest repeats whole messages in its summary.
    for name in ("PYTEST_ADDOPTS", "CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    for name in ("ENGINE", "MISSING_ENGINE", "ARTIFACTS", "TIMEOUT", "PARALLEL_STARTS", "REACH", "ORDER", "LOG_LINES"):
        monkeypatch.delenv(f"WINCONTAINERS_{name}", raising=False)


@pytest.fixture(params=[[], ["-n0"], ["-n2"]], ids=["plain", "n0", "n2"])
def mode(request):
    """A run without pytest-xdist, with it but in one process, and with two workers."""
    return request.param
