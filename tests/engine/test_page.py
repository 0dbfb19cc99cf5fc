"""The page of a run, and pytest-html's report, in a real browser, which clicks, types and reads them."""

import json
import shutil
from pathlib import Path

import pytest

from pytest_wincontainers import evidence
from pytest_wincontainers.evidence import Attachment, ContainerEvidence, FailureEvidence, LogSlice, OpenedEvidence
from pytest_wincontainers.reports.record import journal as journals
from pytest_wincontainers.reports.record.finishing import claim, save
from pytest_wincontainers.reports.record.journal import Journal
from tests.kit.pictures import png
from tests.plugin.test_reports import RERUNS, run

TESTS, CONTAINERS, WORKERS = 5000, 50, 8
BEGUN = 1_700_000_000.0
CONFTEST = """
from pytest_wincontainers import selenium_container


@selenium_container()
def browser():
    pass
"""


def make_run(folder, monkeypatch):
    """A run of many tests and containers, every hundredth of which has failed."""
    now = [BEGUN]
    monkeypatch.setattr(journals.time, "time", lambda: now[0])
    owner = Journal(folder, "")
    owner.write("run", run="large1", command=["pytest", "-n8"], versions={"pytest": "9"})
    names = [f"container{number}" for number in range(CONTAINERS)]
    for number, name in enumerate(names):
        owner.write("container", name=name, service="generic", needs=names[max(0, number - 2) : number])
    owner.write("engine", text="Docker 29 (windows)")
    for number, name in enumerate(names):
        for at, state in enumerate(("image", "starting", "booting", "preparing", "ready")):
            now[0] = BEGUN + number / 10 + at
            owner.write("state", name=name, state=state)
    for worker in range(WORKERS):
        journal = Journal(folder, f"gw{worker}")
        for number in range(worker, TESTS, WORKERS):
            now[0] = BEGUN + 10 + number / 50
            test = f"tests/test_orders.py::test_order[{number}]"
            journal.write("start", id=test, attempt=1, file="tests/test_orders.py", line=number, needs=[])
            journal.write("uses", id=test, containers=[names[number % CONTAINERS]])
            now[0] += 0.15
            found = failure(folder, test, number) if number % 100 == 7 else {"outcome": "passed"}
            journal.write("report", id=test, when="call", seconds=0.15, **found)
            journal.write("finish", id=test)
        journal.close()
    owner.write("end", state="finished")
    owner.close()
    made = claim(folder)
    save(folder, made)


def failure(folder, test, number):
    """What the journal has of a failing test, whose evidence is saved."""
    path = folder / "tests" / f"{number}"
    path.mkdir(parents=True)
    (path / "browser.png").write_bytes(png(number))
    (path / "browser.html").write_text(f"<script>document.title = 'taken over'</script><h1>{number}</h1>")
    files = (
        Attachment("browser screenshot", str(path / "browser.png"), evidence.PNG),
        Attachment("page source", str(path / "browser.html"), evidence.HTML),
    )
    lines = LogSlice("", tuple(f"line {one} </pre><b>" for one in range(150)))
    found = FailureEvidence(
        nodeid=test,
        when="call",
        attempt=1,
        worker="gw7",
        since=0.0,
        until=1.0,
        folder=str(path),
        containers=(ContainerEvidence("container7", "x.log", (lines,)),),
        opened=(OpenedEvidence("browser", "browser", "title: Error", files),),
    )
    (path / "call.json").write_text(json.dumps(found.as_json()))
    place = {"file": "tests/test_orders.py", "line": 3}
    return {"outcome": "failed", "message": f"assert {number} == 0", "evidence": f"tests/{number}/call.json", **place}


@pytest.mark.linux_guest
def test_the_page_of_a_large_run(suite, monkeypatch):
    folder = suite.path / "run"
    folder.mkdir()
    with monkeypatch.context() as patch:
        make_run(folder, patch)
    assert (folder / "index.html").stat().st_size < 5_000_000
    # The page has all of it.
    shutil.rmtree(folder / "tests")
    suite.files(conftest=CONFTEST, test_page=inside("clicks.py"))
    assert suite.run("-rP").outcomes() == {"passed": 10}


def inside(name):
    return (Path(__file__).parent / "page" / name).read_text("utf-8")


@pytest.mark.linux_guest
def test_a_report_of_pytest_html(suite, pytester):
    run(pytester, *RERUNS, "--html=reports/report.html")
    run(pytester, *RERUNS, "--html=reports/alone.html", "--self-contained-html", "-n2")
    # What the run above has left there.
    (suite.path / "test_shop.py").unlink()
    suite.files(conftest=CONFTEST, test_report=inside("html_report.py"))
    assert suite.run("-rP").outcomes() == {"passed": 8}
