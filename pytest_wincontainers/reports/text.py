"""Evidence as text, in sections with titles: for terminals, JUnit XML and other reports that have text only."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_wincontainers.evidence import ContainerEvidence, FailureEvidence, LogSlice, OpenedEvidence


def sections(evidence: FailureEvidence) -> Iterator[tuple[str, str]]:
    """Each part of the evidence: its title, which says which container it is of, and its text."""
    for note in evidence.notes:
        yield "wincontainers", note
    # What explains a page comes before what it looked like.
    for container in evidence.containers:
        yield from _of_container(container)
    for opened in evidence.opened:
        yield title_of_opened(opened), opened.text


def title_of_slice(container: ContainerEvidence, part: LogSlice) -> str:
    """The title of one log of a container."""
    return f"{container.name}: {part.log or 'output'}"


def title_of_opened(opened: OpenedEvidence) -> str:
    """The title of something that the test had open."""
    return opened.name if opened.kind == opened.name else f"{opened.name}: {opened.kind}"


def text_of_slice(container: ContainerEvidence, part: LogSlice) -> str:
    """The lines of one log, and where earlier ones are."""
    earlier = [f"({part.earlier} earlier lines are in {container.log})"] if part.earlier else []
    return "\n".join([*earlier, *part.lines])


def meanwhile(container: ContainerEvidence) -> list[str]:
    """What else went on with a container, a line each."""
    used = [
        f"{one.nodeid} used it at the same time{f' in {one.worker}' if one.worker else ''} ({one.seconds:.2f} s)"
        for one in container.overlaps
    ]
    return [*container.events, *used]


def _of_container(container: ContainerEvidence) -> Iterator[tuple[str, str]]:
    if container.notes:
        yield f"{container.name}: state", "\n".join(container.notes)
    for part in container.slices:
        yield title_of_slice(container, part), text_of_slice(container, part)
    around = meanwhile(container)
    if around:
        yield f"{container.name}: meanwhile", "\n".join(around)
