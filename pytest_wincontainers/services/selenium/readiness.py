"""When a WebDriver server is ready."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pytest_wincontainers.ready import request
from pytest_wincontainers.services.selenium.endpoint import SeleniumEndpoint

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
