"""Compose files: read by Docker Compose's rules, and turned into declarations.

file = load([Path("docker-compose.yml")], profiles=["debug"])
file.services["web"].ports
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from pytest_wincontainers.compose.model import ComposeFile, ComposeService
from pytest_wincontainers.errors import DeclarationError

__all__ = ["ComposeFile", "ComposeService", "load"]


def load(
    files: Sequence[Path],
    *,
    services: Collection[str] | None = None,
    profiles: Collection[str] = (),
    env_files: Sequence[Path] | None = None,
    project_directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> ComposeFile:
    """Load compose files, of which later ones override earlier ones; a directory stands for the files in it.

    With `services`, only these and the ones that they depend on are kept; else those without profiles and those with
    one of `profiles`. `env_files` are read instead of the `.env` in the project's directory, which is that of the first
    file. `environment` is that of the process unless it is given.

    Raises DeclarationError with everything that is wrong with the files or not supported, each with its file and line.
    """
    require_yaml()
    from pytest_wincontainers.compose import project
    from pytest_wincontainers.compose.modeling import model_of

    return model_of(
        project.load(
            files,
            services=services,
            profiles=profiles,
            env_files=env_files,
            project_directory=project_directory,
            environment=environment,
        )
    )


def require_yaml() -> None:
    """Raise DeclarationError if PyYAML, which reads compose files, is not installed."""
    try:
        import yaml  # noqa: F401
    except ImportError as error:
        raise DeclarationError(
            "Reading a compose file needs the package PyYAML, which is not installed.",
            hint='pip install "pytest-wincontainers[compose]"',
        ) from error
