"""What a service asks for that has no effect here, or that is refused: by the tables in `options`."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_wincontainers.compose.options import FILE, PARTS, SERVICE, Option, Outcome
from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.tree import Node, plain, services_of


def check_support(document: Node, problems: Problems) -> None:
    """Add a note for each option that has no effect here, and a problem for each that is refused."""
    _check(document, FILE, "", problems)
    for name, service in services_of(document):
        path = f"services.{name}"
        _check(service, SERVICE, path, problems)
        for part, options in PARTS.items():
            below = service.at(*part.split("."))
            if below is None:
                continue
            if part == "networks":
                for network, node in below.fields.items():
                    _check(node, options, f"{path}.networks.{network}", problems)
            else:
                _check(below, options, f"{path}.{part}", problems)


def _check(node: Node, options: Mapping[str, Option], path: str, problems: Problems) -> None:
    for name, value in node.fields.items():
        option = options.get(name)
        # What is switched off, or empty, asks for nothing.
        if option is None or option.outcome is Outcome.SUPPORTED or not plain(value):
            continue
        written = f"{path}.{name}" if path else name
        if option.outcome is Outcome.REFUSED:
            problems.add(value.place, f"{written} is not supported: {option.why}")
        else:
            problems.note(value.place, f"{written} has no effect: {option.why}")
