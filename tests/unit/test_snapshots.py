"""When a snapshot is used or made; what comes of it is in tests/engine/test_snapshots.py."""

from types import SimpleNamespace

import pytest

from pytest_wincontainers.engines.base import Image
from pytest_wincontainers.run.container.snapshots import snapshot_of
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.mysql import MySql
from pytest_wincontainers.testing import FakeEngine

IMAGE = Image("sha256:base")


def found(tmp_path, *, declared="auto", setting="auto", environment=None, image=IMAGE):
    """The snapshot for a database with one migration, on an engine that has one of whatever name."""
    (tmp_path / "1.sql").write_text("CREATE TABLE t (id INT);")
    engine = FakeEngine()
    engine.image = lambda reference: Image(f"sha256:{reference}")
    context = SimpleNamespace(
        engine=engine,
        info=engine.info(),
        locks=None,
        settings=SimpleNamespace(snapshots=setting),
        plan=SimpleNamespace(run="abc", secrets=frozenset({"secret-password"})),
    )
    service = MySql(Options(), migrations=str(tmp_path), snapshot=declared)
    planned = SimpleNamespace(service=service, declaration=SimpleNamespace(name="database", base=tmp_path))
    recipe = SimpleNamespace(command=None, environment=environment or {})
    return snapshot_of(context, planned, image, recipe)


@pytest.mark.parametrize("word", ["declared", "setting"])
def test_never_is_never(tmp_path, word):
    assert found(tmp_path, **{word: "never"}) is None
    assert found(tmp_path, declared="never", setting="refresh") is None


@pytest.mark.parametrize("word", ["declared", "setting"])
def test_refresh_uses_none_that_is_there(tmp_path, word):
    assert found(tmp_path, **{word: "refresh"}).image is None


def test_by_itself_what_is_there_is_used(tmp_path):
    snapshot = found(tmp_path)
    assert snapshot.image == Image(f"sha256:{snapshot.reference}")
    assert snapshot.reference == f"wincontainers/snapshot-database:{snapshot.key}"


def test_the_key_is_of_all_that_matters(tmp_path):
    first = found(tmp_path).key
    assert found(tmp_path, environment={"PEER": "wc-abc-web"}).key != first
    assert found(tmp_path, image=Image("sha256:other")).key != first
    # What a neighbour is called in this run matters to no preparation.
    names = [found(tmp_path, environment={"PEER": name}).key for name in ("wc-abc-web", "web")]
    assert names[0] == names[1]


def test_an_image_keeps_no_password(tmp_path):
    assert found(tmp_path, environment={"URL": "mysql://shop:secret-password@db"}) is None
