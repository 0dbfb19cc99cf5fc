"""Browsers for Selenium."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pytest_wincontainers.endpoints import Endpoint, Face, FaceMaker, Link
from pytest_wincontainers.engines.base import Build, EngineInfo
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.ready import Ready, request
from pytest_wincontainers.reports.browsers import BROWSERS
from pytest_wincontainers.services.base import Returned, Service
from pytest_wincontainers.services.images import own_image

if TYPE_CHECKING:
    from selenium.webdriver.common.options import ArgOptions
    from selenium.webdriver.remote.webdriver import WebDriver

    from pytest_wincontainers.engines.base import Engine

PORT = 4444
Browser = Literal["chrome", "edge"]
_BROWSERS = ("chrome", "edge")

_ARGUMENTS = (
    "--headless=new",
    "--window-size=1280,1024",
    # A container grants neither the sandbox's system calls nor, on Linux, more than 64 MB of shared memory.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    # The browser's own errands would wait for names that a test network does not know.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class SeleniumEndpoint(Endpoint[Face]):
    """A WebDriver server; each driver is a browser of its own."""

    def __init__(self, link: Link, face: FaceMaker[Face], browser: Browser) -> None:
        super().__init__(link, face)
        self.browser: Browser = browser

    def options(self) -> ArgOptions:
        """New options as `driver()` uses them, to add to."""
        from selenium.webdriver import ChromeOptions, EdgeOptions

        options = ChromeOptions() if self.browser == "chrome" else EdgeOptions()
        for argument in _ARGUMENTS:
            options.add_argument(argument)
        options.set_capability(f"{'goog' if self.browser == 'chrome' else 'ms'}:loggingPrefs", {"browser": "ALL"})
        return options

    @contextmanager
    def driver(self, options: ArgOptions | None = None) -> Iterator[WebDriver]:
        """A new browser, as a `with` statement's selenium.webdriver.Remote.

        When the test fails, a screenshot, the page's source and the browser's console are kept. For that the
        browser stays open until the outcome of the test is known, also when the `with` statement has ended
        by then. Raises selenium's WebDriverException.
        """
        from selenium.webdriver import Remote

        driver = Remote(command_executor=self.url, options=options or self.options())
        BROWSERS.opened(driver, self.name)
        try:
            yield driver
        finally:
            BROWSERS.done_with(driver)


@dataclass(frozen=True)
class DriverAnswers:
    """Ready when the server's /status says so."""

    def __call__(self, endpoint: SeleniumEndpoint) -> str | None:
        answer = request(endpoint.host, endpoint.ports[PORT], "/status")
        if isinstance(answer, str):
            return answer
        try:
            ready = json.loads(answer.body)["value"]["ready"]
        except (ValueError, LookupError, TypeError):
            return f"/status answers {answer.status} with something that is not WebDriver's"
        return None if ready else "/status says that it is not ready"


@dataclass(frozen=True)
class Selenium(Service):
    """A WebDriver server with one kind of browser."""

    browser: Browser = "chrome"

    kind: ClassVar[str] = "selenium"
    hyperv_memory: ClassVar[int | None] = 2048

    def check(self, base: Path) -> None:
        super().check(base)
        if self.browser not in _BROWSERS:
            raise DeclarationError(f"{self.browser!r} is not a browser", hint=f"one of {', '.join(_BROWSERS)}")

    @property
    def inside_ports(self) -> tuple[int, ...]:
        return (PORT,)

    def environment(self, secrets: Mapping[str, str], returned: Returned) -> Mapping[str, str]:
        return {"BROWSER": self.browser}

    def own_image(self, info: EngineInfo) -> str | Build:
        if self.browser != "chrome":
            raise DeclarationError(
                f"this package's own image has no {self.browser}",
                hint='use browser="chrome", or name an image that has it with image=… or build=…; '
                "images/windows/selenium builds one, with EDGE_URL and EDGEDRIVER_URL",
            )
        return own_image(info, "selenium")

    def endpoint(self, link: Link) -> SeleniumEndpoint:
        return SeleniumEndpoint(link, self.face, self.browser)

    def shut_down(self, endpoint: SeleniumEndpoint, engine: Engine) -> None:
        engine.kill(endpoint.container_id)

    def readiness(self) -> Sequence[Ready]:
        return (DriverAnswers(), *self.common.ready)
