"""Paths in compose files, relative to a directory."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PureWindowsPath

from pytest_wincontainers.compose.tree import Node

_REMOTE = ("http://", "https://", "git://", "git@", "ssh://", "github.com/", "docker-image://", "oci-layout://")


def is_remote(context: str) -> bool:
    """Whether a build's context is somewhere else than on this machine."""
    return context.startswith(_REMOTE)


def absolute(base: Path, written: str) -> str:
    """A path below `base`; absolute paths of Windows and of Linux stay as they are on both systems."""
    if written.startswith("~"):
        return str(Path(written).expanduser())
    if written.startswith(("/", "\\\\")) or PureWindowsPath(written).is_absolute():
        return written
    # Written on Windows, and meant for Linux, too.
    return os.path.normpath(base / written.replace("\\", "/"))


def resolve_paths(document: Node, base: Path) -> Node:
    """The document with the paths of its services, secrets and configs made absolute."""

    def path(node: Node) -> Node:
        return node.with_value(absolute(base, node.text)) if node.text else node

    def service(node: Node) -> Node:
        node = _at(node, ("build", "context"), lambda one: one if is_remote(one.text) else path(one))
        node = _at(node, ("env_file",), _each(lambda one: _at(one, ("path",), path)))
        node = _at(node, ("label_file",), _each(path))
        return _at(node, ("volumes",), _each(bind))

    def bind(node: Node) -> Node:
        kind = node.at("type")
        return _at(node, ("source",), path) if kind is not None and kind.value == "bind" else node

    document = _at(document, ("services",), _every(service))
    for kind in ("secrets", "configs"):
        document = _at(document, (kind,), _every(lambda one: _at(one, ("file",), path)))
    return document


def _at(node: Node, keys: tuple[str, ...], change: Callable[[Node], Node]) -> Node:
    if not keys:
        return change(node)
    below = node.at(keys[0])
    return node if below is None else node.with_fields(**{keys[0]: _at(below, keys[1:], change)})


def _each(change: Callable[[Node], Node]) -> Callable[[Node], Node]:
    return lambda node: node.with_value(tuple(map(change, node.items))) if node.items else node


def _every(change: Callable[[Node], Node]) -> Callable[[Node], Node]:
    return lambda node: node.with_value({key: change(value) for key, value in node.fields.items()})
