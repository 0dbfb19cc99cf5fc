"""Addresses of engines, in the form of DOCKER_HOST."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def parts_of(url: str) -> SplitResult:
    """The parts of an engine's address."""
    # The SDK takes an address without a scheme for TCP.
    return urlsplit(url if "://" in url else f"tcp://{url}" if url else "")


def host_of(url: str) -> str | None:
    """The machine that an engine's address names; None for a socket or a pipe of this one."""
    parts = parts_of(url)
    return parts.hostname if parts.scheme in {"tcp", "http", "https", "ssh"} else None


def is_local(host: str | None) -> bool:
    """Whether that machine is this one."""
    return not host or host in _LOOPBACK
