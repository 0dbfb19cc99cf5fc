"""A service's volumes: `./data:/data:ro`, `C:\\data:C:\\app`, and the long form that these stand for."""

from __future__ import annotations

from pytest_wincontainers.compose import shapes
from pytest_wincontainers.compose.shapes import Reading
from pytest_wincontainers.compose.tree import Node

_KINDS = ("bind", "volume", "tmpfs", "npipe", "cluster", "image")

_LONG_VOLUME = shapes.record(
    "a volume",
    {
        "type": shapes.choice(*_KINDS),
        "source": shapes.text,
        "target": shapes.text,
        "read_only": shapes.flag,
        "consistency": shapes.text,
        "bind": shapes.record(
            "bind",
            {
                "propagation": shapes.text,
                "create_host_path": shapes.flag,
                "recursive": shapes.text,
                "selinux": shapes.text,
            },
        ),
        "volume": shapes.record("volume", {"labels": shapes.labels, "nocopy": shapes.flag, "subpath": shapes.text}),
        "tmpfs": shapes.record("tmpfs", {"size": shapes.size, "mode": shapes.number}),
        "image": shapes.record("image", {"subpath": shapes.text}),
    },
)


def volume(node: Node, reading: Reading) -> Node:
    """A volume in its long form."""
    if isinstance(node.value, str):
        return _short_volume(node, reading)
    found = _LONG_VOLUME(node, reading)
    for needed in ("type", "target"):
        if needed not in found.fields:
            reading.wrong(
                node, f"a volume needs {needed}", "write for example type: bind, source: ./data, target: /data"
            )
            found = found.with_fields(**{needed: Node("bind" if needed == "type" else "", node.place)})
    return found


def _short_volume(node: Node, reading: Reading) -> Node:
    parts = split_volume(node.text)
    if not all(parts) or len(parts) > 3:
        reading.wrong(node, f"{node.text!r} is not a volume", "write source:target, or source:target:ro")
    source, target, options = ("", parts[0], "") if len(parts) == 1 else (*parts[:2], ":".join(parts[2:]))
    kind = "bind" if _is_path(source) else "volume"
    fields: dict[str, object] = {"type": kind, "source": source or None, "target": target}
    given = options.split(",") if options else []
    if "ro" in given:
        fields["read_only"] = True
    inner: dict[str, dict[str, Node]] = {kind: {}}
    for one in given:
        key = "selinux" if one in {"z", "Z"} else "propagation" if one in _PROPAGATIONS else ""
        if key:
            inner.setdefault("bind", {})[key] = Node(one, node.place)
        if one == "nocopy":
            inner.setdefault("volume", {})["nocopy"] = Node(True, node.place)
    values = {key: Node(value, node.place) for key, value in fields.items() if value is not None}  # type: ignore[arg-type]
    return node.with_value({**values, **{key: Node(value, node.place) for key, value in inner.items()}})


_PROPAGATIONS = {"rprivate", "private", "rshared", "shared", "rslave", "slave"}


def split_volume(text: str) -> list[str]:
    """The parts of a volume's short form; a colon after a single letter belongs to a drive of Windows."""
    parts: list[str] = []
    current = ""
    for character in text:
        if character == ":" and not (len(current) == 1 and current.isalpha()):
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current]


def _is_path(source: str) -> bool:
    return source.startswith((".", "/", "~", "\\\\")) or (source[1:2] == ":" and source[0].isalpha())
