"""Selenium: a WebDriver server with a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.services import (
    Build,
    Container,
    EngineInfo,
    Link,
    Ready,
    Returned,
    Service,
    ServiceImage,
)
from pytest_wincontainers.services.images import OWN_IMAGES
from pytest_wincontainers.services.selenium.endpoint import Browser, SeleniumEndpoint
from pytest_wincontainers.services.selenium.readiness import PORT, DriverAnswers

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
class Selenium(Service):
    """A WebDriver server with one kind of browser."""

    browser: Browser = "chrome"

    kind: ClassVar[str] = "selenium"
    hyperv_memory: ClassVar[int | None] = 2048

    @property
    def ports(self) -> tuple[int, ...]:
        return (PORT,)

    def environment(self, secrets: Mapping[str, str], returned: Returned) -> Mapping[str, str]:
        return {"BROWSER": self.browser}

    def image(self, engine: EngineInfo) -> str | Build:
        if self.browser != "chrome":
            raise DeclarationError(
                f"this package's own image has no {self.browser}",
                hint='use browser="chrome", or use an image that has it with image=… or build=…; '
                "docs/windows.md says how to build one",
            )
        return IMAGE.build(engine)

    def endpoint(self, link: Link) -> SeleniumEndpoint:
        return SeleniumEndpoint(link, self.face, self.browser)

    def shut_down(self, endpoint: SeleniumEndpoint, container: Container) -> None:
        container.kill()

    def readiness(self) -> Sequence[Ready]:
        return (DriverAnswers(),)
