"""How an override file, or the service that extends another, changes what it overrides.

The rules are those of the Compose specification, "Merge": mappings merge, lists append, and lists whose values have an
identity replace equal ones in their place. All values are in their long form here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_wincontainers.compose.tree import Node, plain

_REPLACED = {"command", "entrypoint", "test"}
"""Lists that are one value."""


def merge(base: Node, override: Node, key: str = "") -> Node | None:
    """The base with the override's changes, or None if the override removes it (`!reset`)."""
    if override.tag == "reset":
        return None
    if override.tag == "override":
        return cleared(override)
    if override.value is None and key not in _REPLACED:
        # A key without a value changes nothing, except those of variables.
        return base
    if isinstance(base.value, Mapping) and isinstance(override.value, Mapping):
        if key == "logging" and _different_drivers(base, override):
            return cleared(override)
        return _mappings(base, override, key)
    if base.items and isinstance(override.value, (list, tuple)) and key not in _REPLACED:
        return override.with_value(unique(key, (*base.items, *cleared(override).items)))
    return cleared(override)


def _mappings(base: Node, override: Node, key: str) -> Node:
    found = dict(base.fields)
    for name, value in override.fields.items():
        if name not in found or name.startswith("x-"):
            merged = None if value.tag == "reset" else cleared(value)
        elif value.value is None and not value.tag and key in {"environment", "args"}:
            merged = value
        else:
            merged = merge(found[name], value, name)
        if merged is None:
            found.pop(name, None)
        else:
            found[name] = merged
    return base.with_value(found)


def _different_drivers(base: Node, override: Node) -> bool:
    drivers = [one.at("driver") for one in (base, override)]
    return None not in drivers and len({plain(one) for one in drivers if one is not None}) > 1


def cleared(node: Node) -> Node:
    """The value without what is tagged `!reset` in it."""
    if isinstance(node.value, Mapping):
        return Node({key: cleared(value) for key, value in node.fields.items() if value.tag != "reset"}, node.place)
    if node.items:
        return Node(tuple(cleared(value) for value in node.items if value.tag != "reset"), node.place)
    return Node(node.value, node.place) if node.tag else node


def _target(default: str) -> Callable[[Node], object]:
    def identity(node: Node) -> object:
        target, source = node.at("target"), node.at("source")
        return plain(target) if target is not None else f"{default}{plain(source) if source else ''}"

    return identity


def _port(node: Node) -> object:
    return tuple(
        plain(found) if (found := node.at(key)) else "" for key in ("host_ip", "published", "target", "protocol")
    )


_IDENTITY: Mapping[str, Callable[[Node], object]] = {
    "volumes": _target(""),
    "secrets": _target("/run/secrets/"),
    "configs": _target("/"),
    "ports": _port,
    "env_file": lambda node: plain(node.at("path") or node),
}

_SETS = {
    *("expose", "cap_add", "cap_drop", "dns", "dns_opt", "dns_search", "links", "profiles", "tmpfs", "label_file"),
    *("aliases", "link_local_ips", "external_links", "security_opt", "extra_hosts", "devices", "volumes_from"),
}


def unique(key: str, items: tuple[Node, ...]) -> tuple[Node, ...]:
    """The values of a list, where a later one takes the place of an earlier one with the same identity."""
    identity = _IDENTITY.get(key, plain if key in _SETS else None)
    if identity is None:
        return items
    found: dict[str, Node] = {}
    for item in items:
        found[repr(identity(item))] = item
    return tuple(found.values())
