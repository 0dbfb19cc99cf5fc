"""A service's ports: `8080`, `"127.0.0.1:8000-8005:80-85/tcp"`, and the long form that these stand for."""

from __future__ import annotations

import re

from pytest_wincontainers.compose import shapes
from pytest_wincontainers.compose.shapes import Reading
from pytest_wincontainers.compose.tree import Node, kind_of

_PORT = re.compile(
    r"(?:(?:(?P<ip>\[[^\]]*\]|[^:\[\]]*):)?(?P<published>[0-9]*(?:-[0-9]+)?):)?"
    r"(?P<target>[0-9]+(?:-[0-9]+)?)(?:/(?P<protocol>\w+))?"
)
_HIGHEST_PORT = 65535

_LONG_PORT = shapes.record(
    "a port",
    {
        "name": shapes.text,
        "mode": shapes.text,
        "host_ip": shapes.text,
        "target": shapes.number,
        "published": shapes.name,
        "protocol": shapes.text,
        "app_protocol": shapes.text,
    },
)


def ports(node: Node, reading: Reading) -> Node:
    """Ports in their long form; a range becomes one entry for each port."""
    entries: list[Node] = []
    for one in shapes.list_of(shapes.anything)(node, reading).items:
        if one.tag == "reset":
            continue
        if one.fields:
            entries += _long_port(one, reading)
        elif one.value is None or isinstance(one.value, (bool, list, tuple)):
            reading.wrong(one, f"a port cannot be {kind_of(one)}", "write 8080, or a string such as '80:8080'")
        else:
            entries += _short_port(one, reading)
    return node.with_value(tuple(entries))


def _long_port(node: Node, reading: Reading) -> list[Node]:
    found = _LONG_PORT(node, reading)
    if "target" not in found.fields:
        reading.wrong(node, "a port needs target", "add target: and the port inside the container")
        return []
    defaults = {"mode": Node("ingress", node.place), "protocol": Node("tcp", node.place)}
    return [found.with_value({**defaults, **found.fields})]


def _short_port(node: Node, reading: Reading) -> list[Node]:
    written = str(node.value)
    found = _PORT.fullmatch(written)
    if found is None:
        hint = "write 8080, '80:8080', '127.0.0.1:80:8080' or '3000-3005'"
        reading.wrong(node, f"{written!r} is not a port", hint)
        return []
    targets = _range(found["target"])
    published = _range(found["published"]) if found["published"] else []
    if not targets or (found["published"] and not published):
        reading.wrong(node, f"{written!r} has a range that is empty, or ends above {_HIGHEST_PORT}")
        return []
    if published and len(targets) > 1 and len(published) != len(targets):
        reading.wrong(node, f"the two ranges of {written!r} have different lengths")
        return []
    given: list[str | None] = [None] * len(targets)
    if published:
        # One port may be published on any of several.
        given = [str(one) for one in published] if len(targets) == len(published) else [found["published"]]
    address = (found["ip"] or "").strip("[]")
    return [
        node.with_value(
            {
                key: Node(value, node.place)
                for key, value in {
                    "mode": "ingress",
                    "host_ip": address or None,
                    "target": target,
                    "published": host,
                    "protocol": (found["protocol"] or "tcp").lower(),
                }.items()
                if value is not None
            }
        )
        for target, host in zip(targets, given, strict=True)
    ]


def _range(written: str) -> list[int]:
    first, _, last = written.partition("-")
    if int(last or first) > _HIGHEST_PORT:
        return []
    return list(range(int(first), int(last or first) + 1))
