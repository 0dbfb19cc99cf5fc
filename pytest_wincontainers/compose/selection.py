"""Which services of a project are meant, and whether what they refer to is there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.tree import Node, Place, services_of
from pytest_wincontainers.errors import DeclarationError, closest


def selected(document: Node, names: Collection[str] | None, profiles: Collection[str], problems: Problems) -> Node:
    """The document with the services that are meant, and with only what these use.

    Raises DeclarationError for a name in `names` that no service has.
    """
    every = dict(services_of(document))
    for name in names or ():
        if name not in every:
            raise DeclarationError(
                f"there is no service {name!r} in {document.place.file}{closest(name, every)}",
                hint=f"its services are {', '.join(every)}",
            )
    enabled = {name for name, one in every.items() if _is_enabled(one, profiles)}
    kept = enabled if names is None else set(_with_needs(names, every))
    chosen = {name: _without_optional(one, kept) for name, one in every.items() if name in kept}
    for name, service in chosen.items():
        _check_needs(name, service, kept, every, problems)
    _check_circles(chosen, problems)
    result = document
    services = document.at("services")
    if services is not None:
        result = result.with_fields(services=services.with_value(chosen))
    for kind in ("networks", "volumes", "secrets", "configs"):
        result = _used(result, kind, chosen, problems)
    return result


def _is_enabled(service: Node, profiles: Collection[str]) -> bool:
    names = [one.text for one in service.entries("profiles")]
    return not names or "*" in profiles or any(one in profiles for one in names)


def _needs(service: Node) -> Mapping[str, Node]:
    found = service.at("depends_on")
    return found.fields if found is not None else {}


def _with_needs(names: Collection[str], every: Mapping[str, Node]) -> Iterator[str]:
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in every and name not in seen:
            seen.add(name)
            yield name
            waiting += _needs(every[name])


def _is_required(need: Node) -> bool:
    required = need.at("required")
    return required is None or bool(required.value)


def _without_optional(service: Node, kept: Collection[str]) -> Node:
    needs = {name: one for name, one in _needs(service).items() if name in kept or _is_required(one)}
    depends_on = service.at("depends_on")
    if depends_on is None:
        return service
    return service.with_fields(depends_on=depends_on.with_value(needs)) if needs else service.without("depends_on")


def _check_needs(
    name: str, service: Node, kept: Collection[str], every: Mapping[str, Node], problems: Problems
) -> None:
    for other, need in _needs(service).items():
        if other not in every:
            problems.add(
                need.place, f"services.{name} depends on {other!r}, which is no service{closest(other, every)}"
            )
        elif other not in kept:
            problems.add(
                need.place,
                f"services.{name} depends on {other!r}, which is only started with a profile",
                f"add one of its profiles to profiles=, or write required: false below {other}",
            )


def _check_circles(services: Mapping[str, Node], problems: Problems) -> None:
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...], place: Place) -> None:
        if name in path:
            circle = " needs ".join((*path[path.index(name) :], name))
            problems.add(place, f"services depend on each other: {circle}")
            done.update(path)
        elif name not in done and name in services:
            for other, need in _needs(services[name]).items():
                visit(other, (*path, name), need.place)
            done.add(name)

    for name, service in services.items():
        visit(name, (), service.place)


def _references(kind: str, service: Node) -> Iterator[tuple[str, Place]]:
    listed = service.at(kind)
    if listed is None:
        return
    for name, one in listed.fields.items():
        yield name, one.place
    for one in listed.items:
        source, form = one.at("source"), one.at("type")
        if source is not None and source.text and (form is None or form.value == "volume"):
            yield source.text, source.place


_SINGULAR = {"networks": "network", "volumes": "volume", "secrets": "secret", "configs": "config"}


def _used(document: Node, kind: str, services: Mapping[str, Node], problems: Problems) -> Node:
    known = document.at(kind) or Node({}, document.place)
    used: dict[str, Node] = {}
    for service, node in services.items():
        for name, place in _references(kind, node):
            if name in known.fields:
                used[name] = known.fields[name]
            elif kind == "networks" and name == "default":
                used[name] = Node(None, place)
            else:
                problems.add(
                    place,
                    f"services.{service} uses the {_SINGULAR[kind]} {name!r}, which is not declared"
                    f"{closest(name, known.fields)}",
                    f"add it to the {kind} at the top of the file",
                )
    return document.with_fields(**{kind: known.with_value(used)}) if used else document.without(kind)
