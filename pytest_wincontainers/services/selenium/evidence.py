"""What browsers show when a test has failed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_wincontainers.services import Attachment, Shown

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

_PORTS = {"http": 80, "https": 443}


class BrowserEvidence:
    """The address, title, picture and source of the page in each window, the console, and the failed requests.

    `closes`: whether the browser is this evidence's to end.
    """

    kind = "browser"

    def __init__(self, driver: WebDriver, name: str, *, closes: bool = True) -> None:
        self._driver = driver
        self.name = name
        self._closes = closes

    def close(self) -> None:
        """End the browser."""
        if self._closes:
            self._driver.quit()

    def gather(self, folder: Path, stem: str, mask: Callable[[str], str]) -> Shown:
        """See `Evidence`."""
        report = _Report(self._driver, folder, mask)
        # First, as what follows may add to it.
        entries = report.attempt("console", self._console) or []
        if entries:
            report.save("browser console", f"{stem}.console.json", json.dumps(entries, indent=1), "application/json")
        for number, window in enumerate(self._windows(report), 1):
            report.window(f"{stem}-window-{number}" if number > 1 else stem, number if number > 1 else None, window)
        requests = [entry for entry in entries if entry.get("source") == "network"]
        report.list("failed requests", (_message(entry) for entry in requests))
        report.list("console", (f"{entry['level']} {_message(entry)}" for entry in entries if entry not in requests))
        return report.shown()

    def _console(self) -> list[dict[str, Any]]:
        # Remote drivers have the command, but not the method that the local Chromium classes have.
        entries = self._driver.execute("getLog", {"type": "browser"})["value"]
        return [entry for entry in entries if isinstance(entry, dict)]

    def _windows(self, report: _Report) -> Iterator[str]:
        """Each window, the one that the test was in first; at the end that is the current one again."""
        current = report.attempt("window", lambda: self._driver.current_window_handle)
        handles = report.attempt("windows", lambda: list(self._driver.window_handles)) or []
        # Also where the current one was closed: the others are there.
        for handle in sorted(handles, key=lambda one: one != current):
            alone = current is None and len(handles) == 1
            if handle == current or alone or report.attempt("window", partial(self._switched, handle)):
                yield handle
        if current in handles and len(handles) > 1:
            with suppress(Exception):
                self._driver.switch_to.window(current)
        if not handles:
            yield ""

    def _switched(self, handle: str) -> bool:
        self._driver.switch_to.window(handle)
        return True


class _Report:
    """The lines and files of one browser. Each step says for itself if it fails: the browser may be what broke."""

    def __init__(self, driver: WebDriver, folder: Path, mask: Callable[[str], str]) -> None:
        self._driver = driver
        self._folder = folder
        self._mask = mask
        self._lines: list[str] = []
        self._attachments: list[Attachment] = []

    def attempt(self, what: str, step: Callable[[], Any]) -> Any:
        """What a step returns; None, and a line that says why, if it fails."""
        try:
            return step()
        except Exception as problem:  # noqa: BLE001 - any failure is a line of the report
            first = (str(problem).splitlines() or [""])[0]
            self._lines.append(f"{what}: not available ({type(problem).__name__}: {first})")
            return None

    def window(self, stem: str, number: int | None, handle: str) -> None:
        """The page of the current window."""
        driver, of = self._driver, f" {number}" if number else ""
        # An open dialog blocks everything else, and its text often says what is wrong.
        dialog = self._dialog() if handle else ""
        if dialog:
            self._lines.append(f"dialog: {dialog}")
        for what, read in (("address", lambda: driver.current_url), ("title", lambda: driver.title)):
            value = self.attempt(f"{what}{of}", read)
            if value is not None:
                self._lines.append(f"{what}{of}: {value}")
        picture = self.attempt(f"screenshot{of}", lambda: driver.get_screenshot_as_png())  # noqa: PLW0108 - may lack it
        if picture is not None:
            self.save(f"browser screenshot{of}", f"{stem}.png", picture, "image/png")
        source = self.attempt(f"page source{of}", lambda: driver.page_source)
        if source is not None:
            self.save(f"page source{of}", f"{stem}.html", source, "text/html")

    def _dialog(self) -> str:
        with suppress(Exception):
            return str(self._driver.switch_to.alert.text)
        return ""

    def save(self, name: str, file: str, content: str | bytes, media_type: str) -> None:
        """Write a file, and a line that says where it is."""
        path = self._folder / file

        def write() -> str:
            raw = content if isinstance(content, bytes) else self._mask(content).encode("utf-8", "replace")
            path.write_bytes(raw)
            return str(path)

        if self.attempt(name, write) is not None:
            self._attachments.append(Attachment(name, str(path), media_type))
            self._lines.append(f"{name}: {path}")

    def list(self, title: str, lines: Iterator[str]) -> None:
        """Add lines below a title; nothing if there are none."""
        found = [f"  {line}" for line in lines]
        self._lines += [f"{title}:", *found] if found else []

    def shown(self) -> Shown:
        """The text, and the files."""
        return Shown("\n".join(self._lines), tuple(self._attachments))


def server_of(value: Any) -> tuple[str, int] | None:
    """The host and port of the server that a remote driver uses; None for anything else."""
    # Whoever has a driver has imported its module.
    module = sys.modules.get("selenium.webdriver.remote.webdriver")
    if module is None or not isinstance(value, module.WebDriver):
        return None
    executor = value.command_executor
    configured = getattr(getattr(executor, "_client_config", None), "remote_server_addr", None)
    url = urlsplit(str(configured or getattr(executor, "_url", "")))
    with suppress(ValueError):
        return (url.hostname, url.port or _PORTS.get(url.scheme, 0)) if url.hostname else None
    return None


def _message(entry: dict[str, Any]) -> str:
    return str(entry.get("message", ""))
