"""Compose files with everything that they take from other files: overrides, `extends`, `include`, variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_wincontainers.compose import schema
from pytest_wincontainers.compose.dotenv import read_variables
from pytest_wincontainers.compose.interpolation import interpolate
from pytest_wincontainers.compose.merging import cleared, merge
from pytest_wincontainers.compose.paths import absolute, resolve_paths
from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.reading import read
from pytest_wincontainers.compose.tree import Node, Place, kind_of, same, services_of
from pytest_wincontainers.compose.variables import Variables
from pytest_wincontainers.errors import closest

RESOURCES = ("services", "networks", "volumes", "secrets", "configs")
"""What an included file adds to the file that includes it."""


@dataclass(frozen=True)
class Loading:
    """Where files are loaded for: relative paths are below `directory`."""

    directory: Path
    variables: Variables
    problems: Problems
    including: tuple[Path, ...] = ()
    """The files that led here, by `include`."""

    def load(self, files: Sequence[Path], asked_at: Place | None = None) -> Node | None:
        """One document from these files, where later ones override earlier ones."""
        found: Node | None = None
        for file in files:
            for document in self._documents(file, asked_at):
                current = self._included(_extended(document, self), file)
                found = merge(found, current) if found is not None else cleared(current)
        return None if found is None else self._with_environments(found)

    def _documents(self, file: Path, asked_at: Place | None) -> list[Node]:
        found = []
        for document in read(file, self.problems, asked_at):
            if not document.fields:
                self.problems.add(document.place, f"a compose file is a mapping, not {kind_of(document)}")
                continue
            replaced = interpolate(document, self.variables.get, self.problems)
            found.append(resolve_paths(schema.check(replaced, self.problems), self.directory))
        return found

    def merged(self, file: Path, asked_at: Place) -> Node | None:
        """The documents of a file as one, without what it extends and includes."""
        found: Node | None = None
        for document in self._documents(file, asked_at):
            found = merge(found, document) if found is not None else document
        return found

    # -- include ------------------------------------------------------------------------------------------------

    def _included(self, document: Node, file: Path) -> Node:
        result = document.without("include")
        for one in document.entries("include"):
            imported = self._load_included(one, file)
            for kind in RESOURCES if imported is not None else ():
                result = self._imported(result, imported, kind)  # type: ignore[arg-type]
        return result

    def _load_included(self, asked: Node, file: Path) -> Node | None:
        paths = [Path(absolute(self.directory, one.text)) for one in asked.entries("path") if one.text]
        if not paths:
            return None
        chain = (*self.including, file)
        if paths[0] in chain:
            circle = " includes ".join(str(one) for one in (*chain[chain.index(paths[0]) :], paths[0]))
            self.problems.add(asked.place, f"files include each other: {circle}")
            return None
        named = asked.at("project_directory")
        directory = Path(absolute(self.directory, named.text)) if named is not None else paths[0].parent
        given = [Path(absolute(self.directory, one.text)) for one in asked.entries("env_file")]
        default = [directory / ".env"] if (directory / ".env").is_file() else []
        variables = self.variables.below(given or default, self.problems)
        return Loading(directory, variables, self.problems, chain).load(paths, asked.place)

    def _imported(self, document: Node, imported: Node, kind: str) -> Node:
        theirs = imported.at(kind)
        if theirs is None or not theirs.fields:
            return document
        ours = document.at(kind) or Node({}, theirs.place)
        for name, value in theirs.fields.items():
            other = ours.fields.get(name)
            if other is not None and not same(other, value):
                self.problems.add(
                    other.place,
                    f"{kind}.{name} is also in an included file, {value.place}, and is not the same there",
                    "change what is included in an override file, or give it another name",
                )
        return document.with_fields(**{kind: ours.with_value({**theirs.fields, **ours.fields})})

    # -- environment --------------------------------------------------------------------------------------------

    def _with_environments(self, document: Node) -> Node:
        services = document.at("services")
        if services is None:
            return document
        changed = {name: self._with_environment(one) for name, one in services_of(document)}
        return document.with_fields(services=services.with_value(changed))

    def _with_environment(self, service: Node) -> Node:
        written = service.at("environment")
        found: dict[str, Node] = {}
        for name, node in (written.fields if written is not None else {}).items():
            found[name] = node if node.value is not None else node.with_value(self.variables.get(name))
            if found[name].value is None:
                self.problems.note(node.place, f"the variable {name} has no value here and none in the process")
        from_files = self._from_env_files(service, found)
        if from_files or found:
            place = (written or service).place
            service = service.with_fields(environment=Node({**from_files, **found}, place))
        from_files = self._from_label_files(service)
        if from_files:
            own = service.at("labels") or Node({}, service.place)
            service = service.with_fields(labels=own.with_value({**from_files, **own.fields}))
        return service.without("env_file", "label_file")

    def _from_env_files(self, service: Node, own: Mapping[str, Node]) -> dict[str, Node]:
        def lookup(name: str) -> str | None:
            known = self.variables.get(name)
            return own[name].text if known is None and name in own and own[name].value is not None else known

        found: dict[str, Node] = {}
        for asked in service.entries("env_file"):
            path, required, form = (asked.at(key) for key in ("path", "required", "format"))
            if path is None or not path.text:
                continue
            file = Path(path.text)
            if file.is_file():
                earlier = {name: one.text for name, one in found.items()}
                values = read_variables(file, lookup, self.problems, earlier=earlier, raw=form is not None)
                found |= {name: Node(value, asked.place) for name, value in values.items()}
            elif required is None or required.value:
                hint = "create it, or write required: false below its path"
                self.problems.add(asked.place, f"the file of variables {file} does not exist", hint)
        return found

    def _from_label_files(self, service: Node) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for asked in service.entries("label_file"):
            values = read_variables(Path(asked.text), lambda _: None, self.problems)
            found |= {name: Node(value, asked.place) for name, value in values.items()}
        return found


# -- extends ------------------------------------------------------------------------------------------------------


def _extended(document: Node, loading: Loading) -> Node:
    services = document.at("services")
    if services is None:
        return document
    found = {name: _extend(name, document, loading, ()) or one for name, one in services_of(document)}
    return document.with_fields(services=services.with_value(found))


def _extend(name: str, document: Node, loading: Loading, chain: tuple[tuple[Path, str], ...]) -> Node | None:
    service = document.at("services", name)
    extends = service.at("extends") if service is not None else None
    if service is None or extends is None:
        return service
    rest = service.without("extends")
    wanted = extends.at("service")
    if extends.tag == "reset" or wanted is None or not wanted.text:
        return rest
    here = (service.place.file, name)
    if here in chain:
        circle = chain[chain.index(here) :]
        if here == min(circle):  # it is come upon from each of its services
            told = " extends ".join(f"{one} of {file}" for file, one in (*circle, here))
            loading.problems.add(extends.place, f"services extend each other: {told}")
        return rest
    named = extends.at("file")
    source: Node | None = document
    inner = loading
    if named is not None:
        file = Path(absolute(loading.directory, named.text))
        inner = replace(loading, directory=file.parent)
        source = inner.merged(file, named.place)
    if source is None:
        return rest
    known = [one for one, _ in services_of(source)]
    if wanted.text not in known:
        loading.problems.add(
            wanted.place,
            f"there is no service {wanted.text!r} in {source.place.file}{closest(wanted.text, known)}",
        )
        return rest
    base = _extend(wanted.text, source, inner, (*chain, here))
    if base is None:
        return rest
    # The service is as it was written where it has nothing of its own.
    return merge(base, replace(rest, tag="")) or rest
