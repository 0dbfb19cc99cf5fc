"""What compose files say in the end: files looked up and loaded, services chosen, defaults filled in."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers.compose.interpolation import interpolate_text
from pytest_wincontainers.compose.loading import Loading
from pytest_wincontainers.compose.merging import unique
from pytest_wincontainers.compose.paths import absolute
from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.reading import read
from pytest_wincontainers.compose.selection import selected
from pytest_wincontainers.compose.tree import Node, Place, services_of
from pytest_wincontainers.compose.variables import Variables
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.machine import MACHINE

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)

_PROJECT_NAME = "COMPOSE_PROJECT_NAME"


@dataclass(frozen=True)
class Project:
    """Compose files as one document with every value in its long form, paths absolute, and defaults filled in."""

    name: str
    directory: Path
    files: tuple[Path, ...]
    document: Node
    variables: Variables
    problems: Problems
    """What is wrong with them so far."""


def files_in(directory: Path) -> list[Path]:
    """The compose file of a directory, and its override file if there is one. Raises DeclarationError."""
    found = [directory / name for name in NAMES if (directory / name).is_file()]
    if not found:
        raise DeclarationError(
            f"there is no compose file in {directory}", hint=f"its name is one of {', '.join(NAMES)}"
        )
    overrides = [directory / name for name in _OVERRIDES if (directory / name).is_file()]
    return [found[0], *overrides[:1]]


def load(
    files: Sequence[Path],
    *,
    services: Collection[str] | None = None,
    profiles: Collection[str] = (),
    env_files: Sequence[Path] | None = None,
    project_directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Project:
    """Load compose files, of which later ones override earlier ones; a directory stands for the files in it.

    With `services`, only these and the ones that they depend on are kept; else those without profiles and those with
    one of `profiles`; "*" stands for all profiles. `env_files` are read instead of the `.env` in the project's
    directory, which is that of the first file. `environment` is the process's unless it is given.

    Raises DeclarationError for a directory without a compose file, and where PyYAML is not installed. All that is wrong
    with the files themselves is in the project's `problems`.
    """
    paths = [Path(absolute(Path.cwd(), str(one))) for one in files]
    paths = [found for one in paths for found in (files_in(one) if one.is_dir() else [one])]
    directory = Path(absolute(Path.cwd(), str(project_directory))) if project_directory else paths[0].parent
    problems = Problems()
    process = Variables(os.environ if environment is None else environment, any_case=MACHINE.ignores_variable_case)
    default = [directory / ".env"] if (directory / ".env").is_file() else []
    variables = process.with_files(default if env_files is None else env_files, problems)
    name = _name(paths, directory, variables)
    loading = Loading(directory, variables.with_value(_PROJECT_NAME, name), problems)
    document = loading.load(paths) or Node({}, Place(paths[0], 1))
    document = selected(_with_defaults(document, loading), services, profiles, problems)
    return Project(name, directory, tuple(paths), document, variables, problems)


def _name(files: Sequence[Path], directory: Path, variables: Variables) -> str:
    """The project's name, which the files can use as a variable, so that it has to be known before they are loaded."""
    written = variables.get(_PROJECT_NAME) or ""
    # What is wrong with the files is found again when they are loaded.
    for name in [] if written else [one.at("name") for file in files for one in read(file, Problems())]:
        if name is not None:
            written = interpolate_text(name.text, name.place, variables.get, Problems()) or written
    return re.sub(r"[^a-z0-9_-]", "", (written or directory.name).lower()).lstrip("_-") or "project"


def _with_defaults(document: Node, loading: Loading) -> Node:
    services = document.at("services")
    if services is None:
        if not loading.problems.errors:  # else they may be in what could not be read
            loading.problems.add(document.place, "there are no services")
        return document
    changed = {name: _defaults(one, loading) for name, one in services_of(document)}
    return document.with_fields(services=services.with_value(changed))


def _defaults(service: Node, loading: Loading) -> Node:
    place = service.place
    if service.at("networks") is None and service.at("network_mode") is None:
        service = service.with_fields(networks=Node({"default": Node(None, place)}, place))
    build = service.at("build")
    if build is not None:
        service = service.with_fields(build=_build(build, loading))
    secrets = service.at("secrets")
    if secrets is not None:
        service = service.with_fields(secrets=secrets.with_value(tuple(map(_secret, secrets.items))))
    for key in ("ports", "volumes", "expose"):
        listed = service.at(key)
        if listed is not None:
            service = service.with_fields(**{key: listed.with_value(unique(key, tuple(listed.items)))})
    return _with_links(service)


def _build(build: Node, loading: Loading) -> Node:
    place = build.place
    if build.at("context") is None:
        build = build.with_fields(context=Node(str(loading.directory), place))
    if build.at("dockerfile") is None and build.at("dockerfile_inline") is None:
        build = build.with_fields(dockerfile=Node("Dockerfile", place))
    arguments = build.at("args")
    if arguments is None:
        return build
    # An argument without a value has that of the variable, and without one is not passed.
    given = {
        name: one if one.value is not None else one.with_value(loading.variables.get(name))
        for name, one in arguments.fields.items()
    }
    kept = {name: one for name, one in given.items() if one.value is not None}
    return build.with_fields(args=arguments.with_value(kept))


def _secret(secret: Node) -> Node:
    source, target = secret.at("source"), secret.at("target")
    if source is None or target is not None:
        return secret
    return secret.with_fields(target=Node(f"/run/secrets/{source.text}", secret.place))


def _with_links(service: Node) -> Node:
    # Links and namespaces of others are dependencies, too.
    implied: dict[str, Node] = {}
    for key in ("links", "volumes_from"):
        for one in service.entries(key):
            name = one.text.partition(":")[0]
            if name != "container":
                implied[name] = _implied(one, restarts=key == "links")
    for key in ("network_mode", "ipc", "pid", "uts", "cgroup"):
        shared = service.at(key)
        if shared is not None and shared.text.startswith("service:"):
            implied[shared.text.partition(":")[2]] = _implied(shared, restarts=True)
    if not implied:
        return service
    depends_on = service.at("depends_on") or Node({}, service.place)
    return service.with_fields(depends_on=depends_on.with_value({**implied, **depends_on.fields}))


def _implied(node: Node, *, restarts: bool) -> Node:
    fields = {"condition": Node("service_started", node.place), "required": Node(True, node.place)}
    if restarts:
        fields["restart"] = Node(True, node.place)
    return node.with_value(fields)
