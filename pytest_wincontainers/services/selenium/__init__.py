"""Selenium: a WebDriver server with a browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.services import (
    Build,
    Container,
    EngineInfo,
    Evidence,
    Folder,
    Guest,
    Link,
    Ready,
    Returned,
    Service,
    ServiceImage,
    Staged,
    StagedFiles,
    TestValues,
)
from pytest_wincontainers.services.agent import DIRECTORIES
from pytest_wincontainers.services.images import OWN_IMAGES
from pytest_wincontainers.services.selenium.endpoint import Browser, SeleniumEndpoint
from pytest_wincontainers.services.selenium.readiness import PORT, DisplayAnswers, DriverAnswers
from pytest_wincontainers.services.selenium.watching import DISPLAY, PASSWORD, PASSWORD_LENGTH, WATCH_PORT

# Browsers need fonts and graphics, which servercore lacks since 2019 (microsoft/Windows-Containers#219). Before
# windows/server there was the larger image called windows, and before that servercore had them itself.
IMAGE = ServiceImage(
    OWN_IMAGES,
    "selenium",
    {
        "ltsc2016": "windows/servercore:ltsc2016",
        "ltsc2019": "windows:1809",
        "ltsc2022": "windows/server:ltsc2022",
        "ltsc2025": "windows/server:ltsc2025",
    },
    shared_context=True,
)


@dataclass(frozen=True)
class Selenium(Service, StagedFiles, TestValues):
    """A WebDriver server with one kind of browser, which people can watch."""

    browser: Browser = "chrome"
    watch: bool = False

    kind: ClassVar[str] = "selenium"
    hyperv_memory: ClassVar[int | None] = 2048

    @property
    def ports(self) -> tuple[int, ...]:
        return (PORT, WATCH_PORT) if self.watch else (PORT,)

    def secrets(self, token: Callable[[], str]) -> Mapping[str, str]:
        return {PASSWORD: token()[:PASSWORD_LENGTH]} if self.watch else {}

    def environment(self, secrets: Mapping[str, str], returned: Returned) -> Mapping[str, str]:
        return {"BROWSER": self.browser}

    def image(self, engine: EngineInfo) -> str | Build:
        if self.browser != "chrome":
            raise DeclarationError(
                f"this package's own image has no {self.browser}",
                hint='use browser="chrome", or use an image that has it with image=… or build=…; '
                "docs/windows.md says how to build one",
            )
        self._check_display(engine.guest)
        build = IMAGE.build(engine)
        # Where there can be a display, it is in the last stage.
        return replace(build, target="browser") if DISPLAY[engine.guest] and not self.watch else build

    def staged(self, base: Path, guest: Guest, secrets: Mapping[str, str], returned: Returned) -> Staged:
        if not self.watch:
            return Staged()
        self._check_display(guest)
        # Not in the environment, which everybody who reaches the engine can read.
        return Staged((Folder(None, DIRECTORIES[guest], {"watch-password": secrets[PASSWORD].encode()}),))

    def _check_display(self, guest: Guest) -> None:
        if self.watch and not DISPLAY[guest]:
            raise DeclarationError(
                "Windows containers have no desktop, so watch=True is for Linux engines only",
                hint="omit watch=, or use a Linux engine to watch the browser",
            )

    def endpoint(self, link: Link) -> SeleniumEndpoint:
        return SeleniumEndpoint(link, self.face, self.browser, watch=self.watch)

    def evidence_of(self, endpoint: SeleniumEndpoint, value: Any) -> Evidence | None:
        return endpoint.evidence_of(value)

    def access(self, endpoint: SeleniumEndpoint) -> Mapping[str, str]:
        return {"WebDriver": endpoint.url, **({"watch": endpoint.watch_url} if endpoint.watch_url else {})}

    def shut_down(self, endpoint: SeleniumEndpoint, container: Container) -> None:
        container.kill()

    def readiness(self) -> Sequence[Ready]:
        return (DriverAnswers(), DisplayAnswers()) if self.watch else (DriverAnswers(),)
