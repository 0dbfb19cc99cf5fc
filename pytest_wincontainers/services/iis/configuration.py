"""The configuration of an application as the container gets it: its files with the declared changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from pytest_wincontainers.errors import DeclarationError, closest
from pytest_wincontainers.services import Returned
from pytest_wincontainers.services.iis.site_files import SiteFiles
from pytest_wincontainers.services.iis.sites import Application, Tokens
from pytest_wincontainers.webconfig import (
    Named,
    apply_settings,
    check,
    find_web_config,
    replace_tokens,
    require_lxml,
    set_json,
    transform,
    web_configs,
)

if TYPE_CHECKING:
    from pytest_wincontainers.webconfig.settings import SectionName

WEB_CONFIG = "web.config"


class Note(NamedTuple):
    """Something to tell of a file of an application."""

    file: str
    text: str
    about: Literal["transform", "token", "setting"]


def configured(application: Application, base: Path, returned: Returned) -> tuple[SiteFiles, Sequence[Note]]:
    """The application's files as the container gets them, and what to tell of them. Raises DeclarationError.

    Tokens come first, then transforms, then settings, which is the order in which Octopus Deploy makes such changes
    (its documentation, "Substitute variables in files"). Everything begins with the files on disk, each time: a
    transform that is applied twice inserts twice.
    """
    made = _Configuration(application, base, returned)
    made.replace_tokens()
    made.transform()
    made.apply_settings()
    made.set_json()
    return made.files, made.notes


class _Configuration:
    def __init__(self, application: Application, base: Path, returned: Returned) -> None:
        self._application = application
        self._base = base
        self._returned = returned
        self._below = application.at != "/"
        self.files = SiteFiles(application.directory(base))
        self.notes: list[Note] = []

    def _source(self, name: str) -> str:
        return str(self.files.path(name))

    def _note(self, name: str, texts: Iterable[str], about: Literal["transform", "token", "setting"]) -> None:
        file = WEB_CONFIG if name.lower() == WEB_CONFIG else name
        self.notes += [Note(file, text, about) for text in texts]

    def _name_of(self, given: str, option: str, taken: dict[str, str]) -> str:
        """The name of a file that an option names. Raises DeclarationError also if it is among those taken before."""
        if given.lower() == WEB_CONFIG:
            name = find_web_config(self.files.folder).name
        else:
            name = self.files.find(given, option)
        if name in taken:
            raise DeclarationError(
                f"{option} names {name} twice, as {taken[name]!r} and {given!r}",
                hint="write all that is for a file under one name; the case of a name does not matter",
            )
        taken[name] = given
        return name

    # Tokens

    def replace_tokens(self) -> None:
        declared = tokens_of(self._application)
        if declared is None:
            return
        values = {**declared.values, **self._returned.get("tokens", {})}
        for name in dict.fromkeys(name for one in declared.files for name in self.files.matching(one, "tokens=")):
            content = self.files.read(name)
            filled = replace_tokens(content, values, source=self._source(name), style=declared.style)
            self._note(name, filled.warnings, "token")
            if filled.content != content:
                self.files.change(name, filled.content)

    # Transforms

    def _transforms(self) -> Mapping[str, Sequence[str | Path]]:
        declared = self._application.transforms
        if isinstance(declared, Mapping):
            return declared
        return {WEB_CONFIG: declared} if declared else {}

    def transform(self) -> None:
        taken: dict[str, str] = {}
        for given, transforms in self._transforms().items():
            name = self._name_of(given, "transforms=", taken)
            transformed = transform(self.files.document(name), *map(self._transform_file, transforms))
            self._note(name, transformed.warnings, "transform")
            self.files.change(name, transformed.content)

    def _transform_file(self, name: str | Path) -> Path | Named:
        # A published site has its web.config, but seldom the transforms that its project has beside it.
        found = self.files.look_up(name)
        if found is not None:
            return self.files.document(found)
        places = [self.files.folder / name, self._base / name]
        for place in places:
            if place.is_file():
                return place
        raise DeclarationError(
            f"the transform {name} was not found",
            details="\n".join(f"looked for {place}" for place in places),
            hint="transforms= names files in the site's directory, or relative to the declaring file's directory",
        )

    # Settings

    def apply_settings(self) -> None:
        application, given = self._application, self._returned
        transformed = any(name.lower() == WEB_CONFIG for name in self._transforms())
        if self._below and not (transformed or application.connection_strings or application.app_settings):
            # It has its site's settings.
            configs = [config.name for config in web_configs(self.files.folder)]
        else:
            configs = [find_web_config(self.files.folder).name]
            connection_strings = {**application.connection_strings, **given.get("connection_strings", {})}
            app_settings = {**application.app_settings, **given.get("app_settings", {})}
            self._set(configs[0], "connectionStrings", connection_strings)
            self._set(configs[0], "appSettings", app_settings)
        for name in configs:
            check(self.files.document(name))

    def _set(self, config: str, section: SectionName, settings: Mapping[str, str]) -> None:
        """Set the settings of a section in the web.config, or in the file that has the section."""
        if not settings:
            return
        require_lxml()
        from pytest_wincontainers.webconfig.settings import connection_string_names, section_file

        content, source = self.files.read(config), self._source(config)
        file = section_file(content, section, source)
        elsewhere = self.files.look_up(file.path) if file is not None else None
        if file is not None and file.replaces and elsewhere is None:
            raise DeclarationError(
                f"{file.place}: configSource={file.path!r} names a file that does not exist in {self.files.folder}",
                hint="publish it with the site, or remove configSource with a transform",
            )
        if file is not None and file.leads_out:
            # Which .NET reads where there is one, and passes over where there is none.
            self._note(config, [f"{section} has file={file.path!r}, which is not in the container"], "setting")
        whole = elsewhere if file is not None and file.replaces else None
        if section == "connectionStrings":
            known = connection_string_names(self.files.read(whole or config), self._source(whole or config))
            self._note(config, _new_names(settings, known), "setting")
        if elsewhere is not None:
            self._set_elsewhere(elsewhere, section, settings, whole=whole is not None)
        if whole is None:
            both = (settings, {}) if section == "connectionStrings" else ({}, settings)
            self.files.change(config, apply_settings(content, *both, source=source, inherits=self._below))

    def _set_elsewhere(self, name: str, section: SectionName, settings: Mapping[str, str], *, whole: bool) -> None:
        from pytest_wincontainers.webconfig.settings import overridden, set_section

        content, source = self.files.read(name), self._source(name)
        if not whole:
            settings = overridden(content, section, settings, source)
        if settings:
            self.files.change(name, set_section(content, section, settings, source, inherits=self._below))

    # JSON

    def set_json(self) -> None:
        taken: dict[str, str] = {}
        declared = {
            self._name_of(given, "json_settings=", taken): settings
            for given, settings in self._application.json_settings.items()
        }
        returned = {self.files.look_up(given): one for given, one in self._returned.get("json_settings", {}).items()}
        for name in dict.fromkeys([*declared, *(name for name in returned if name is not None)]):
            content, source = self.files.read(name), self._source(name)
            for settings in (declared.get(name, {}), returned.get(name, {})):
                content = set_json(content, settings, source=source)
            self.files.change(name, content)


def tokens_of(application: Application) -> Tokens | None:
    """The tokens of an application; a dictionary is for its web.config."""
    declared = application.tokens
    return declared if declared is None or isinstance(declared, Tokens) else Tokens(declared)


def _new_names(given: Iterable[str], known: Sequence[str]) -> list[str]:
    """What to tell of connection strings that a web.config does not have, as they may be misspelled."""
    new = [name for name in given if name.lower() not in map(str.lower, known)]
    # Several applications may be given what only one of them needs.
    others = "" if len(new) < len(list(given)) else f"; it has {', '.join(map(repr, known))}"
    said = {name: closest(name, known) or others for name in new if known}
    return [f"it has no connection string {name!r}, so one was added{more}" for name, more in said.items() if more]
