"""Compose files: read by Docker Compose's rules, and turned into declarations.

    # conftest.py
    services = compose_services("docker-compose.yml", profiles=["debug"])

Each service of the file then is a session fixture.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_wincontainers.errors import DeclarationError, WincontainersWarning, closest
from pytest_wincontainers.services.declaration import Declarations, Decorator, fixture_of
from pytest_wincontainers.services.service import Service

if TYPE_CHECKING:
    from pytest_wincontainers.compose.outcome import ComposeOutcome

__all__ = ["compose_services", "load"]

Paths = str | Path | Sequence[str | Path]


def compose_services(
    file: Paths = ".",
    *,
    services: Sequence[str] | None = None,
    profiles: Sequence[str] = (),
    kinds: Mapping[str, Decorator] | None = None,
    env_file: Paths | None = None,
    project_directory: str | Path | None = None,
) -> Declarations:
    """Declare the services of compose files: each is a session fixture with the service's name, - and . being _.

    Call it in the root conftest.py or in a plugin, and give its result a name there. `file` is a file, a directory with
    a compose file and perhaps its override file, or a list of files of which later ones override earlier ones.
    `services` are the names of those to declare, with the services that they depend on; by default all without a
    profile, and those with one of `profiles`. `kinds` gives services a kind, such as `{"db": mysql_container()}`.
    `env_file` is read instead of `.env`. Relative paths are resolved against the calling file's directory.

    Raises DeclarationError with everything that is wrong with the files or not supported, each with its file and line.
    """
    __tracebackhide__ = True
    base = Path(sys._getframe(1).f_code.co_filename).resolve().parent
    try:
        found = load(
            [base / one for one in _listed(file)],
            services=_names("services", services),
            profiles=_names("profiles", profiles) or (),
            kinds=kinds,
            env_files=None if env_file is None else [base / one for one in _listed(env_file)],
            project_directory=base / project_directory if project_directory is not None else None,
            base=base,
        )
        found.check()
        for note in found.notes:
            if note.warning:
                warnings.warn(str(note), WincontainersWarning, stacklevel=2)
    except DeclarationError as problem:
        # Users look for the line in their own file, which is all that is left of the traceback.
        raise problem.with_traceback(None) from None
    return Declarations(found.file.name, {one.name: fixture_of(one) for one in found.declarations})


def _listed(paths: Paths) -> list[str | Path]:
    return [paths] if isinstance(paths, (str, Path)) else list(paths)


def _names(option: str, given: Sequence[str] | None) -> Sequence[str] | None:
    if isinstance(given, str):
        raise DeclarationError(
            f"compose_services(): {option}= must be a list, not {given!r}", hint=f"write {option}=[{given!r}]"
        )
    return given


def load(
    files: Sequence[Path],
    *,
    services: Collection[str] | None = None,
    profiles: Collection[str] = (),
    kinds: Mapping[str, Decorator] | None = None,
    env_files: Sequence[Path] | None = None,
    project_directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    base: Path | None = None,
) -> ComposeOutcome:
    """What comes of compose files, with all that is wrong with them; the options are those of `compose_services`.

    `environment` is that of the process unless it is given, and `base` the directory of the first file.

    Raises DeclarationError for files that cannot be looked up, for names that the files do not have, and if PyYAML is
    not installed.
    """
    _require_yaml()
    if not files:
        raise DeclarationError("compose_services() is given no file", hint='for example ["docker-compose.yml"]')
    from pytest_wincontainers.compose import project
    from pytest_wincontainers.compose.declaring import declarations_of
    from pytest_wincontainers.compose.modeling import model_of
    from pytest_wincontainers.compose.outcome import ComposeOutcome

    found = project.load(
        files,
        services=services,
        profiles=profiles,
        env_files=env_files,
        project_directory=project_directory,
        environment=environment,
    )
    model = model_of(found)
    if any(name not in model.services for name in kinds or ()):
        # They may be in what could not be read.
        found.problems.check()
    given = {name: _kind(name, one, model.services) for name, one in (kinds or {}).items()}
    declarations = declarations_of(model, given, base or found.directory, found.problems)
    return ComposeOutcome(model, tuple(declarations), found.problems)


def _kind(name: str, given: object, services: Collection[str]) -> Service:
    if name not in services:
        raise DeclarationError(
            f"kinds= names {name!r}, which is no service that is declared{closest(name, services)}",
            hint=f"the services are {', '.join(services)}",
        )
    if not isinstance(given, Decorator):
        raise DeclarationError(
            f"kinds= has something else than a kind for {name!r}", hint=f'write kinds={{"{name}": mysql_container()}}'
        )
    return given.service


def _require_yaml() -> None:
    try:
        import yaml  # noqa: F401
    except ImportError as error:
        raise DeclarationError(
            "Reading a compose file needs the package PyYAML, which is not installed.",
            hint='pip install "pytest-wincontainers[compose]"',
        ) from error
