"""What comes of compose files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_wincontainers.compose.model import ComposeFile, ComposeService, fixture_name
from pytest_wincontainers.compose.problems import Problems, Remark
from pytest_wincontainers.engines.base import Build
from pytest_wincontainers.services.declaration import Declaration


@dataclass(frozen=True)
class ComposeOutcome:
    """The services of compose files, the declarations made of them, and all that is wrong."""

    file: ComposeFile
    declarations: tuple[Declaration, ...]
    problems: Problems

    @property
    def notes(self) -> Sequence[Remark]:
        """What has no effect here, or works in another way than it may look."""
        return self.problems.notes

    def check(self) -> None:
        """Raise DeclarationError with everything that is wrong, if anything is."""
        self.problems.check()

    def describe(self) -> Iterator[str]:
        """The services and what becomes of them, in lines for people."""
        yield f"{self.file.name}: {', '.join(str(one) for one in self.file.files)}"
        by_name = {one.name: one for one in self.declarations}
        for service in self.file.services.values():
            declaration = by_name.get(fixture_name(service.name))
            if declaration is not None:
                yield from _describe(service, declaration)


def _describe(service: ComposeService, declaration: Declaration) -> Iterator[str]:
    kind, options = declaration.service.kind, declaration.service.options
    build = options.get("build")
    source = f"built from {build.folder}" if isinstance(build, Build) else f"image {options.get('image')}"
    yield f"{service.name}: {kind}, {source}"
    if declaration.name != service.name:
        yield f"  the fixture is called {declaration.name}"
    if declaration.service.ports:
        yield f"  ports {', '.join(map(str, declaration.service.ports))}"
    yield f"  on the network as {', '.join(service.aliases)}"
    for need in service.needs:
        yield f"  needs {need.service}, {_CONDITIONS[need.condition]}"
    for mount in options.get("mounts", ()):
        yield f"  mounts {mount.source} to {mount.target}" + (", read-only" if mount.read_only else "")
    for target in options.get("files", {}):
        yield f"  gets the file {target}"


_CONDITIONS = {
    "service_started": "and is ready after it",
    "service_healthy": "and starts when it is healthy",
    "service_completed_successfully": "and starts when it has completed",
}
