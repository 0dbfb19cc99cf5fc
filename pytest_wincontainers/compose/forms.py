"""The short forms of a service's options, and the long ones that they stand for."""

from __future__ import annotations

from pytest_wincontainers.compose import shapes
from pytest_wincontainers.compose.shapes import Reader, Reading
from pytest_wincontainers.compose.tree import Node

_BUILD = shapes.record(
    "build",
    {
        "context": shapes.text,
        "dockerfile": shapes.text,
        "dockerfile_inline": shapes.text,
        "args": shapes.variables,
        "target": shapes.text,
        "network": shapes.text,
        "labels": shapes.labels,
        "isolation": shapes.text,
        "no_cache": shapes.flag,
        "pull": shapes.flag,
        "shm_size": shapes.size,
        "privileged": shapes.flag,
        "tags": shapes.list_of(shapes.text),
        "platforms": shapes.list_of(shapes.text),
        "cache_from": shapes.list_of(shapes.text),
        "cache_to": shapes.list_of(shapes.text),
        "additional_contexts": shapes.variables,
        "extra_hosts": shapes.anything,
        "entitlements": shapes.list_of(shapes.text),
        "provenance": shapes.anything,
        "sbom": shapes.anything,
        "secrets": shapes.anything,
        "ssh": shapes.anything,
        "ulimits": shapes.anything,
    },
)


def build(node: Node, reading: Reading) -> Node:
    """What an image is built from, in its long form."""
    if isinstance(node.value, str):
        return node.with_value({"context": Node(node.value, node.place)})
    return _BUILD(node, reading)


CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")

_DEPENDENCY = shapes.record(
    "a dependency",
    {"condition": shapes.choice(*CONDITIONS), "required": shapes.flag, "restart": shapes.flag},
)


def depends_on(node: Node, reading: Reading) -> Node:
    """The services that one needs, each with its condition."""
    if isinstance(node.value, (list, tuple)):
        names = shapes.list_of(shapes.text)(node, reading).items
        return node.with_value({one.text: dependency(one) for one in names if one.text})
    found = shapes.mapping_of(_DEPENDENCY)(node, reading)
    for key, one in found.fields.items():
        if not one.tag and "condition" not in one.fields:
            reading.below(key).wrong(one, "a dependency needs condition", f"write condition: {CONDITIONS[0]}")
    return found.with_value(
        {key: one if one.tag else dependency(one).with_fields(**one.fields) for key, one in found.fields.items()}
    )


def dependency(node: Node) -> Node:
    """A dependency as the short form has it."""
    return node.with_value({"condition": Node("service_started", node.place), "required": Node(True, node.place)})


_ENV_FILE = shapes.record("env_file", {"path": shapes.text, "required": shapes.flag, "format": shapes.choice("raw")})


def env_file(node: Node, reading: Reading) -> Node:
    """A file of variables in its long form."""
    if isinstance(node.value, str):
        node = node.with_value({"path": Node(node.value, node.place)})
    found = _ENV_FILE(node, reading)
    if "path" not in found.fields:
        reading.wrong(node, "a file of variables needs path")
    return found.with_value({"required": Node(True, node.place), **found.fields})


_FILE = shapes.record(
    "a file of a service",
    {"source": shapes.text, "target": shapes.text, "uid": shapes.name, "gid": shapes.name, "mode": shapes.mode},
)


def file_of(kind: str) -> Reader:
    """A secret or a config of a service, in its long form."""

    def read(node: Node, reading: Reading) -> Node:
        if isinstance(node.value, str):
            return node.with_value({"source": Node(node.value, node.place)})
        found = _FILE(node, reading)
        if "source" not in found.fields:
            reading.wrong(node, f"a {kind} needs source", f"add source: and the name of the {kind}")
        return found

    return read


_NETWORK = shapes.record(
    "a network of a service",
    {
        "aliases": shapes.list_of(shapes.text),
        **dict.fromkeys(
            (
                "interface_name",
                "ipv4_address",
                "ipv6_address",
                "link_local_ips",
                "mac_address",
                "driver_opts",
                "priority",
                "gw_priority",
            ),
            shapes.anything,
        ),
    },
)


def networks(node: Node, reading: Reading) -> Node:
    """The networks of a service, by name."""
    if isinstance(node.value, (list, tuple)):
        names = shapes.list_of(shapes.text)(node, reading).items
        return node.with_value({one.text: one.with_value(None) for one in names if one.text})
    return shapes.mapping_of(shapes.optional(_NETWORK))(node, reading)


_HEALTHCHECK = shapes.record(
    "healthcheck",
    {
        "test": shapes.anything,
        "interval": shapes.duration,
        "timeout": shapes.duration,
        "start_period": shapes.duration,
        "start_interval": shapes.duration,
        "retries": shapes.number,
        "disable": shapes.flag,
    },
)


def healthcheck(node: Node, reading: Reading) -> Node:
    """A health check; `test` becomes a list that begins with NONE, CMD or CMD-SHELL."""
    found = _HEALTHCHECK(node, reading)
    test = found.at("test")
    if test is None or test.tag == "reset":
        return found
    if isinstance(test.value, str):
        shell = (Node("CMD-SHELL", test.place), Node(test.value, test.place))
        return found.with_fields(test=test.with_value(shell))
    checked = shapes.list_of(shapes.text)(test, reading.below("test"))
    if checked.items and checked.items[0].text not in {"NONE", "CMD", "CMD-SHELL"}:
        reading.below("test").wrong(
            test,
            f"the list begins with {checked.items[0].text!r}",
            "begin it with CMD for a program and its arguments, CMD-SHELL for a line of the shell, or NONE",
        )
    return found.with_fields(test=checked)


_EXTENDS = shapes.record("extends", {"service": shapes.text, "file": shapes.text})


def extends(node: Node, reading: Reading) -> Node:
    """The service that one extends."""
    if isinstance(node.value, str):
        return node.with_value({"service": Node(node.value, node.place)})
    found = _EXTENDS(node, reading)
    if "service" not in found.fields:
        reading.wrong(node, "extends needs service", "add service: and the name of the service to extend")
    return found


def extra_hosts(node: Node, reading: Reading) -> Node:
    """Names and addresses, as `name=address`, in the order of the names."""
    if node.fields:
        pairs = [(key, one) for key, value in node.fields.items() for one in value.items or (value,)]
        found = [one.with_value(f"{key}={one.value}") for key, one in pairs]
    else:
        listed = shapes.list_of(shapes.text)(node, reading).items
        found = [one if "=" in one.text else one.with_value(one.text.replace(":", "=", 1)) for one in listed]
    return node.with_value(tuple(sorted(found, key=lambda one: one.text)))
