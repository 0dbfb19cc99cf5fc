"""What the engine says of a container, and what it is told of its health check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pytest_wincontainers.engines.base import NETWORK, ContainerState, Health, Healthcheck, ListedContainer
from pytest_wincontainers.guests import RULES, Guest, guest_of

_NANOSECONDS = 1_000_000_000
_PROBE_SECONDS = 30.0
"""The time that a check has which says nothing of it (moby/moby daemon/health.go)."""


def state_of(answer: Mapping[str, Any]) -> ContainerState:
    """The state in the answer to an inspection."""
    state, settings = answer["State"], answer["NetworkSettings"]
    network = (settings.get("Networks") or {}).get(NETWORK) or {}
    ports = {
        int(inside.split("/")[0]): int(bindings[0]["HostPort"])
        for inside, bindings in (settings.get("Ports") or {}).items()
        if bindings
    }
    running = bool(state["Running"])
    return ContainerState(
        running=running,
        exit_code=None if running else int(state["ExitCode"]),
        address=network.get("IPAddress") or None,
        ports=ports,
        out_of_memory=bool(state.get("OOMKilled")),
        paused=bool(state.get("Paused")),
        health=_health(state.get("Health") or {}, answer.get("Config") or {}, guest_of(answer.get("Platform") or "")),
    )


def _health(health: Mapping[str, Any], settings: Mapping[str, Any], guest: Guest) -> Health | None:
    check = settings.get("Healthcheck") or {}
    kind, *words = check.get("Test") or ["NONE"]
    status = health.get("Status")
    if kind == "NONE" or status not in ("starting", "healthy", "unhealthy"):
        return None
    if kind == "CMD-SHELL":
        words = [*(settings.get("Shell") or RULES[guest].shell), *words]
    last = (health.get("Log") or [{}])[-1]
    timeout = (check.get("Timeout") or 0) / _NANOSECONDS or _PROBE_SECONDS
    return Health(status, tuple(words), timeout, str(last.get("Output") or "").strip())


def health_settings(check: Healthcheck | Literal[False] | None) -> Mapping[str, Any] | None:
    """A health check as the engine is told it; None leaves the image's own."""
    if check is None:
        return None
    if check is False:
        return {"Test": ["NONE"]}
    test = ["CMD-SHELL", check.command] if isinstance(check.command, str) else ["CMD", *check.command]
    return {
        "Test": test,
        "Interval": int(check.interval * _NANOSECONDS),
        "Timeout": int(check.timeout * _NANOSECONDS),
        "StartPeriod": int(check.start_period * _NANOSECONDS),
        "Retries": check.retries,
    }


def listed(answer: Mapping[str, Any]) -> ListedContainer:
    """One container of a listing."""
    name = (answer["Names"] or [answer["Id"]])[0].lstrip("/")
    published = {port["PublicPort"] for port in answer.get("Ports") or [] if port.get("PublicPort")}
    return ListedContainer(
        answer["Id"], name, answer["State"] == "running", answer["Labels"] or {}, tuple(sorted(published))
    )
