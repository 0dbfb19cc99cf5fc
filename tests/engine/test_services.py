"""A service from outside the package: the example's Redis, written with the public kit alone."""

import ast
import shutil
import sys

import pytest

from pytest_wincontainers.engines.docker import DockerEngine
from pytest_wincontainers.testing import check_service
from tests.kit.architecture import names_in
from tests.kit.suite import ROOT

EXAMPLE = ROOT / "examples" / "redis_service"


@pytest.mark.few_hosts
@pytest.mark.every_host
def test_its_own_tests(suite, mode):
    shutil.copytree(EXAMPLE, suite.path, dirs_exist_ok=True)
    finished = suite.run("-v", *mode)
    assert finished.outcomes() == {"passed": 4}, finished.output
    assert sorted(name.rpartition("-")[2] for name in suite.created()) == ["cache"]


@pytest.mark.few_hosts
@pytest.mark.every_host
def test_it_is_well_behaved_on_an_engine(engine, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLE)
    monkeypatch.delitem(sys.modules, "redis_service", raising=False)
    from redis_service import Redis

    check_service(Redis(), engine=DockerEngine(engine.url))


def test_it_is_small_and_uses_public_names_only():
    source = (EXAMPLE / "redis_service.py").read_text("utf-8")
    assert len(source.splitlines()) <= 60
    used = [name for name in names_in(EXAMPLE / "redis_service.py") if name.startswith("pytest_wincontainers")]
    assert used == ["pytest_wincontainers.services"]
    attributes = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    assert {name for name in attributes if name.startswith("_")} <= {"_face"}
