"""From the files of a directory to what is to be declared, with the reasons."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from pytest_wincontainers.scaffold.applications import (
    Application,
    applications_of,
    library_missing,
    page_of,
    transforms_of,
)
from pytest_wincontainers.scaffold.configuration import Configuration, configuration_of
from pytest_wincontainers.scaffold.data import Data, data_of
from pytest_wincontainers.scaffold.documents import text_of, xml_of
from pytest_wincontainers.scaffold.names import unique
from pytest_wincontainers.scaffold.project import Compose, Guess, Project, WebSite
from pytest_wincontainers.scaffold.services import Loader, Services, compose_files_of
from pytest_wincontainers.scaffold.tree import Tree, Unreadable

_FIRST_PORT = 8080
# IIS rejects these in the name of a site.
_NOT_IN_NAMES = re.compile(r"[\\/?;:@=+$,|<>*]")
_SETTINGS = ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_TESTPATHS = re.compile(r"""^[ \t]*testpaths[ \t]*=[ \t]*\[?\s*["']?([^\s"',\]]+)""", re.MULTILINE)
_TEST_FILE = re.compile(r"test_.*\.py|.*_test\.py")
_SELENIUM = re.compile(r"\bselenium", re.IGNORECASE)
_USERS_OF_SELENIUM = re.compile(
    r"requirements.*\.txt|pyproject\.toml|pipfile|packages\.config|.*\.csproj|test_.*\.py|.*_test\.py|conftest\.py",
    re.IGNORECASE,
)


def find(tree: Tree, load: Loader | None, packages: Collection[str]) -> Project:
    """What is to be declared for a directory.

    `load` reads compose files; without it, they are known by their names only. `packages` are those of the optional
    packages lxml, selenium and yaml that are installed.
    """
    return _Finding(tree, load, packages).project()


class _Finding:
    """Looks at one thing after the other, and remembers why each was chosen and what to check."""

    def __init__(self, tree: Tree, load: Loader | None, packages: Collection[str]) -> None:
        self._tree = tree
        self._load = load
        self._packages = packages
        self._guesses: list[Guess] = []
        self._checks: list[str] = []

    def project(self) -> Project:
        if not self._tree.complete:
            self._checks.append(
                f"only the first {len(self._tree.files)} files were looked at; name the directory of the application "
                "to look at fewer"
            )
        compose, services = self._compose()
        taken = {one.fixture.lower() for one in services.entries}
        found = self._applications(services)
        sites = self._sites(found)
        configurations = self._configurations(found)
        data = data_of(self._tree, configurations, services, taken)
        self._guesses += data.guesses
        self._checks += data.checks
        web = unique("site" if "web" in taken else "web", taken)
        browser = self._browser(taken) if sites else None
        if sites and "lxml" not in self._packages:
            self._checks.append('install lxml, which changes web.config: pip install "pytest-wincontainers[iis]"')
        return Project(
            name=self._tree.name,
            compose=_with_migrations(compose, data),
            databases=tuple(data.databases),
            sites=tuple(sites),
            settings=tuple(data.settings) if sites else (),
            web=web,
            browser=browser,
            tests=self._tests(),
            guesses=tuple(self._guesses),
            checks=tuple(dict.fromkeys(self._checks)),
        )

    def _guess(self, subject: str, value: object, reason: str) -> None:
        self._guesses.append(Guess(subject, str(value), reason))

    # -- compose files ----------------------------------------------------------------------------------------

    def _compose(self) -> tuple[Compose | None, Services]:
        every = compose_files_of(self._tree)
        if not every:
            return None, Services()
        files, *others = every
        for other in others:
            self._checks.append(f"{other[0]} is not used: {files[0]} has fewer directories above it, or comes first")
        if self._load is None:
            self._checks.append(
                'install PyYAML, which reads compose files: pip install "pytest-wincontainers[compose]"; '
                f"then add tests of the services in {files[0]}"
            )
            services = Services()
        else:
            services = self._load(files)
        if services.problem:
            self._checks.append(f"{files[0]} is not used: {services.problem}; see wincontainers plan {files[0]}")
            return None, Services()
        if services.databases_problem:
            self._checks.append(
                f"a database in {files[0]} is declared as any other service: {services.databases_problem}"
            )
        names = ", ".join(one.name for one in services.entries)
        reason = "Docker Compose looks for this name" + (f"; the services are {names}" if names else "")
        self._guess("compose file", " and ".join(map(str, files)), reason)
        return Compose(files, services.entries), services

    # -- sites ------------------------------------------------------------------------------------------------

    def _applications(self, services: Services) -> list[Application]:
        found = applications_of(self._tree)
        self._checks += found.notes
        for one in found.applications:
            if one.folder in services.built:
                self._guess("site", one.name, f"the compose file builds {one.folder}, so its service serves it")
        return [one for one in found.applications if one.folder not in services.built]

    def _sites(self, found: Sequence[Application]) -> list[WebSite]:
        names: set[str] = set()
        ports = {one.port for one in found}
        sites: list[WebSite] = []
        for one in found:
            port, port_reason = one.port, one.port_reason
            if port is None or any(port == site.port for site in sites):
                why = "nothing names another" if port is None else f"another site has {port} already"
                port = next(free for free in range(_FIRST_PORT, 1 << 16) if free not in ports)
                port_reason = f"it is the next free one from {_FIRST_PORT} on, and {why}"
            ports.add(port)
            name = _site_name(one.name, names)
            page = page_of(self._tree, one.folder)
            self._guess("site", f"{name} from {one.folder}", one.reason)
            self._guess(f"port of {name}", port, port_reason)
            sites.append(WebSite(name, one.folder, port, page, self._transforms(name, one.folder)))
            if one.folder == PurePosixPath():
                self._checks.append(
                    "the site is the directory itself, all of which is copied into the container: better declare a "
                    "directory that the site is published to"
                )
            if missing := library_missing(self._tree, one):
                self._checks.append(f"build {one.folder} before the tests: {missing} is not there")
        return sites

    def _transforms(self, name: str, folder: PurePosixPath) -> tuple[str, ...]:
        chosen, others = transforms_of(self._tree, folder)
        if chosen is not None:
            try:
                xml_of(self._tree.read(chosen))
            except Unreadable as problem:
                self._checks.append(f"{chosen} {problem}: it is not used")
                chosen = None
        if chosen is not None:
            self._guess(f"transform of {name}", chosen.name, "its name says that it is for containers or tests")
        elif others:
            names = " or ".join(path.name for path in others)
            self._checks.append(
                f"no transform is applied to {name}, because {names} has no word like docker, test or ci "
                "in its name: add what tests need to transforms="
            )
        return (chosen.name,) if chosen is not None else ()

    def _configurations(self, found: Sequence[Application]) -> list[Configuration]:
        configurations = []
        for one in found:
            try:
                configuration = configuration_of(self._tree, one.config)
            except Unreadable as problem:
                self._checks.append(f"{one.config} {problem}")
                continue
            self._checks += configuration.notes
            if configuration.windows_accounts and transforms_of(self._tree, one.folder)[0] is None:
                self._checks.append(
                    f"{one.config} lets in Windows accounts only, which tests do not have: change that in a transform"
                )
            configurations.append(configuration)
        return configurations

    # -- browser and tests ------------------------------------------------------------------------------------

    def _browser(self, taken: set[str]) -> str | None:
        user = next((path for path in self._tree.files if self._uses_selenium(path)), None)
        installed = "selenium" in self._packages
        if user is None and not installed:
            self._checks.append(
                "no browser is declared, as nothing uses Selenium: to have one, "
                'pip install "pytest-wincontainers[selenium]" and start anew'
            )
            return None
        if not installed:
            self._checks.append('install Selenium: pip install "pytest-wincontainers[selenium]"')
        self._guess("browser", "chrome", f"{user} uses Selenium" if user else "the package selenium is installed")
        return unique("browser", taken)

    def _uses_selenium(self, path: PurePosixPath) -> bool:
        if not _USERS_OF_SELENIUM.fullmatch(path.name):
            return False
        try:
            return _SELENIUM.search(text_of(self._tree.read(path))) is not None
        except Unreadable:
            return False

    def _tests(self) -> PurePosixPath:
        for name in _SETTINGS:
            for path in self._tree.directly_in(PurePosixPath()):
                if path.name == name and (said := _TESTPATHS.search(self._text(path))):
                    folder = PurePosixPath(said[1])
                    if _is_folder(folder):
                        self._guess("tests", folder, f"testpaths in {name} begins with it")
                        return folder
        for folder in (PurePosixPath("tests"), PurePosixPath("test")):
            if any(_TEST_FILE.fullmatch(path.name) for path in self._tree.files if folder in path.parents):
                self._guess("tests", folder, "it has tests of pytest")
                return folder
        return PurePosixPath()

    def _text(self, path: PurePosixPath) -> str:
        try:
            return text_of(self._tree.read(path))
        except Unreadable:
            return ""


def _is_folder(path: PurePosixPath) -> bool:
    """Whether something in testpaths is a directory below the project's."""
    return not (path.is_absolute() or ".." in path.parts or re.search(r"[*?\\:[]|\.py$", str(path)))


def _with_migrations(compose: Compose | None, data: Data) -> Compose | None:
    if compose is None:
        return None
    services = tuple(
        replace(one, migrations=data.service_migrations) if one.name == data.service else one
        for one in compose.services
    )
    return replace(compose, services=services)


def _site_name(name: str, taken: set[str]) -> str:
    bare = _NOT_IN_NAMES.sub("-", name).strip() or "site"
    found = next(one for one in (bare, *(f"{bare}-{n}" for n in range(2, 10_000))) if one.lower() not in taken)
    taken.add(found.lower())
    return found
