"""When a snapshot is used or made; what comes of it is in tests/engine/test_snapshots.py."""

import time
from types import SimpleNamespace

import pytest

from pytest_wincontainers.engines.base import Healthcheck, Image, ListedImage
from pytest_wincontainers.run.container.snapshots import prune, snapshot_of
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.files import folders_of
from pytest_wincontainers.services.mysql import MySql
from pytest_wincontainers.services.recipe import Recipe
from pytest_wincontainers.testing import FakeEngine

IMAGE = Image("sha256:base")


def found(tmp_path, *, declared="auto", setting="auto", environment=None, image=IMAGE, files=None, **options):
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
    service = MySql(Options(**options), migrations=str(tmp_path), snapshot=declared)
    planned = SimpleNamespace(service=service, declaration=SimpleNamespace(name="database", base=tmp_path))
    recipe = Recipe("image", environment or {}, files=folders_of(files or {}, tmp_path))
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
    assert found(tmp_path, files={"/etc/my.cnf": "[mysqld]"}).key != first
    assert found(tmp_path, files={"/etc/my.cnf": "[mysqld]"}).key != found(tmp_path, files={"/etc/my.cnf": ""}).key
    assert found(tmp_path, working_dir="/tmp").key != first
    assert found(tmp_path, healthcheck=Healthcheck("true")).key != first
    # What a neighbour is called in this run matters to no preparation.
    names = [found(tmp_path, environment={"PEER": name}).key for name in ("wc-abc-web", "web")]
    assert names[0] == names[1]


def test_an_image_keeps_no_password(tmp_path):
    assert found(tmp_path, environment={"URL": "mysql://shop:secret-password@db"}) is None
    assert found(tmp_path, files={"/app/settings.json": '{"Shop": "secret-password"}'}) is None


HOUR = 3600
DAY = 24 * HOUR


def left(*images, replaced=None):
    """The ids of those that are left where "kept" has just been made; each image an id, a name, an age in seconds."""
    there = {number: ListedImage(number, name, time.time() - age) for number, name, age in images}
    names = {one.reference or one.id: one.id for one in there.values()}
    engine = FakeEngine()
    engine.images = lambda label: list(there.values())
    engine.remove_image = lambda name: there.pop(names[name])
    prune(engine, "kept", replaced and Image(replaced))
    return set(there)


def test_old_ones_are_removed():
    assert left(("1", "kept", 31 * DAY), ("2", "old", 31 * DAY), ("3", "new", 29 * DAY)) == {"1", "3"}


def test_the_ten_newest_stay():
    many = [(str(age), f"name{age}", age) for age in range(12)]
    assert left(*many) == {str(age) for age in range(10)}
    assert left(*many, ("13", "kept", 13)) == {"13", *(str(age) for age in range(10))}


def test_the_replaced_one_is_removed():
    assert left(("1", "kept", 0), ("2", "", 5), replaced="2") == {"1"}


def test_one_that_another_run_is_making_stays():
    """The engine makes the image first and names it then."""
    assert left(("1", "kept", 0), ("2", "", 0)) == {"1", "2"}
    assert left(("1", "kept", 0), ("2", "", 2 * HOUR)) == {"1"}
