"""The places of workers."""

from pytest_wincontainers.session.places import WorkerPlaces


def test_a_worker_that_replaces_another_gets_its_place():
    places = WorkerPlaces()
    assert [places.take(worker) for worker in ("gw0", "gw1", "gw2")] == ["gw0", "gw1", "gw2"]
    places.leave("gw1")
    assert places.take("gw3") == "gw1"
    places.leave("gw3")
    places.leave("gw0")
    assert [places.take("gw4"), places.take("gw5"), places.take("gw6")] == ["gw1", "gw0", "gw6"]
    assert places.names == ("gw0", "gw1", "gw2", "gw6")


def test_a_place_is_freed_once():
    places = WorkerPlaces()
    places.take("gw0")
    places.leave("gw0")
    places.leave("gw0")
    assert [places.take("gw1"), places.take("gw2")] == ["gw0", "gw2"]
