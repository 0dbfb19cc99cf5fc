"""The evidence of a failing test, from the logs of its containers and from what it has open."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_wincontainers.endpoints import ContainerInfo
from pytest_wincontainers.errors import EngineError
from pytest_wincontainers.evidence import FailureEvidence, Overlap, Shown
from pytest_wincontainers.reports import opened
from pytest_wincontainers.reports.gathering import Gatherer, LogSource
from pytest_wincontainers.reports.opened import OpenEvidence
from pytest_wincontainers.reports.text import sections

STACK = ["10:00:00.000 Exception: no", "   at Shop.Cart.Add()", "   at Shop.Page.Show()"]


class Log:
    """Reads what it is given, or fails."""

    def __init__(self, found, flush=None):
        self._found = found
        self._flush = flush

    def flush(self):
        if self._flush is not None:
            raise self._flush

    def excerpts(self, offset, since, until):
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


def source(folder, name, found, flush=None, trouble=""):
    info = ContainerInfo(name, "id", f"wc-{name}", "127.0.0.1", {}, {}, str(folder / f"{name}.log"), "linux", 0.0, 0.0)
    arriving = SimpleNamespace(here=lambda: True)
    return LogSource(info, Log(found, flush), lambda: arriving, lambda: trouble)


class Around:
    """What else went on."""

    def events(self, container, since, until):
        return ["10:00:01.000 web was restarted"] if container == "web" else []

    def overlaps(self, container, since, until):
        return [Overlap("t::other", "gw1", 0.25)] if container == "web" else []


class Page:
    kind = "page"
    name = "browser"

    def gather(self, folder, stem, mask):
        (folder / stem).write_text("x")
        return Shown(f"secret {stem}")

    def close(self):
        pass


@pytest.fixture
def gatherer(tmp_path):
    return Gatherer(tmp_path, log_lines=3, worker="gw0", opened=OpenEvidence(), surroundings=Around())


def gathered(gatherer, *sources, held=(), when="call", **options):
    gatherer.start("t.py::t", needy=True)
    gatherer.watch(sources)
    return gatherer.gather(when, lambda text: text.replace("secret", "***"), logs_too=True, held=held, **options)


def test_what_explains_a_failure_comes_first(gatherer, tmp_path):
    """The container with the exception, and of it the log with the exception."""
    database = source(tmp_path, "database", {"": ["SELECT 1"]})
    web = source(tmp_path, "web", {"": ["started", *STACK], "W3C log of shop": ["GET / 500"], "event log": STACK})
    found = gathered(gatherer, database, web)
    assert [(title, text.splitlines()[-1]) for title, text in sections(found)] == [
        ("web: event log", "   at Shop.Page.Show()"),
        ("web: output", "   (the same stack as above)"),
        ("web: W3C log of shop", "GET / 500"),
        ("web: meanwhile", "t::other used it at the same time in gw1 (0.25 s)"),
        ("database: output", "SELECT 1"),
    ]
    assert FailureEvidence.from_json(found.as_json()) == found


def test_a_long_part_says_where_the_rest_is(gatherer, tmp_path):
    lines = [f"line {number}" for number in range(9)] + ["x" * 1_000_000]
    ((_, text), *_) = sections(gathered(gatherer, source(tmp_path, "box", {"": lines})))
    path = tmp_path / "box.log"
    assert text.splitlines() == [
        f"(7 earlier lines are in {path})",
        "line 7",
        "line 8",
        f"{'x' * 10_000}… (the whole line is in {path})",
    ]


def test_what_cannot_be_had_is_a_line(gatherer, tmp_path):
    found = gathered(
        gatherer,
        source(tmp_path, "gone", OSError("no such file, secret")),
        source(tmp_path, "broken", ZeroDivisionError("division by zero")),
        source(tmp_path, "slow", {"": ["a"]}, flush=EngineError("it takes too long")),
        source(tmp_path, "paused", {"": ["a"]}, trouble="the container is paused"),
    )
    assert [(title, text) for title, text in sections(found)] == [
        ("gone: output", "(the log cannot be read: no such file, ***)"),
        ("broken: output", "(the log cannot be read: ZeroDivisionError: division by zero)"),
        ("slow: state", "the last lines may be missing: it takes too long"),
        ("slow: output", "a"),
        ("paused: state", "the container is paused"),
        ("paused: output", "a"),
    ]


class Broken(Page):
    def gather(self, folder, stem, mask):
        raise RuntimeError("tab crashed at secret")


class Hung(Page):
    def gather(self, folder, stem, mask):
        time.sleep(60)


def test_a_browser_that_breaks_or_hangs_costs_nothing_but_itself(gatherer, tmp_path, monkeypatch):
    box = source(tmp_path, "box", {"": ["a"]})
    found = gathered(gatherer, box, held=[Broken(), Page()])
    assert found.notes == ("browser: the page could not be saved: RuntimeError: tab crashed at ***",)
    assert [one.text for one in found.opened] == ["*** browser"]
    monkeypatch.setattr(opened, "_LONGEST_SECONDS", 0.2)
    found = gathered(gatherer, box, held=[Hung()])
    assert found.notes == ("browser: the page did not answer within 0.2 s",)
    assert [one.name for one in found.containers] == ["box"]


def test_an_engine_that_raises_what_it_should_not_costs_no_report(gatherer, tmp_path):
    def trouble():
        raise ValueError("secret")

    one = source(tmp_path, "box", {"": ["a"]})
    found = gathered(gatherer, LogSource(one.info, one.reader, one.arriving, trouble))
    assert dict(sections(found))["box: state"] == "the last lines may be missing: ValueError: ***"
    found = gathered(gatherer, LogSource(one.info, one.reader, trouble, lambda: ""))
    assert found.notes == ("not everything could be gathered: ValueError: ***",)


def test_a_test_whose_containers_were_not_ready_has_evidence_all_the_same(gatherer):
    assert gathered(gatherer).containers == ()


def test_subtests_have_files_of_their_own(gatherer, tmp_path):
    first = gathered(gatherer, source(tmp_path, "box", {}), held=[Page()])
    second = gatherer.gather("call", str, logs_too=True, held=[Page()])
    assert first.opened[0].text == "*** browser"
    assert second.opened[0].text == "secret browser-2"


def test_each_phase_and_attempt_has_files_of_its_own(gatherer, tmp_path):
    box = source(tmp_path, "box", {})
    first = gathered(gatherer, box, held=[Page(), Page()])
    late = gatherer.gather("teardown", str, logs_too=True, held=[Page()])
    second = gathered(gatherer, box, held=[Page()])
    assert [one.text for one in first.opened] == ["*** browser", "*** browser-2"]
    assert [one.text for one in late.opened] == ["secret browser-teardown"]
    assert (first.attempt, late.attempt, second.attempt) == (1, 1, 2)
    assert Path(second.folder) == Path(first.folder) / "attempt-2"
    assert sorted(path.name for path in Path(first.folder).iterdir()) == [
        "attempt-2",
        "browser",
        "browser-2",
        "browser-teardown",
    ]


def test_a_test_without_containers_has_no_evidence(gatherer):
    assert gatherer.gather("call", str, logs_too=True, held=()) is None
    gatherer.start("t.py::t", needy=False)
    assert gatherer.gather("call", str, logs_too=True, held=()) is None


def test_logs_and_pictures_can_be_left_out(gatherer, tmp_path):
    gatherer.start("t.py::t", needy=True)
    gatherer.watch([source(tmp_path, "box", {"": ["a"]})])
    assert gatherer.gather("call", str, logs_too=False, held=[Page()]).containers == ()
    assert gatherer.gather("call", str, logs_too=True, held=None).opened == ()
