"""Following one container: its log, also where the stream broke off."""

from pytest_wincontainers.engines.base import ContainerSpec
from pytest_wincontainers.errors import EngineError
from pytest_wincontainers.run.container.follower import Follower
from pytest_wincontainers.testing import FakeEngine


class Breaking(FakeEngine):
    """Its streams of logs break off after the first line; `again` says whether the log can be read once more."""

    def __init__(self, again):
        super().__init__()
        self.again = again

    def logs(self, container, *, follow):
        if follow:
            yield next(super().logs(container, follow=True))
        if follow or not self.again:
            raise EngineError("the stream broke off")
        yield from super().logs(container, follow=False)


def followed(tmp_path, engine):
    notes = []
    follower = Follower(
        "box", tmp_path / "box.log", (), over=lambda: True, note=notes.append, ended=lambda *given: None
    )
    container = engine.create(ContainerSpec("box", "box:1", {}))
    engine.start(container)
    engine.say(container, "second")
    follower.follow(engine, container)
    follower.finish(engine, 5)
    lines = (tmp_path / "box.log").read_text().splitlines()
    return [line.partition(" ")[2] for line in lines], notes


def test_a_log_that_broke_off_is_read_again(tmp_path):
    assert followed(tmp_path, Breaking(again=True)) == (["started", "second"], [])


def test_what_there_is_of_a_log_is_kept(tmp_path):
    lines, notes = followed(tmp_path, Breaking(again=False))
    assert lines == ["started"]
    assert notes == ["the log of box is incomplete: the stream broke off"]
    assert [path.name for path in tmp_path.iterdir()] == ["box.log"]
