"""What is kept of a browser, and how its container ends."""

import json
from types import SimpleNamespace
from unittest import mock

from pytest_wincontainers.services.selenium import Selenium
from pytest_wincontainers.services.selenium.endpoint import BrowserEvidence


class Driver:
    """A browser with a page."""

    current_url = "http://web/secret"
    title = "Shop"
    page_source = "<p>secret</p>"

    def get_screenshot_as_png(self):
        return b"\x89PNG"

    def execute(self, command, _parameters):
        assert command == "getLog"
        return {"value": [{"level": "SEVERE", "message": "secret"}]}

    def quit(self):
        self.page_source = None


def test_what_is_kept(tmp_path):
    said = BrowserEvidence(Driver(), "browser").gather(tmp_path, "one", lambda text: text.replace("secret", "***"))
    assert said.splitlines()[:2] == ["address: http://web/secret", "title: Shop"]
    assert (tmp_path / "one.png").read_bytes() == b"\x89PNG"
    assert (tmp_path / "one.html").read_text() == "<p>***</p>"
    assert json.loads((tmp_path / "one.console.json").read_text()) == [{"level": "SEVERE", "message": "***"}]


def test_what_is_not_there_does_not_keep_the_rest(tmp_path):
    broken = SimpleNamespace(current_url="http://web/", title="Shop", page_source="<p>")
    said = BrowserEvidence(broken, "browser").gather(tmp_path, "one", str)
    assert "screenshot: not available (AttributeError" in said
    assert (tmp_path / "one.html").read_text() == "<p>"


def test_a_browser_keeps_nothing_that_its_end_could_lose():
    container = mock.Mock()
    Selenium().shut_down(None, container)
    container.kill.assert_called_once_with()
