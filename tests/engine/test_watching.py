"""A browser that a person watches."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.kit import vnc

CONFTEST = """
from pytest_wincontainers import selenium_container

@selenium_container(watch=True)
def browser():
    pass
"""
TEST = """
import time
from urllib.request import urlopen

import pytest
from vnc import VNC_AUTHENTICATION, Display, Refused

def test_the_page_is_on_the_display(browser):
    assert b"noVNC" in urlopen(browser.watch_url).read()
    display = Display(browser.watch_url)
    assert display.version == b"RFB 003.008\\n"
    assert display.security == [VNC_AUTHENTICATION]
    assert display.size == (1280, 1024)
    with browser.driver() as driver:
        driver.get("data:text/html,<body style='background: rgb(200, 30, 60)'>")
        deadline = time.monotonic() + 10
        while display.pixel(640, 600) != (200, 30, 60):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    display.close()

def test_a_wrong_password(browser):
    with pytest.raises(Refused):
        Display(browser.watch_url, "wrong")

def test_a_restart(browser):
    browser.restart()
    with browser.driver() as driver:
        driver.get("about:blank")
        Display(browser.watch_url).close()
"""


@pytest.fixture
def watched(suite):
    shutil.copy(vnc.__file__, suite.path)
    suite.files(conftest=CONFTEST, test_it=TEST)
    yield suite
    suite.command("down")


@pytest.mark.parametrize("engine", ["linux"], indirect=True)
def test_a_person_sees_what_the_test_opens(watched):
    up = watched.command("up", seconds=240)
    address = re.search(r"watch +(http://\S+/vnc\.html#\S+)", up.output)[1]
    password = address.rpartition("=")[2]
    assert watched.run("--wincontainers-reuse").outcomes() == {"passed": 3}
    (container,) = watched.containers()
    assert len(password) == 8
    assert password not in json.dumps(container.attrs) + json.dumps(container.top())
    assert password not in watched.command("ps", "--json").output
    written = [path for path in Path(watched.path).rglob("*") if path.is_file()]
    assert not [path for path in written if password.encode() in path.read_bytes()]


@pytest.mark.parametrize("engine", ["server2022"], indirect=True)
def test_windows_containers_have_nothing_to_watch(watched):
    up = watched.command("up")
    assert (up.status, watched.created()) == (1, [])
    assert "Windows containers have no desktop" in up.output
