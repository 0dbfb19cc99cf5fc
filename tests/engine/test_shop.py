"""The example shop: three real tiers in one run."""

import base64
import html
import os
import re
from xml.etree import ElementTree

import pytest

from tests.kit.reports import with_reports
from tests.kit.soak import amount


@pytest.mark.every_process
def test_three_tiers_in_every_mode(suite, mode):
    """The browser opens the site by its name, the page reads the migration's rows, orders come back over SQL."""
    suite.shop()
    finished = suite.run("-v", *mode)
    assert finished.outcomes() == {"passed": 12}
    assert finished.status == 0
    assert sorted(name.rpartition("-")[2] for name in suite.created()) == ["browser", "database", "web"]


@pytest.mark.every_process
def test_a_killed_worker_changes_nothing_for_the_others(suite):
    suite.shop()
    (suite.path / "tests" / "test_killed.py").write_text(
        "import os\n\ndef test_dies(database):\n    os._exit(9)\n\ndef test_afterwards(database):\n    assert database.port\n"
    )
    finished = suite.run("-n2", "-v", "tests/test_killed.py", "tests/test_database.py", "tests/test_site.py")
    assert finished.outcomes() == {"passed": 7, "failed": 1}
    assert "crashed while running 'tests/test_killed.py::test_dies'" in finished.output
    assert len(suite.created()) == 2


def test_a_test_without_needs_ends_before_the_first_container_is_ready(suite, mode):
    suite.shop()
    (suite.path / "tests" / "test_prices.py").write_text(
        "import pathlib\n\ndef test_alone():\n    pathlib.Path('alone').touch()\n"
    )
    conftest = suite.path / "conftest.py"
    conftest.write_text(conftest.read_text().replace('database="shop",', 'database="shop", prepare=ready,') + "\n")
    conftest.write_text(
        "import pathlib, time\n\ndef ready(endpoint):\n    deadline = time.monotonic() + 60\n"
        "    while not pathlib.Path('alone').exists():\n        assert time.monotonic() < deadline\n        time.sleep(0.05)\n\n"
        + conftest.read_text()
    )
    assert suite.run(*mode, "tests/test_prices.py", "tests/test_database.py").status == 0


FAILING = """
import time
from selenium.webdriver.common.by import By
from urllib.request import urlopen


def test_1_before(web):
    urlopen(web.url + "/Orders.aspx?before").read()
    # IIS logs whole seconds.
    time.sleep(1.1)


def test_2_fails(browser, web):
    with browser.driver() as driver:
        driver.get(web.inside.url + "/Default.aspx?during")
        driver.execute_script("console.error('the console says so')")
        driver.execute_async_script("fetch('/missing.png').finally(arguments[0])")
    time.sleep(1.1)
    assert driver.title == "No shop"


def test_3_after(web):
    urlopen(web.url + "/Orders.aspx?after").read()
"""


@pytest.mark.every_process
def test_a_failing_browser_test_keeps_what_the_tiers_said_meanwhile(suite, mode):
    suite.shop()
    (suite.path / "tests" / "test_fails.py").write_text(FAILING)
    # With loadfile no other test runs in these seconds.
    alone = ["--dist=loadfile"] if mode else []
    finished = suite.run("tests/test_fails.py", "--junit-xml=junit.xml", *mode, *alone)
    assert finished.outcomes() == {"passed": 2, "failed": 1}

    screenshot = suite.artifact("tests/*test_2_fails-*/browser.png")
    assert screenshot.read_bytes().startswith(b"\x89PNG")
    assert "Coffee" in screenshot.with_suffix(".html").read_text("utf-8")
    assert "the console says so" in screenshot.with_suffix(".console.json").read_text("utf-8")

    cases = {case.get("name"): case for case in ElementTree.parse(suite.path / "junit.xml").iter("testcase")}
    page = html.unescape(suite.artifact("index.html").read_text("utf-8"))
    for report in (finished.output, cases["test_2_fails"].find("failure").text, page):
        # Each worker's site has a port of its own.
        assert re.search(r"GET /Default.aspx during 80\d\d ", report)
        assert "SELECT id, name, price FROM products" in report
        # What restores the database is nobody's business.
        assert "INNODB STATUS" not in report
        assert "the console says so" in report
        assert re.search(
            r"failed requests:\n(?:  .*\n)*?  http://\S+/missing\.png - Failed to load resource: .* 404 ", report
        )
        assert suite.shown(screenshot) in report
        assert "Orders.aspx before" not in report
        assert "Orders.aspx after" not in report
    kept = {prop.get("name"): prop.get("value") for prop in cases["test_2_fails"].iter("property")}
    assert kept == {
        "wincontainers_files": suite.shown(screenshot.parent),
        "wincontainers_browser_screenshot": suite.shown(screenshot),
        "wincontainers_browser_console": suite.shown(screenshot.with_suffix(".console.json")),
        "wincontainers_page_source": suite.shown(screenshot.with_suffix(".html")),
    }
    assert f"[[ATTACHMENT|{suite.shown(screenshot)}]]" in cases["test_2_fails"].find("system-out").text
    assert f"data:image/png;base64,{base64.b64encode(screenshot.read_bytes()).decode()}" in page
    assert not list(cases["test_1_before"].iter("property"))
    # The whole story is in the files.
    assert "Orders.aspx before" in suite.artifact("web.log").read_text("utf-8")
    assert "Orders.aspx after" in suite.artifact("web.log").read_text("utf-8")


def test_no_password_is_in_what_a_run_leaves(suite):
    suite.shop()
    (suite.path / "tests" / "test_says.py").write_text(
        "import pathlib\n\n"
        "def test_says(database):\n"
        "    pathlib.Path('password').write_text(database.password)\n"
        "    with database.connect() as connection, connection.cursor() as cursor:\n"
        "        cursor.execute(f\"SELECT '{database.password}'\")\n"
        "    assert database is None\n"
    )
    finished = suite.run("tests/test_says.py", "-l", "--junit-xml=.wincontainers/junit.xml")
    assert finished.outcomes() == {"failed": 1}
    password = (suite.path / "password").read_text()
    assert len(password) == 24
    assert "SELECT '***'" in finished.output
    assert password not in finished.output
    assert suite.artifact("index.html").is_file()
    for path in (suite.path / ".wincontainers").rglob("*"):
        assert not path.is_file() or password not in path.read_text("utf-8", errors="replace")
    assert suite.leftovers() == []


APART = r"""
import re
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest


def order(web, who, customer):
    form = urlencode({"product": 1, "customer": customer, "quantity": 1}).encode()
    urlopen(f"{web.url}/Default.aspx?who={who}", data=form, timeout=60).close()


@pytest.mark.parametrize("number", range(8))
def test_it_is_mine(browser, web, database, worker_id, number):
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM orders")
        assert cursor.fetchone() == (0,)
        for one in range(3):
            order(web, worker_id, f"{worker_id} {number} {one}")
        cursor.execute("SELECT customer FROM orders ORDER BY id")
        assert cursor.fetchall() == tuple((f"{worker_id} {number} {one}",) for one in range(3))
    with browser.driver() as driver:
        driver.get(web.inside.url + "/Orders.aspx")
        # Not by page_source, which has come back empty from a page that was there.
        driver.implicitly_wait(10)
        rows = [row.text for row in driver.find_elements("css selector", "tr")]
        assert len(rows) == 3
        assert any(f"{worker_id} {number} 2" in row for row in rows)
    with pytest.raises(HTTPError):
        urlopen(f"{web.site('admin').url}/Default.aspx?who={worker_id}", data=b"order=-7", timeout=60)
    assert {one.query for one in web.requests(since=0) if "who=" in one.query} == {f"who={worker_id}"}
    told = "".join(one.message for one in web.events(since=0))
    assert set(re.findall(r"who=(\w+)", told)) == {worker_id}


def test_my_pool_is_recycled(web):
    web.recycle("shop")
"""


@pytest.mark.soak
@pytest.mark.few_hosts
@pytest.mark.parametrize("workers", [0, 2, 4])
def test_workers_do_not_meet(suite, workers):
    """Each has its own database, restored before each test, its own sites on it, and sees only their logs."""
    suite.shop()
    (suite.path / "tests" / "test_apart.py").write_text(APART)
    for _ in range(amount(1, 10)):
        finished = suite.run(f"-n{workers}", "-v")
        assert finished.outcomes() == {"passed": 21}


DYING = """
import os
import pathlib
import time
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest


@pytest.mark.parametrize("number", range(10))
def test_dies(database, web, number):
    assert database.execute("SELECT COUNT(*) FROM orders") == [(0,)]
    form = urlencode({"product": 1, "customer": "left behind", "quantity": 1}).encode()
    urlopen(web.url + "/Default.aspx", data=form, timeout=60).close()
    assert database.execute("SELECT customer FROM orders") == [("left behind",)]
    if number == 2:
        os._exit(9)
    # So that there is something left to do for the worker that comes.
    time.sleep(1)
"""


def test_a_worker_that_replaces_a_crashed_one_has_its_database_and_its_sites(suite):
    suite.shop()
    (suite.path / "tests" / "test_dies.py").write_text(DYING)
    finished = suite.run("-n2", "tests/test_dies.py", "-v")
    assert finished.outcomes() == {"passed": 9, "failed": 1}
    assert "crashed while running 'tests/test_dies.py::test_dies[2]'" in finished.output
    assert "[gw2]" in finished.output
    assert len(suite.created()) == 2


PYTEST_SELENIUM = """

import pytest


@pytest.fixture
def driver_kwargs(driver_kwargs, browser):
    return {**driver_kwargs, "command_executor": browser.url, "options": browser.options()}
"""


def test_what_a_driver_of_pytest_selenium_shows_is_kept(suite, mode):
    suite.shop()
    conftest = suite.path / "conftest.py"
    conftest.write_text(conftest.read_text() + PYTEST_SELENIUM)
    (suite.path / "tests" / "test_driver.py").write_text(
        "def test_driver(driver, web):\n"
        "    driver.get(web.inside.url + '/Default.aspx?there')\n"
        "    driver.execute_script(\"open('/Orders.aspx')\")\n"
        "    assert driver.title == 'No shop'\n"
    )
    plugins = with_reports(os.environ)["PYTHONPATH"]
    finished = suite.run("tests/test_driver.py", "--driver=Remote", "--html=report.html", *mode, PYTHONPATH=plugins)
    assert finished.outcomes() == {"failed": 1}
    for name in ("browser", "browser-window-2"):
        assert suite.artifact(f"tests/*test_driver-*/{name}.png").read_bytes().startswith(b"\x89PNG")
    assert "Default.aspx?there" in finished.output
    assert "address 2: " in finished.output
    # It sets its own extras, and ours are there as well.
    report = html.unescape((suite.path / "report.html").read_text("utf-8"))
    assert "browser screenshot 2" in report
