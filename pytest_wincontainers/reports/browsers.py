"""What a failing test's browsers showed: a screenshot, the page's source and the console.

A test fails outside its `with browser.driver()` as well as inside it, so a browser that a test has done with
stays open until the test's outcome is known. At most one at a time is kept so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver


@dataclass
class _Open:
    driver: WebDriver
    name: str
    done: bool = False


class Browsers:
    """The browsers that are open in this process."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._testing = False

    def opened(self, driver: WebDriver, name: str) -> None:
        """A browser of that container has been opened."""
        self._close_done()
        self._open.append(_Open(driver, name))

    def done_with(self, driver: WebDriver) -> None:
        """Its `with` statement has ended."""
        for one in self._open:
            one.done = one.done or one.driver is driver
        if not self._testing:
            self._close_done()

    def test_begins(self) -> None:
        """From now on, browsers that are done with wait for the test's end."""
        # A test whose teardown failed has not said its end.
        self._close_done()
        self._testing = True

    def test_ends(self) -> None:
        """Close the browsers that the test has done with."""
        self._testing = False
        self._close_done()

    def gather(self, *, folder: Callable[[], Path], mask: Callable[[str], str]) -> list[tuple[str, str]]:
        """Save what every open browser shows; a name and a text for the report, for each.

        `folder` makes the folder to save in, and `mask` takes the secrets out of a text.
        """
        return [(one.name, mask(_gather(one, number, folder(), mask))) for number, one in enumerate(self._open, 1)]

    def _close_done(self) -> None:
        for one in [one for one in self._open if one.done]:
            self._open.remove(one)
            # A browser that is gone is closed.
            with suppress(Exception):
                one.driver.quit()


BROWSERS = Browsers()


def _gather(one: _Open, number: int, folder: Path, mask: Callable[[str], str]) -> str:
    stem = one.name if number == 1 else f"{one.name}-{number}"
    driver = one.driver
    lines: list[str] = []

    def attempt(what: str, step: Callable[[], str]) -> None:
        # The browser may be what broke: each step says so for itself and the others go on.
        try:
            lines.append(f"{what}: {step()}")
        except Exception as problem:  # noqa: BLE001 - any failure is a line of the report
            first = (str(problem).splitlines() or [""])[0]
            lines.append(f"{what}: not to be had ({type(problem).__name__}: {first})")

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
