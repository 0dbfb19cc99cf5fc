"""What Visual Studio writes beside an application: solutions, projects, and the settings of IIS Express."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import urlsplit

from pytest_wincontainers.scaffold.documents import elements, text_of, xml_of

# The kinds of project in solutions and project files: https://github.com/JamesW75/visual-studio-project-type-guid
_WEB_APPLICATION = "349c5851-65df-11da-9384-00065b846f21"
_WEB_SITE = "E24C65DC-7377-472B-9ABA-BC803B73C61A"
_PROJECT = re.compile(r'Project\("\{([0-9A-Fa-f-]+)\}"\)\s*=\s*"[^"]*"\s*,\s*"([^"]*)"')
_SITE_SETTING = re.compile(r'\s*(SlnRelativePath|VWDPort)\s*=\s*"([^"]*)"')


@dataclass(frozen=True)
class Entry:
    """A project of a solution, or a web site's directory, by its path from the solution's directory."""

    path: str
    port: int | None = None


@dataclass(frozen=True)
class ProjectFile:
    """What a project file says: whether it is a web application's, for which .NET, and how IIS Express serves it."""

    web: bool
    core: bool
    assembly: str | None
    port: int | None


@dataclass(frozen=True)
class Binding:
    """A site of IIS Express: its directory on the machine of whoever made it, and its port."""

    path: PureWindowsPath
    port: int


def entries_of(content: bytes, suffix: str) -> Iterator[Entry]:
    """The projects of a solution, a .sln or a .slnx. Raises Unreadable."""
    if suffix.lower() == ".slnx":
        for project in elements(xml_of(content), "Project"):
            if path := project.get("Path"):
                yield Entry(path)
        return
    entry: Entry | None = None
    is_site = False
    for line in text_of(content).splitlines():
        if begun := _PROJECT.match(line):
            if entry is not None:
                yield entry
            entry, is_site = Entry(begun[2]), begun[1].upper() == _WEB_SITE
        elif entry is not None and is_site and (said := _SITE_SETTING.match(line)):
            # The path of a web site may be a URL; what it is on the disk stands beside it.
            entry = Entry(said[2], entry.port) if said[1] == "SlnRelativePath" else Entry(entry.path, _port(said[2]))
    if entry is not None:
        yield entry


def project_of(content: bytes) -> ProjectFile:
    """What a .csproj or .vbproj says. Raises Unreadable."""
    root = xml_of(content)

    def said(name: str) -> Iterator[str]:
        return ((element.text or "").strip() for element in elements(root, name))

    imported = " ".join(element.get("Project", "") for element in elements(root, "Import"))
    urls = [urlsplit(one) for one in said("IISUrl") if _is_url(one)]
    ports = [url.port or 80 for url in urls if url.scheme == "http"]
    ports += [port for port in map(_port, said("DevelopmentServerPort")) if port]
    return ProjectFile(
        web=any(_WEB_APPLICATION in one.lower() for one in said("ProjectTypeGuids"))
        or "microsoft.webapplication.targets" in imported.lower(),
        core=root.get("Sdk", "").lower().startswith("microsoft.net.sdk.web"),
        assembly=next((one for one in said("AssemblyName") if re.fullmatch(r"[\w.-]+", one)), None),
        port=ports[0] if ports else None,
    )


def bindings_of(content: bytes) -> Iterator[Binding]:
    """The sites of an applicationhost.config that answer over HTTP. Raises Unreadable."""
    for site in elements(xml_of(content), "sites", "site"):
        paths = [one.get("physicalPath", "") for one in elements(site, "virtualDirectory")]
        ports = [
            _port(one.get("bindingInformation", "").split(":")[-2:-1])
            for one in elements(site, "binding")
            if one.get("protocol", "").lower() == "http"
        ]
        port = next((one for one in ports if one), None)
        if paths and port:
            yield Binding(PureWindowsPath(paths[0]), port)


def inside(base: PurePosixPath, path: str) -> PurePosixPath | None:
    """A path that Windows programs have written, from the directory that is read; None if it leads out of it."""
    given = PureWindowsPath(path.strip())
    if given.anchor or not given.parts:
        return None
    parts = list(base.parts)
    for part in given.parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return None
    return PurePosixPath(*parts)


def _is_url(text: str) -> bool:
    try:
        return urlsplit(text).port != 0
    except ValueError:
        return False


def _port(text: str | list[str]) -> int | None:
    given = text if isinstance(text, str) else "".join(text)
    return int(given) if re.fullmatch("[0-9]{1,5}", given) and 0 < int(given) < 65536 else None
