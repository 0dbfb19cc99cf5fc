"""When a WebDriver server is ready."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pytest_wincontainers.ready import request
from pytest_wincontainers.services.selenium.endpoint import SeleniumEndpoint
from pytest_wincontainers.services.selenium.watching import PAGE, WATCH_PORT

PORT = 4444


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
            return f"/status returned {answer.status} without a WebDriver status"
        return None if ready else "/status reports that the server is not ready"


@dataclass(frozen=True)
class DisplayAnswers:
    """Ready when the page on which people watch the browser is there."""

    def __call__(self, endpoint: SeleniumEndpoint) -> str | None:
        answer = request(endpoint.host, endpoint.ports[WATCH_PORT], PAGE)
        if isinstance(answer, str):
            return answer
        return None if answer.status == 200 else f"{PAGE} returned {answer.status}"
