"""What the page of a run shows; `engine/test_page.py` opens it in a browser."""

import pytest

from pytest_wincontainers import evidence
from pytest_wincontainers.evidence import Attachment, ContainerEvidence, FailureEvidence, LogSlice, OpenedEvidence
from pytest_wincontainers.reports.page import view, write_page
from pytest_wincontainers.reports.record.manifest import (
    Blocked,
    ContainerRecord,
    Manifest,
    Phase,
    Retry,
    Step,
    TestRecord,
)


def manifest_of(**more):
    failed = Phase("call", "failed", 1.0, "assert 0 \x1b[31mred\x00", "test_a.py", 3, "tests/a/call.json")
    test = TestRecord("test_a.py::t", "gw0", 1, 104.0, ended=105.0, phases=[failed], waits={"web": 2.0})
    web = ContainerRecord(
        "web", steps=[Step("waiting", 100.0), Step("ready", 103.0)], blocked=[Blocked(["database"], 101.0)], seconds=3.0
    )
    return Manifest(run="abc", state="finished", started=100.0, ended=110.0, containers=[web], tests=[test], **more)


def evidence_of(folder, *attachments, lines=("said",)):
    return FailureEvidence(
        nodeid="test_a.py::t",
        when="call",
        attempt=1,
        worker="gw0",
        since=0.0,
        until=1.0,
        folder=str(folder),
        containers=(ContainerEvidence("web", "web.log", (LogSlice("", lines),)),),
        opened=(OpenedEvidence("browser", "browser", "title: x", attachments),) if attachments else (),
    )


def viewed(folder, found=None):
    return view.view_of(folder, manifest_of(), {"tests/a/call.json": found} if found else {})


def test_places_on_the_timeline(tmp_path):
    made = viewed(tmp_path)
    assert [(bar.kind, bar.at, bar.width) for bar in made.rows[0].bars] == [
        ("waiting", 0.0, 30.0),
        ("ready", 30.0, 70.0),
        # It still waited at the end.
        ("blocked", 10.0, 90.0),
    ]
    assert [(bar.kind, bar.at, bar.width) for bar in made.test_rows[0].bars] == [
        ("blocked", 20.0, 20.0),
        ("test failed", 40.0, 10.0),
    ]
    assert made.ticks[:2] == [(0.0, "0 s"), (20.0, "2 s")]


def test_retries_and_the_removal_are_on_the_timeline(tmp_path):
    web = ContainerRecord("web", steps=[Step("starting", 101.0)], retries=[Retry(102.0, "its start", "hcsshim-x")])
    never = ContainerRecord("never", steps=[Step("waiting", 100.0)])
    made = view.view_of(
        tmp_path, Manifest(started=100.0, ended=110.0, containers=[web, never], removal=[108.0, 109.0]), {}
    )
    assert [(bar.kind, bar.at, bar.words) for bar in made.rows[0].bars[1:]] == [
        ("retry", 20.0, "web: its start was retried after hcsshim-x"),
        ("removing", 80.0, "web: removing, 1.00 s"),
    ]
    assert [bar.kind for bar in made.rows[1].bars] == ["waiting"]


def test_a_run_that_took_no_time(tmp_path):
    assert list(view.view_of(tmp_path, Manifest(), {}).ticks) == [(0.0, "0 s")]


def test_a_failure_without_evidence_has_its_message(tmp_path):
    (failure,) = viewed(tmp_path).failures[0].failures
    assert (failure.message, failure.place, failure.sections) == ("assert 0 red", "test_a.py:3", ())


def test_pictures_and_sources_are_in_the_page_as_long_as_there_is_room(tmp_path, monkeypatch):
    monkeypatch.setattr(view, "_PICTURE_BYTES", 10)
    monkeypatch.setattr(view, "_TEXT_BYTES", 42)
    (tmp_path / "tests").mkdir()
    files = []
    for name, content in (("a.png", b"12345678"), ("b.png", b"12345678"), ("a.html", b"x" * 20), ("b.html", b"y" * 20)):
        (tmp_path / "tests" / name).write_bytes(content)
        kind = evidence.PNG if name.endswith("png") else evidence.HTML
        files.append(Attachment(name, str(tmp_path / "tests" / name), kind))
    (failure,) = viewed(tmp_path, evidence_of(tmp_path, *files)).failures[0].failures
    first, second = failure.pictures
    assert first.source.startswith("data:image/png;base64,")
    assert second.source == "tests/b.png"
    # A link to a picture in the page itself leads nowhere.
    assert [one.link for one in failure.pictures] == ["tests/a.png", "tests/b.png"]
    assert failure.sources == [
        ("a.html", "x" * 20),
        ("b.html", "(left out, as the page would be too large; see the log)"),
    ]
    assert failure.files[3] == ("b.html", "tests/b.html")


def test_files_that_are_gone(tmp_path):
    gone = (
        Attachment("a.png", str(tmp_path / "none.png"), evidence.PNG),
        Attachment("a", str(tmp_path / "a"), evidence.HTML),
    )
    (failure,) = viewed(tmp_path, evidence_of(tmp_path, *gone)).failures[0].failures
    assert [one.source for one in failure.pictures] == ["none.png"]
    assert failure.sources == []


@pytest.mark.parametrize(
    "text", ["</script><script>x()</script>", "</pre></body>", "{{ 7 * 7 }}{% raw %}", "\x00\x1b[31m\ud800", "\u202e"]
)
def test_whatever_a_container_says_is_text(tmp_path, text):
    manifest = manifest_of(notes=[text], engine=text, command=[text])
    manifest.tests[0].id = manifest.containers[0].name = text
    write_page(tmp_path, manifest, {"tests/a/call.json": evidence_of(tmp_path, lines=(text,))})
    page = (tmp_path / "index.html").read_text("utf-8")
    assert page.count("<script>") == page.count("</script>") == 1
    assert page.count("</body>") == 1
    assert "49" not in page.split("<main>")[1].split("<h2")[1]
    assert not set(page) & {"\x00", "\x1b"}
