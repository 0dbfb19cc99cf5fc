"""Tools for testing suites, services and plugins that use this plugin.

# conftest.py
from pytest_wincontainers.testing import FakeEngine

def pytest_wincontainers_engine(config):
    return FakeEngine()

# test_service.py
from pytest_wincontainers.testing import check_service

def test_my_service():
    check_service(MyService())
"""

from __future__ import annotations

from pytest_wincontainers.testing.engine import FakeEngine as FakeEngine
from pytest_wincontainers.testing.service import check_service as check_service
