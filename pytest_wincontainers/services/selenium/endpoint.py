"""The endpoint of a WebDriver server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from pytest_wincontainers.services import Endpoint, Evidence, Face, FaceMaker, Link
from pytest_wincontainers.services.selenium.evidence import BrowserEvidence, server_of
from pytest_wincontainers.services.selenium.watching import PASSWORD, WATCH_PORT, page_url

if TYPE_CHECKING:
    from selenium.webdriver.common.options import ArgOptions
    from selenium.webdriver.remote.webdriver import WebDriver

Browser = Literal["chrome", "edge"]

_ARGUMENTS = (
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
    """A WebDriver server; each driver is a separate browser."""

    def __init__(self, link: Link, face: FaceMaker[Face], browser: Browser, *, watch: bool = False) -> None:
        super().__init__(link, face)
        self.browser: Browser = browser
        self._watch = watch

    @property
    def watch_url(self) -> str | None:
        """The address at which a person watches the browsers, with its password; None without `watch=True`."""
        if not self._watch:
            return None
        return page_url(self.host, self.ports[WATCH_PORT], self._link.info().secrets[PASSWORD])

    def options(self) -> ArgOptions:
        """New options with the defaults of `driver()`, to be extended."""
        from selenium.webdriver import ChromeOptions, EdgeOptions

        options = ChromeOptions() if self.browser == "chrome" else EdgeOptions()
        for argument in (*_ARGUMENTS, "--window-position=0,0" if self._watch else "--headless=new"):
            options.add_argument(argument)
        options.set_capability(f"{'goog' if self.browser == 'chrome' else 'ms'}:loggingPrefs", {"browser": "ALL"})
        return options

    @contextmanager
    def driver(self, options: ArgOptions | None = None) -> Iterator[WebDriver]:
        """A context manager that opens a new browser and returns its selenium.webdriver.Remote.

        If the test fails, the address, a screenshot and the source of the page in each window, the browser's console
        and its failed requests are saved. For this the browser stays open until the outcome of the test is known, even
        after the `with` statement. Raises selenium's WebDriverException.
        """
        from selenium.webdriver import Remote

        driver = Remote(command_executor=self.url, options=options or self.options())
        page = BrowserEvidence(driver, self.name)
        keeper = self._link.evidence()
        keeper.opened(page)
        try:
            yield driver
        finally:
            keeper.done_with(page)

    def evidence_of(self, value: Any) -> Evidence | None:
        """What a driver shows that the test has opened itself, if it is one of this server's."""
        server = server_of(value)
        own = {(self.host, self.port), (self.inside.host, self.inside.port)}
        return BrowserEvidence(value, self.name, closes=False) if server in own else None
