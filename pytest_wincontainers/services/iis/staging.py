"""The files to copy into the container: the applications' directories, their configuration changed for tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.services import Folder, Output, Returned
from pytest_wincontainers.services.iis.configuration import Note, configured, tokens_of
from pytest_wincontainers.services.iis.layout import PlacedApplication
from pytest_wincontainers.services.iis.server import WebServer
from pytest_wincontainers.services.iis.site_files import SiteFiles
from pytest_wincontainers.services.iis.sites import Application


def check_configuration(applications: Iterable[Application], base: Path, returned: Returned) -> None:
    """Raise DeclarationError if a configuration file is missing or malformed, or cannot be changed as declared."""
    every = list(applications)
    # What a job has yet to make is checked when it has.
    made = [application for application in every if not isinstance(application.path, Output)]
    for application in made:
        _, notes = configured(application, base, returned)
        if application.strict:
            _check_strictly(application, notes)
    if returned.get("tokens") and all(tokens_of(application) is None for application in every):
        raise DeclarationError(
            "the returned tokens are for no site", hint="add tokens=Tokens(files=[…]) to the sites that have tokens"
        )
    for given in returned.get("json_settings", {}) if len(made) == len(every) else ():
        if not any(SiteFiles(application.directory(base)).look_up(given) for application in every):
            raise DeclarationError(
                f"the returned json_settings name {given}, which no site has",
                hint="write the file's path in the site's directory; publish the site before the tests run",
            )


def _check_strictly(application: Application, notes: Sequence[Note]) -> None:
    for about, message, hint in (
        ("transform", "a transform of {path} does not match its {file}", "fix the transform"),
        ("token", "a token in the {file} of {path} was not replaced", "give the token a value"),
    ):
        told = [note for note in notes if note.about == about]
        if told:
            raise DeclarationError(
                message.format(path=application.path, file=told[0].file),
                details="\n".join(note.text for note in told),
                hint=f"{hint}, or omit strict=True to only get a note",
            )


def staged(
    placed: Sequence[PlacedApplication], base: Path, returned: Returned, server: WebServer
) -> tuple[list[Folder], list[str]]:
    """The directories to copy in, and what to tell of their configuration."""
    folders: list[Folder] = []
    told: dict[str, None] = {}
    for one in placed:
        files, notes = configured(one.application, base, one.hosted.returned or returned)
        server.adapt(files)
        folders.append(Folder(one.application.directory(base), one.folder, files.changed))
        folders += (Folder(base / source, folder) for source, folder in one.virtual_directories.values())
        name = f"{one.hosted.declared.name}{one.application.at.rstrip('/')}"
        # Once for all workers.
        told.update(dict.fromkeys(f"the {note.file} of {name}: {note.text}" for note in notes))
    return folders, list(told)
