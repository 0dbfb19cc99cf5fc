"""What tests of every layer share."""

import pytest
from hypothesis import settings as hypothesis_settings

from pytest_wincontainers import settings

# How long an example takes depends on what else runs on the machine.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch):
    """Inner runs take nothing from the person's environment, nor from the run that they are in."""
    # With CI set, pytest repeats whole messages in its summary.
    for name in ("PYTEST_ADDOPTS", "CI", "BUILD_NUMBER", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)
    for setting in settings.TABLE:
        monkeypatch.delenv(setting.variable, raising=False)
