"""The endpoint of a WebDriver server, and the evidence of its browsers for failed tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pytest_wincontainers.services import Endpoint, Face, FaceMaker, Link

if TYPE_CHECKING:
    from selenium.webdriver.common.options import ArgOptions
    from selenium.webdriver.remote.webdriver import WebDriver

Browser = Literal["chrome", "edge"]

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
    """A WebDriver server; each driver is a separate browser."""

    def __init__(self, link: Link, face: FaceMaker[Face], browser: Browser) -> None:
        super().__init__(link, face)
        self.browser: Browser = browser

    def options(self) -> ArgOptions:
        """New options with the defaults of `driver()`, to be extended."""
        from selenium.webdriver import ChromeOptions, EdgeOptions

        options = ChromeOptions() if self.browser == "chrome" else EdgeOptions()
        for argument in _ARGUMENTS:
            options.add_argument(argument)
        options.set_capability(f"{'goog' if self.browser == 'chrome' else 'ms'}:loggingPrefs", {"browser": "ALL"})
        return options

    @contextmanager
    def driver(self, options: ArgOptions | None = None) -> Iterator[WebDriver]:
        """A context manager that opens a new browser and returns its selenium.webdriver.Remote.

        If the test fails, a screenshot, the page's source and the browser's console are saved. For this the browser
        stays open until the outcome of the test is known, even after the `with` statement. Raises selenium's
        WebDriverException.
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


class BrowserEvidence:
    """What a browser shows: address, title, a screenshot, the page's source and the console."""

    kind = "browser"

    def __init__(self, driver: WebDriver, name: str) -> None:
        self._driver = driver
        self.name = name

    def close(self) -> None:
        """End the browser."""
        self._driver.quit()

    def gather(self, folder: Path, stem: str, mask: Callable[[str], str]) -> str:
        """See `Evidence`."""
        driver = self._driver
        lines: list[str] = []

        def attempt(what: str, step: Callable[[], str]) -> None:
            # The browser may be what broke: each step says so for itself and the others go on.
            try:
                lines.append(f"{what}: {step()}")
            except Exception as problem:  # noqa: BLE001 - any failure is a line of the report
                first = (str(problem).splitlines() or [""])[0]
                lines.append(f"{what}: not available ({type(problem).__name__}: {first})")

        def screenshot() -> str:
            path = folder / f"{stem}.png"
            path.write_bytes(driver.get_screenshot_as_png())
            return str(path)

        def source() -> str:
            path = folder / f"{stem}.html"
            path.write_text(mask(driver.page_source), "utf-8", errors="replace")
            return str(path)

        def console() -> str:
            # Remote drivers have the command, but not the method that the local Chromium classes have.
            entries = driver.execute("getLog", {"type": "browser"})["value"]
            path = folder / f"{stem}.console.json"
            path.write_text(mask(json.dumps(entries, indent=1)), "utf-8")
            return "".join(f"\n  {entry['level']} {entry['message']}" for entry in entries) or "empty"

        attempt("address", lambda: str(driver.current_url))
        attempt("title", lambda: str(driver.title))
        attempt("screenshot", screenshot)
        attempt("page source", source)
        attempt("console", console)
        return "\n".join(lines)
