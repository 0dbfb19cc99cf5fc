"""The record of a run: journals, the manifest that is made of them, and the summary."""

import json
from pathlib import Path

import pytest

from pytest_wincontainers.reports.board import Board, State
from pytest_wincontainers.reports.record import journal as journals
from pytest_wincontainers.reports.record.finishing import claim, save
from pytest_wincontainers.reports.record.journal import Journal, entries_of
from pytest_wincontainers.reports.record.manifest import longest_chain, manifest_of
from pytest_wincontainers.reports.record.surroundings import JournalSurroundings
from pytest_wincontainers.reports.sinks.ci.server import problems_of
from pytest_wincontainers.reports.summary import summary


class Run:
    """A run whose processes write journals at the times that are said."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._journals = {}
        self("", 0, "run", run="abc", command=["pytest"], versions={"pytest": "9"})

    def __call__(self, process, at, kind, **values):
        if process not in self._journals:
            self._journals[process] = Journal(self.folder, process, lambda line: line.replace("geheim", "***"))
        self._monkeypatch.setattr(journals.time, "time", lambda: 1000.0 + at)
        self._journals[process].write(kind, **values)

    def container(self, name, *needs):
        self("", 0, "container", name=name, service="generic", needs=needs)

    def states(self, name, **states):
        for state, at in states.items():
            self("", at, "state", name=name, state=state)

    def start(self, process, at, nodeid, attempt=1, needs=()):
        self(process, at, "start", id=nodeid, attempt=attempt, file="t.py", line=3, needs=needs)

    def test(self, process, since, until, nodeid, outcome="passed", containers=(), attempt=1, **values):
        self.start(process, since, nodeid, attempt)
        self(process, since, "uses", id=nodeid, containers=containers)
        if until is not None:
            self(process, until, "report", id=nodeid, when="call", outcome=outcome, seconds=until - since, **values)
            self(process, until, "finish", id=nodeid)

    @property
    def manifest(self):
        return manifest_of(entries_of(self.folder / "journal"))

    def close(self):
        for journal in self._journals.values():
            journal.close()


@pytest.fixture
def run(tmp_path, monkeypatch):
    made = Run(tmp_path, monkeypatch)
    yield made
    made.close()


def test_a_container_has_its_own_times(run):
    run.container("database")
    run.states("database", image=1, starting=10, booting=11, ready=14.5, restarting=30)
    run("", 32, "state", name="database", state="ready")
    (database,) = run.manifest.containers
    assert (database.seconds, database.restarts, database.end) == (4.5, [2.0], "ready")
    run("", 33, "retry", name="database", what="its start", failure="hcsshim-x")
    run.start("gw0", 40, "t::a")
    run("gw0", 40, "uses", id="t::a", containers=["database"])
    run.start("gw1", 40, "t::b")
    run("gw1", 40, "uses", id="t::b", containers=["web"])
    run.states("database", ended=41)
    assert summary(run.manifest) == [
        "database  ready after 4.5 s, restarted once, the last time in 2.0 s, 1 retry, ended during t::a"
    ]


def test_a_container_of_an_earlier_run(run):
    run.container("database")
    run.states("database", image=1, starting=2, ready=2.5)
    run("", 3, "reused", name="database")
    assert run.manifest.containers[0].reused
    assert summary(run.manifest) == ["database  reused, ready after 0.5 s"]


def test_a_run_that_says_nothing_of_its_end_has_crashed(run):
    run.container("web")
    run.states("web", starting=1, booting=2)
    assert run.manifest.state == "crashed"
    assert run.manifest.failed
    run("", 5, "end", state="interrupted")
    assert run.manifest.state == "interrupted"
    assert [one.end for one in run.manifest.containers] == ["interrupted"]
    assert summary(run.manifest) == ["web  interrupted"]


def test_outcomes_of_tests(run):
    run.test("", 1, 2, "t::passes")
    run.test("", 2, 3, "t::fails", "failed", message="no", file="t.py", line=9)
    run.start("", 3, "t::errs")
    run("", 3.5, "report", id="t::errs", when="setup", outcome="failed", seconds=0.5)
    run("", 4, "finish", id="t::errs")
    run.start("", 4, "t::skips")
    run("", 4, "report", id="t::skips", when="setup", outcome="skipped", seconds=0)
    run("", 4, "finish", id="t::skips")
    run.test("", 5, 6, "t::flaky", "failed")
    run.test("", 6, 7, "t::flaky", attempt=2)
    run.test("", 8, None, "t::last")
    found = [(test.id, test.attempt, test.outcome) for test in run.manifest.tests]
    assert found == [
        ("t::passes", 1, "passed"),
        ("t::fails", 1, "failed"),
        ("t::errs", 1, "error"),
        ("t::skips", 1, "skipped"),
        ("t::flaky", 1, "rerun"),
        ("t::flaky", 2, "passed"),
        ("t::last", 1, "interrupted"),
    ]


def test_a_test_whose_container_was_not_ready_needs_it_all_the_same(run):
    run.start("", 1, "t::a", needs=["web"])
    run("", 2, "report", id="t::a", when="setup", outcome="failed", seconds=0, message="web is not ready")
    run("", 2, "finish", id="t::a")
    (problem,) = problems_of(run.manifest, {}, Path("/root"))
    assert (problem.title, problem.text, problem.file, problem.line) == (
        "t::a",
        "web is not ready",
        Path("/root/t.py"),
        3,
    )


def test_the_longest_chain(run):
    for name, *needs in (["a"], ["b", "a"], ["c", "b", "d"], ["d"], ["e"]):
        run.container(name, *needs)
    for name, ready in {"a": 2, "b": 5, "c": 6, "d": 4, "e": 3}.items():
        run.states(name, starting=0.5, ready=ready)
    assert longest_chain(run.manifest) == [("a", 2.0), ("b", 3.0), ("c", 1.0)]


def test_no_chain_without_a_ready_container(run):
    run.container("a")
    assert longest_chain(run.manifest) == []


def test_the_longest_waits_are_told(run):
    for number in range(5):
        run.start("", number, f"t::{number}")
        run("", number, "wait", id=f"t::{number}", container="web", seconds=number / 2)
    assert summary(run.manifest) == [f"t::{number} waited {number / 2:.1f} s for web" for number in (4, 3, 2)]


def test_secrets_do_not_reach_the_journal(run):
    run("", 1, "note", text="pw=geheim")
    assert run.manifest.notes == ["pw=***"]


def test_half_a_line_of_a_process_that_was_killed(run, tmp_path):
    run.test("gw0", 1, 2, "t::a")
    with (tmp_path / "journal" / "gw0.jsonl").open("a") as file:
        file.write('{"at": 1003.0, "kind": "sta')
    (tmp_path / "journal" / "gw1.jsonl").write_bytes(b"\xff\n[1]\n{}\n")
    assert [test.id for test in run.manifest.tests] == ["t::a"]


def test_the_manifest_replaces_the_journals(run, tmp_path):
    run.container("web")
    run.states("web", starting=1, ready=2)
    run.test("", 3, 4, "t::\ud800", "failed", containers=["web"], message="lone \ud800 surrogate", evidence="none.json")
    run.close()
    save(tmp_path, claim(tmp_path))
    data = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert (data["schema"], data["run"], data["state"]) == (1, "abc", "crashed")
    assert data["tests"][0]["outcome"] == "failed"
    assert not (tmp_path / "journal").exists()
    assert "lone ? surrogate" in (tmp_path / "index.html").read_text("utf-8")


def test_the_record_is_finished_once(run, tmp_path):
    """By the owner or by its watchdog, whoever is first; what is there then is not written over."""
    run.container("web")
    run.close()
    assert claim(tmp_path).run == "abc"
    assert claim(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_record_that_was_removed_is_not_taken_for_an_empty_run(tmp_path):
    (tmp_path / "journal").mkdir()
    assert claim(tmp_path) is None


@pytest.mark.parametrize("secret", ["12345", '"abc', "state", "0", "null"])
def test_a_secret_does_not_break_the_lines_that_it_is_a_part_of(tmp_path, secret):
    journal = Journal(tmp_path, "", lambda text: text.replace(secret, "***"))
    journal.write("note", text=f"it is {secret}", number=12345, words=[secret], none=None)
    journal.close()
    (entry,) = entries_of(tmp_path / "journal")
    assert (entry["text"], entry["number"], entry["words"], entry["none"]) == ("it is ***", 12345, ["***"], None)


def test_each_worker_has_its_own_runs_of_a_test(run):
    """With --dist=each every worker runs every test."""
    run.test("gw0", 1, 2, "t::a", "failed")
    run.test("gw1", 1.5, 2.5, "t::a")
    assert [(test.worker, test.outcome) for test in run.manifest.tests] == [("gw0", "failed"), ("gw1", "passed")]


def test_a_closed_journal_takes_nothing(tmp_path):
    journal = Journal(tmp_path, "")
    journal.close()
    journal.write("note", text="x")
    assert entries_of(tmp_path / "journal") == []


# -- what else went on ------------------------------------------------------------------------------------------------


def test_tests_of_other_workers_that_use_the_same_container(run, tmp_path):
    run.test("gw1", 0, 1, "t::before", containers=["web"])
    run.test("gw1", 1, 3, "t::into", containers=["web"])
    run.test("gw1", 3, 4, "t::other", containers=["database"])
    run.test("gw2", 4, None, "t::still", containers=["web", "database"])
    run.test("gw0", 2, None, "t::mine", containers=["web"])
    found = JournalSurroundings(tmp_path, "gw0").overlaps("web", 1002.0, 1005.0)
    assert [(one.nodeid, one.worker, one.seconds) for one in found] == [
        ("t::into", "gw1", 1.0),
        ("t::still", "gw2", 1.0),
    ]
    assert JournalSurroundings(tmp_path, "").overlaps("web", 1002.0, 1005.0) == []


def test_a_test_that_its_worker_did_not_survive_is_over(run, tmp_path):
    run.test("gw1", 0, None, "t::crashed", containers=["web"])
    run.test("gw1", 1, 2, "t::next")
    assert JournalSurroundings(tmp_path, "gw0").overlaps("web", 1000.0, 1005.0) == []


def test_restarts_in_the_time_of_a_test(run, tmp_path):
    run.states("web", restarting=1, ready=2)
    run.states("web", restarting=5)
    run.states("database", ended=5)
    found = JournalSurroundings(tmp_path, "").events("web", 1004.0, 1006.0)
    assert found == ["00:16:45.000 web was restarted"]


# -- the board tells the journal ----------------------------------------------------------------------------------------


def test_the_board_records_each_state_once():
    told = []
    board = Board(
        ["web"],
        mask=lambda text: text.replace("geheim", "***"),
        record=lambda kind, **values: told.append((kind, values)),
    )
    board.connected("Docker")
    board.say("web", State.IMAGE, "pulling")
    board.say("web", State.IMAGE, "pulling more, geheim")
    board.blocked("web", ["database"])
    board.retried("web", "its start", "x", "geheim")
    board.retried("web", "its start", "x", "geheim")
    assert board.entries[0].detail == "pulling more, ***"
    assert told == [
        ("engine", {"text": "Docker"}),
        ("state", {"name": "web", "state": "image"}),
        ("blocked", {"name": "web", "by": ["database"]}),
        ("retry", {"name": "web", "what": "its start", "failure": "x"}),
        ("note", {"text": "web: its start was retried after x: ***"}),
        ("retry", {"name": "web", "what": "its start", "failure": "x"}),
    ]
