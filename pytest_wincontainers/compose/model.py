"""A project's services as typed values, each with its place: what declarations are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_wincontainers.compose.tree import Place

Condition = Literal["service_started", "service_healthy", "service_completed_successfully"]


@dataclass(frozen=True)
class ComposeBuild:
    """What an image is built from."""

    context: Path
    dockerfile: str
    inline: str | None
    """The Dockerfile's text, if it is in the compose file."""
    arguments: Mapping[str, str]
    target: str | None
    network: str | None
    place: Place


def fixture_name(service: str) -> str:
    """The name of a service's fixture."""
    return service.replace("-", "_").replace(".", "_")


@dataclass(frozen=True)
class ComposeMount:
    """A directory, a file or a named pipe of this machine in a container."""

    source: Path | str
    """A named pipe, or a path of another system, is a string."""
    target: str
    read_only: bool
    place: Place


@dataclass(frozen=True)
class ComposeFileEntry:
    """A secret or a config: a file in a container."""

    target: str
    content: Path | str
    """The file to copy, or its text."""
    mode: int | None
    secret: bool
    place: Place


@dataclass(frozen=True)
class ComposeNeed:
    """Another service that one needs."""

    service: str
    condition: Condition
    place: Place


@dataclass(frozen=True)
class ComposeHealthcheck:
    """A health check; durations are in seconds, and None where the image's or the engine's default counts."""

    test: tuple[str, ...] | None
    disabled: bool
    interval: float | None
    timeout: float | None
    start_period: float | None
    start_interval: float | None
    retries: int | None
    place: Place


@dataclass(frozen=True)
class ComposeNetwork:
    """A network other than `nat` that a service is on."""

    name: str
    place: Place


@dataclass(frozen=True)
class ComposeService:
    """One service. None means that the image's own value counts."""

    name: str
    place: Place
    places: Mapping[str, Place]
    """The place of each option that is given."""
    image: str | None
    build: ComposeBuild | None
    command: tuple[str, ...] | None
    entrypoint: tuple[str, ...] | None
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    ports: tuple[int, ...]
    """The TCP ports inside the container, published or exposed."""
    aliases: tuple[str, ...]
    """All names that other services can use for it, beginning with its own."""
    mounts: tuple[ComposeMount, ...]
    files: tuple[ComposeFileEntry, ...]
    needs: tuple[ComposeNeed, ...]
    healthcheck: ComposeHealthcheck | None
    networks: tuple[ComposeNetwork, ...]
    isolation: str | None
    memory: int | None
    """The limit in bytes."""
    user: str | None
    working_dir: str | None
    profiles: tuple[str, ...]


@dataclass(frozen=True)
class ComposeFile:
    """What compose files say, resolved; see `load`."""

    name: str
    directory: Path
    files: tuple[Path, ...]
    services: Mapping[str, ComposeService]
