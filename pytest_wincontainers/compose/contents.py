"""What of this machine is in a service's container: mounted directories, and secrets and configs as files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from pytest_wincontainers.compose.model import ComposeFileEntry, ComposeMount
from pytest_wincontainers.compose.project import Project
from pytest_wincontainers.compose.tree import Node, plain, services_of
from pytest_wincontainers.guests.windows import is_pipe


def local(written: str) -> Path:
    r"""The path of a file of this machine; `.\src`, which Windows users write, is meant on Linux as well."""
    return Path(written if PureWindowsPath(written).is_absolute() else written.replace("\\", "/"))


def mounts_of(project: Project, name: str, service: Node) -> tuple[ComposeMount, ...]:
    """The service's bind mounts; what else its volumes ask for is noted, or added to the problems."""
    return tuple(_mounts(project, name, service))


def _mounts(project: Project, name: str, service: Node) -> Iterator[ComposeMount]:
    for one in service.entries("volumes"):
        fields = plain(one)
        kind, source, target = fields["type"], fields.get("source", ""), fields["target"]
        path = f"services.{name}.volumes"
        if kind in {"bind", "npipe"}:
            read_only = bool(fields.get("read_only"))
            yield ComposeMount(source if is_pipe(source) else local(source), target, read_only, one.place)
        elif kind == "tmpfs":
            project.problems.note(
                one.place, f"{path}: tmpfs has no effect: {target} is in the container's own file system"
            )
        elif kind == "volume":
            _volume(project, name, one, source)
        else:
            project.problems.add(one.place, f"{path}: a volume of the type {kind} is not supported")


def _volume(project: Project, name: str, node: Node, source: str) -> None:
    path = f"services.{name}.volumes"
    target = plain(node)["target"]
    if not source:
        return  # without a name, it is new in each container anyway
    declared = project.document.at("volumes", source)
    fields = plain(declared) if declared is not None and declared.fields else {}
    if fields.get("external"):
        project.problems.add(
            node.place,
            f"{path}: the volume {source!r} exists outside of the run, and each run begins with nothing",
            "mount a directory",
        )
        return
    if fields.get("driver", "local") != "local" or fields.get("driver_opts"):
        project.problems.add(
            node.place,
            f"{path}: the volume {source!r} has a driver or options of it, which are not supported",
            "mount a directory",
        )
        return
    users = [other for other, one in services_of(project.document) if source in _volumes(one)]
    if len(users) > 1:
        project.problems.add(
            node.place,
            f"{path}: the volume {source!r} is shared by {' and '.join(users)}, which is not supported",
            "mount one directory in both",
        )
        return
    project.problems.note(
        node.place,
        f"{path}: the volume {source!r} has no effect: {target} is in the container's own file system, new in each run",
    )


def _volumes(service: Node) -> list[str]:
    found = [plain(one) for one in service.entries("volumes")]
    return [one["source"] for one in found if one.get("type") == "volume" and one.get("source")]


def files_of(project: Project, name: str, service: Node) -> tuple[ComposeFileEntry, ...]:
    """The service's secrets and configs as files."""
    found = (_file(project, name, kind, one) for kind in ("secrets", "configs") for one in service.entries(kind))
    return tuple(one for one in found if one is not None)


def _file(project: Project, service: str, kind: str, node: Node) -> ComposeFileEntry | None:
    fields = plain(node)
    source = fields.get("source", "")
    declared = project.document.at(kind, source)
    if declared is None:
        return None  # has been added to the problems already
    for option in ("uid", "gid"):
        if option in fields:
            project.problems.note(
                node.place,
                f"services.{service}.{kind}.{source}.{option} has no effect: files belong to the image's user",
            )
    content = _content(project, kind, source, declared)
    if content is None:
        return None
    mode = fields.get("mode")
    target = fields.get("target") or f"/{source}"
    if kind == "secrets" and "/" not in target and "\\" not in target:
        target = f"/run/secrets/{target}"
    return ComposeFileEntry(
        target=target,
        content=content,
        mode=int(mode, 8) if mode else None,
        secret=kind == "secrets",
        place=node.place,
    )


def _content(project: Project, kind: str, name: str, declared: Node) -> Path | str | None:
    given = plain(declared)
    path = f"{kind}.{name}"
    sources = [one for one in ("file", "content", "environment") if one in given]
    if len(sources) > 1:
        project.problems.add(declared.place, f"{path} has {' and '.join(sources)}", "leave one of them out")
        return None
    if given.get("external"):
        project.problems.add(
            declared.place, f"{path} is external: nothing outside of the run is known here", "give it a file:"
        )
    elif given.get("driver") or given.get("template_driver"):
        project.problems.add(declared.place, f"{path} has a driver, which is not supported", "give it a file:")
    elif "file" in given:
        file = local(given["file"])
        if not file.is_file():
            project.problems.add(declared.fields["file"].place, f"{path}: the file {file} does not exist")
        return file
    elif "content" in given:
        return str(given["content"])
    elif "environment" in given:
        value = project.variables.get(given["environment"])
        if value is None:
            project.problems.add(
                declared.fields["environment"].place, f"{path}: the variable {given['environment']} is not set"
            )
        return value
    else:
        project.problems.add(declared.place, f"{path} has no content", "give it a file:")
    return None
