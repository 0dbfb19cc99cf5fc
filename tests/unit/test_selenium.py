"""What is kept of a browser, and how its container ends."""

import json
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

from pytest_wincontainers.services.selenium import Selenium
from pytest_wincontainers.services.selenium.endpoint import SeleniumEndpoint
from pytest_wincontainers.services.selenium.evidence import BrowserEvidence, server_of


class Driver:
    """A browser with two windows."""

    current_window_handle = "two"
    window_handles = ("one", "two")

    def __init__(self):
        self.switch_to = SimpleNamespace(window=self._switch)
        self.alone = False

    def _switch(self, handle):
        self.current_window_handle = handle

    @property
    def current_url(self):
        return f"http://web/{self.current_window_handle}"

    title = "Shop"
    page_source = "<p>secret</p>"

    def get_screenshot_as_png(self):
        return b"\x89PNG " + self.current_window_handle.encode()

    def execute(self, command, _parameters):
        assert command == "getLog"
        return {
            "value": [
                {"level": "SEVERE", "message": "secret", "source": "javascript"},
                {"level": "SEVERE", "message": "http://web/x 404", "source": "network"},
            ]
        }

    def quit(self):
        self.page_source = None


def gathered(driver, folder, mask=str):
    return BrowserEvidence(driver, "browser").gather(folder, "one", mask)


def test_what_is_kept(tmp_path):
    driver = Driver()
    shown = gathered(driver, tmp_path, lambda text: text.replace("secret", "***"))
    # The window that the test was in comes first, and is the current one afterwards.
    assert [(one.name, Path(one.path).name, one.media_type) for one in shown.attachments] == [
        ("browser console", "one.console.json", "application/json"),
        ("browser screenshot", "one.png", "image/png"),
        ("page source", "one.html", "text/html"),
        ("browser screenshot 2", "one-window-2.png", "image/png"),
        ("page source 2", "one-window-2.html", "text/html"),
    ]
    assert (tmp_path / "one.png").read_bytes() == b"\x89PNG two"
    assert (tmp_path / "one-window-2.png").read_bytes() == b"\x89PNG one"
    assert driver.current_window_handle == "two"
    assert (tmp_path / "one.html").read_text() == "<p>***</p>"
    assert [entry["message"] for entry in json.loads((tmp_path / "one.console.json").read_text())] == [
        "***",
        "http://web/x 404",
    ]
    lines = shown.text.splitlines()
    assert "address: http://web/two" in lines
    assert "address 2: http://web/one" in lines
    assert lines[-4:] == ["failed requests:", "  http://web/x 404", "console:", "  SEVERE secret"]


def test_what_is_not_there_does_not_keep_the_rest(tmp_path):
    def gone():
        raise RuntimeError("tab crashed\nat 0x1")

    broken = SimpleNamespace(
        current_url="http://web/", title="Shop", page_source="<p>", get_screenshot_as_png=gone, window_handles=["a"]
    )
    shown = gathered(broken, tmp_path)
    assert "screenshot: not available (RuntimeError: tab crashed)" in shown.text
    assert "console: not available (AttributeError" in shown.text
    assert (tmp_path / "one.html").read_text() == "<p>"
    assert [one.name for one in shown.attachments] == ["page source"]


def test_a_browser_that_is_gone_says_so(tmp_path):
    shown = gathered(SimpleNamespace(), tmp_path)
    assert "address: not available (AttributeError" in shown.text
    assert shown.attachments == ()


def test_the_text_of_an_open_dialog_is_told(tmp_path):
    driver = Driver()
    driver.switch_to.alert = SimpleNamespace(text="Are you sure?")
    assert "dialog: Are you sure?" in gathered(driver, tmp_path).text.splitlines()


def test_only_the_servers_own_drivers_are_its_browsers():
    assert server_of("http://here:4444") is None
    assert server_of(Driver()) is None


def test_the_server_of_a_driver():
    from selenium.webdriver.remote.client_config import ClientConfig
    from selenium.webdriver.remote.remote_connection import RemoteConnection
    from selenium.webdriver.remote.webdriver import WebDriver

    driver = WebDriver.__new__(WebDriver)
    driver.command_executor = RemoteConnection(client_config=ClientConfig("http://10.0.0.7:4444/wd/hub"))
    assert server_of(driver) == ("10.0.0.7", 4444)


def test_a_browser_keeps_nothing_that_its_end_could_lose():
    container = mock.Mock()
    Selenium().shut_down(None, container)
    container.kill.assert_called_once_with()


@pytest.mark.parametrize("watch", [False, True])
def test_a_browser_has_a_window_only_if_somebody_watches(watch):
    service = Selenium(watch=watch)
    secrets = service.secrets(lambda: "0123456789abcdef")
    info = SimpleNamespace(host="here", ports={port: 10 * port for port in service.ports}, secrets=secrets)
    endpoint = service.endpoint(mock.Mock(info=lambda: info))
    assert isinstance(endpoint, SeleniumEndpoint)
    assert ("--headless=new" in endpoint.options().arguments) != watch
    watched = {"watch": "http://here:79000/vnc.html#autoconnect=1&resize=scale&password=01234567"}
    assert service.access(endpoint) == {"WebDriver": "http://here:44440", **(watched if watch else {})}
