"""The directories of a tree that are ASP.NET applications."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from pytest_wincontainers.scaffold.documents import xml_of
from pytest_wincontainers.scaffold.solutions import (
    Binding,
    Entry,
    ProjectFile,
    bindings_of,
    entries_of,
    inside,
    project_of,
)
from pytest_wincontainers.scaffold.tree import Tree, Unreadable

_MARKS = frozenset({"global.asax", "default.aspx", "index.html", "default.htm", "default.html", "index.cshtml"})
_MARK_SUFFIXES = frozenset({".aspx", ".ashx", ".asmx", ".svc"})
_PAGES = ("default.aspx", "index.aspx", "index.html", "default.htm", "default.html")
_ERROR_PAGE = re.compile(r"error|40\d|500|offline", re.IGNORECASE)
_TRANSFORM = re.compile(r"web\.(.+)\.config", re.IGNORECASE)
_FOR_TESTS = ("docker", "container", "containers", "test", "tests", "testing", "integration", "ci")
"""Transforms with one of these in their names, Web.Docker.config, are for tests; the first one found is taken."""

Projects = dict[PurePosixPath, tuple[PurePosixPath, ProjectFile]]
"""Project files by their directories, each with what it says."""


@dataclass(frozen=True)
class Application:
    """A directory with a web.config that is an application, and how it was recognised."""

    folder: PurePosixPath
    config: PurePosixPath
    name: str
    reason: str
    project: ProjectFile | None = None
    port: int | None = None
    port_reason: str = ""


@dataclass
class Found:
    """The applications, and what is to be told about the others."""

    applications: list[Application] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def applications_of(tree: Tree) -> Found:
    """The applications: those of the solutions if these name any, in the order of their paths otherwise."""
    found = Found()
    projects = dict(_projects(tree, found))
    configs: dict[PurePosixPath, PurePosixPath] = {}
    for path in tree.named("web.config"):
        configs.setdefault(path.parent, path)
    listed = _listed(tree, found)
    every = [*_of_projects(configs, projects, found)]
    every += _web_sites(tree, configs, every, projects, listed)
    every = [_published(tree, one, every) for one in every if not _is_publication(tree, one, every)]
    order = {folder: place for place, folder in enumerate(listed)}
    places = {one.folder: order.get(_project_folder(one, projects)) for one in every}
    if any(place is not None for place in places.values()):
        for one in every:
            if places[one.folder] is None:
                found.notes.append(f"{_shown(one.folder)} is a site, but in no solution: left out")
        every = [one for one in every if places[one.folder] is not None]
        every.sort(key=lambda one: places[one.folder] or 0)
    bindings = list(_bindings(tree, found))
    found.applications = [_with_port(tree, one, listed, bindings, projects) for one in every]
    found.applications = [one for one in found.applications if _usable(tree, one, found)]
    return found


def page_of(tree: Tree, folder: PurePosixPath) -> str:
    """A path that should answer: the default page, else the first page by name, else the root."""
    names = {path.name.lower(): path.name for path in tree.directly_in(folder)}
    for name in _PAGES:
        if name in names:
            return f"/{names[name]}"
    if "global.asax" not in names:
        for name in sorted(names):
            if (
                name.endswith(".aspx")
                and not _ERROR_PAGE.search(name)
                and re.fullmatch(r"[\w.-]{1,40}", name, re.ASCII)
            ):
                return f"/{names[name]}"
    return "/"


def transforms_of(tree: Tree, folder: PurePosixPath) -> tuple[PurePosixPath | None, list[PurePosixPath]]:
    """The transform that is for tests, and the others."""
    found = {m[1].lower(): path for path in tree.directly_in(folder) if (m := _TRANSFORM.fullmatch(path.name))}
    chosen = next((found[name] for name in _FOR_TESTS if name in found), None)
    return chosen, [path for path in found.values() if path != chosen]


def _shown(folder: PurePosixPath) -> str:
    return "the directory itself" if folder == PurePosixPath() else str(folder)


def _projects(tree: Tree, found: Found) -> Iterator[tuple[PurePosixPath, tuple[PurePosixPath, ProjectFile]]]:
    # Of several in a directory, the one for the web counts.
    known: set[PurePosixPath] = set()
    for path in tree.ending(".csproj", ".vbproj"):
        try:
            project = project_of(tree.read(path))
        except Unreadable as problem:
            found.notes.append(f"{path} {problem}")
            continue
        if project.web or path.parent not in known:
            known.add(path.parent)
            yield path.parent, (path, project)


def _of_projects(
    configs: dict[PurePosixPath, PurePosixPath], projects: Projects, found: Found
) -> Iterator[Application]:
    for folder, (path, project) in projects.items():
        if project.core:
            found.notes.append(
                f"{path} is an ASP.NET Core application: publish it, and declare the published directory as a Site"
            )
        elif project.web and folder in configs:
            reason = f"{path} is a web application project"
            yield Application(folder, configs[folder], path.stem, reason, project)
        elif project.web:
            found.notes.append(f"{path} is a web application project without a web.config: left out")


def _web_sites(
    tree: Tree,
    configs: dict[PurePosixPath, PurePosixPath],
    applications: Sequence[Application],
    projects: Projects,
    listed: dict[PurePosixPath, Entry],
) -> Iterator[Application]:
    roots = {one.folder for one in applications}
    for folder in sorted(configs, key=lambda one: (len(one.parts), str(one).lower())):
        # A web.config below an application's directory is that application's, unless a solution says otherwise.
        if folder in projects or (roots & {*folder.parents} and folder not in listed):
            continue
        names = [path.name for path in tree.directly_in(folder)]
        marks = [name for name in names if name.lower() in _MARKS]
        marks += [name for name in names if PurePosixPath(name).suffix.lower() in _MARK_SUFFIXES]
        if tree.on_disk(folder / "Views") is not None:
            marks.append("Views")
        if marks or folder in listed:
            roots.add(folder)
            beside = f"{marks[0]} beside its web.config" if marks else "a web.config"
            name = folder.name or tree.name
            yield Application(folder, configs[folder], name, f"{_shown(folder)} has {beside}")


def _is_publication(tree: Tree, one: Application, every: list[Application]) -> bool:
    return one.project is None and any(
        other.project is not None and other.project.assembly is not None and _has_library(tree, one.folder, other)
        for other in every
    )


def _published(tree: Tree, one: Application, every: list[Application]) -> Application:
    """A project's published output, if it is there and the project's own directory is not built."""
    if one.project is None or _has_library(tree, one.folder, one):
        return one
    for other in every:
        if other.project is None and _has_library(tree, other.folder, one):
            reason = f"{other.folder} has what {one.folder} was published to, with bin/{one.project.assembly}.dll"
            return replace(other, name=one.name, reason=reason, project=one.project)
    return one


def _has_library(tree: Tree, folder: PurePosixPath, one: Application) -> bool:
    assembly = one.project.assembly if one.project else None
    return assembly is not None and tree.exists(folder / "bin" / f"{assembly}.dll")


def library_missing(tree: Tree, one: Application) -> str:
    """The name of the library that a build of the application would have made, if it is not there."""
    if one.project is None or one.project.assembly is None or _has_library(tree, one.folder, one):
        return ""
    return f"bin/{one.project.assembly}.dll"


def _listed(tree: Tree, found: Found) -> dict[PurePosixPath, Entry]:
    """The directories of the projects that the solutions name."""
    listed: dict[PurePosixPath, Entry] = {}
    for path in tree.ending(".sln", ".slnx"):
        try:
            entries = list(entries_of(tree.read(path), path.suffix))
        except Unreadable as problem:
            found.notes.append(f"{path} {problem}")
            continue
        for entry in entries:
            target = inside(path.parent, entry.path)
            real = tree.on_disk(target) if target is not None else None
            if real is not None:
                listed.setdefault(real if real in tree.folders else real.parent, entry)
    return listed


def _project_folder(one: Application, projects: Projects) -> PurePosixPath:
    """The directory of its project, which is not its own if it was published."""
    return next((folder for folder, (_, project) in projects.items() if project is one.project), one.folder)


def _bindings(tree: Tree, found: Found) -> Iterator[tuple[PurePosixPath, Binding]]:
    for path in tree.named("applicationhost.config"):
        try:
            bindings = list(bindings_of(tree.read(path)))
        except Unreadable as problem:
            found.notes.append(f"{path} {problem}")
            continue
        yield from ((path, one) for one in bindings)


def _with_port(
    tree: Tree,
    one: Application,
    listed: dict[PurePosixPath, Entry],
    bindings: list[tuple[PurePosixPath, Binding]],
    projects: Projects,
) -> Application:
    folder = _project_folder(one, projects)
    parts = [part.lower() for part in folder.parts or (tree.name,)]
    for path, binding in bindings:
        # Its path is that of another machine, so only its end can be compared.
        if [part.lower() for part in binding.path.parts[-len(parts) :]] == parts:
            return replace(one, port=binding.port, port_reason=f"{path} has it")
    if one.project is not None and one.project.port is not None:
        return replace(one, port=one.project.port, port_reason="IIS Express uses it, as the project file says")
    entry = listed.get(folder)
    if entry is not None and entry.port is not None:
        return replace(one, port=entry.port, port_reason="the solution has it")
    return one


def _usable(tree: Tree, one: Application, found: Found) -> bool:
    try:
        xml_of(tree.read(one.config))
    except Unreadable as problem:
        found.notes.append(f"{one.config} {problem}: its site is left out")
        return False
    return True
