"""The files to copy into the container: the applications' directories, with their web.config changed for the tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_wincontainers.errors import DeclarationError, closest
from pytest_wincontainers.services import Folder, Output, Returned
from pytest_wincontainers.services.iis.layout import PlacedApplication
from pytest_wincontainers.services.iis.sites import Application


def check_configuration(applications: Iterable[Application], base: Path, returned: Returned) -> None:
    """Raise DeclarationError if a web.config is missing or malformed, or cannot be changed as declared."""
    for application in applications:
        if isinstance(application.path, Output):
            # A job has yet to make it.
            continue
        warnings = _configured(application, base, returned).warnings
        if warnings and application.strict:
            raise DeclarationError(
                f"a transform of {application.path} does not match its web.config",
                details="\n".join(warnings),
                hint="fix the transform, or omit strict=True to only get a note",
            )


def staged(placed: Sequence[PlacedApplication], base: Path, returned: Returned) -> tuple[list[Folder], list[str]]:
    """The directories to copy in, and what to tell of their web.config."""
    folders: list[Folder] = []
    notes: dict[str, None] = {}
    for one in placed:
        configured = _configured(one.application, base, one.hosted.returned or returned)
        folders.append(Folder(_folder(one.application, base), one.folder, configured.files))
        folders += (Folder(base / source, folder) for source, folder in one.virtual_directories.values())
        name = f"{one.hosted.declared.name}{one.application.at.rstrip('/')}"
        # Once for all workers.
        lines = [*configured.warnings, *configured.notes]
        notes.update(dict.fromkeys(f"the web.config of {name}: {line}" for line in lines))
    return folders, list(notes)


def _folder(application: Application, base: Path) -> Path:
    if isinstance(application.path, Output):
        raise TypeError(f"{application.path} has no path yet")
    return base / application.path


class _Configured(NamedTuple):
    """An application's web.config as the container gets it, by its name in the folder, and what to tell of it."""

    files: Mapping[str, bytes] = {}
    warnings: Sequence[str] = ()
    """Of the transforms; what is strict about them refuses these."""
    notes: Sequence[str] = ()


def _configured(application: Application, base: Path, returned: Returned) -> _Configured:
    # From the file on disk each time, as a transform that is applied twice inserts twice.
    from pytest_wincontainers.webconfig import apply_settings, check, find_web_config, transform, web_configs

    folder = _folder(application, base)
    below = application.at != "/"
    if below and not (application.transforms or application.connection_strings or application.app_settings):
        # It has its site's settings.
        for config in web_configs(folder):
            check(config)
        return _Configured()
    connection_strings = {**application.connection_strings, **returned.get("connection_strings", {})}
    app_settings = {**application.app_settings, **returned.get("app_settings", {})}
    config = find_web_config(folder)
    if not (application.transforms or connection_strings or app_settings):
        check(config)
        return _Configured()
    transformed = transform(config, *_transform_files(application.transforms, folder, base))
    content = transformed.content
    notes = _new_names(content, connection_strings, str(config))
    if connection_strings or app_settings:
        content = apply_settings(content, connection_strings, app_settings, source=str(config), inherits=below)
    return _Configured({config.name: content}, transformed.warnings, notes)


def _new_names(content: bytes, given: Iterable[str], source: str) -> list[str]:
    """What to tell of connection strings that a web.config does not have, as they may be misspelled."""
    from pytest_wincontainers.webconfig.settings import connection_string_names

    known = connection_string_names(content, source)
    new = [name for name in given if name.lower() not in map(str.lower, known)]
    # Several applications may be given what only one of them needs.
    others = "" if len(new) < len(list(given)) else f"; it has {', '.join(map(repr, known))}"
    said = {name: closest(name, known) or others for name in new if known}
    return [f"it has no connection string {name!r}, so one was added{more}" for name, more in said.items() if more]


def _transform_files(names: Sequence[str | Path], folder: Path, base: Path) -> Iterator[Path]:
    for name in names:
        # A published site has its web.config, but seldom the transforms that its project has beside it.
        places = [folder / name, base / name]
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            raise DeclarationError(
                f"the transform {name} was not found",
                details="\n".join(f"looked for {place}" for place in places),
                hint="transforms= names files in the site's directory, or relative to the declaring file's directory",
            )
        yield found
