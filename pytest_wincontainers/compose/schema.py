"""The form of a whole compose file: which reader checks which option."""

from __future__ import annotations

import re

from pytest_wincontainers.compose import forms, shapes
from pytest_wincontainers.compose.options import SERVICE
from pytest_wincontainers.compose.ports import ports
from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.shapes import Reader, Reading
from pytest_wincontainers.compose.tree import Node
from pytest_wincontainers.compose.volumes import volume

_NAME = re.compile(r"[a-zA-Z0-9._-]+")

_DEPLOY = shapes.record(
    "deploy",
    {
        "replicas": shapes.number,
        "labels": shapes.labels,
        "resources": shapes.record(
            "resources",
            {
                "limits": shapes.record(
                    "limits", {"cpus": shapes.number, "memory": shapes.size, "pids": shapes.number}
                ),
                "reservations": shapes.anything,
            },
        ),
        **dict.fromkeys(
            ("endpoint_mode", "mode", "placement", "restart_policy", "rollback_config", "update_config"),
            shapes.anything,
        ),
    },
)

_LOGGING = shapes.record("logging", {"driver": shapes.text, "options": shapes.labels})

_CHECKED: dict[str, Reader] = {
    "build": forms.build,
    "depends_on": forms.depends_on,
    "deploy": _DEPLOY,
    "env_file": shapes.one_or_more(forms.env_file),
    "extends": forms.extends,
    "extra_hosts": forms.extra_hosts,
    "healthcheck": forms.healthcheck,
    "logging": _LOGGING,
    "networks": forms.networks,
    "ports": ports,
    "secrets": shapes.list_of(forms.file_of("secret")),
    "configs": shapes.list_of(forms.file_of("config")),
    "volumes": shapes.list_of(volume),
    "expose": shapes.list_of(shapes.name),
    **dict.fromkeys(("command", "entrypoint"), shapes.words),
    **dict.fromkeys(("environment", "sysctls"), shapes.variables),
    **dict.fromkeys(("labels", "annotations"), shapes.labels),
    **dict.fromkeys(("label_file", "dns", "dns_search", "tmpfs"), shapes.one_or_more(shapes.text)),
    **dict.fromkeys(
        ("cap_add", "cap_drop", "dns_opt", "external_links", "links", "profiles", "security_opt", "volumes_from"),
        shapes.list_of(shapes.text),
    ),
    **dict.fromkeys(
        ("container_name", "hostname", "image", "isolation", "network_mode", "platform", "restart", "stop_signal"),
        shapes.text,
    ),
    **dict.fromkeys(("user", "working_dir", "domainname", "pull_policy", "runtime", "mac_address"), shapes.text),
    **dict.fromkeys(("init", "privileged", "read_only", "stdin_open", "tty", "attach"), shapes.flag),
    **dict.fromkeys(("mem_limit", "mem_reservation", "memswap_limit", "shm_size"), shapes.size),
    "stop_grace_period": shapes.duration,
    "scale": shapes.number,
}

SERVICE_READERS: dict[str, Reader] = {option: _CHECKED.get(option, shapes.anything) for option in SERVICE}
"""How each option of a service is read; those that are refused or have no effect are mostly taken as they are."""

_SERVICE = shapes.record("a service", SERVICE_READERS)


def _services(node: Node, reading: Reading) -> Node:
    for name, service in node.fields.items():
        if not _NAME.fullmatch(name):
            reading.problems.add(
                service.place,
                f"{name!r} is not a name for a service",
                "use letters, digits and the characters . _ -",
            )
    return shapes.mapping_of(_SERVICE)(node, reading)


_INCLUDED = shapes.record(
    "an include",
    {
        "path": shapes.one_or_more(shapes.text),
        "env_file": shapes.one_or_more(shapes.text),
        "project_directory": shapes.text,
    },
)


def _included(node: Node, reading: Reading) -> Node:
    if isinstance(node.value, str):
        node = node.with_value({"path": Node(node.value, node.place)})
    found = _INCLUDED(node, reading)
    if "path" not in found.fields:
        reading.wrong(node, "an include needs path")
    return found


def _external(node: Node, reading: Reading) -> Node:
    # `external: {name: …}` is the old way to write `external: true` and `name:`.
    return node if node.fields else shapes.flag(node, reading)


def _resource(title: str, *options: str) -> Reader:
    readers = dict.fromkeys(options, shapes.anything)
    return shapes.optional(
        shapes.record(title, {**readers, "name": shapes.name, "external": _external, "labels": shapes.labels})
    )


_FILE = shapes.record(
    "a compose file",
    {
        "version": shapes.text,
        "name": shapes.text,
        "include": shapes.list_of(_included),
        "services": _services,
        "networks": shapes.mapping_of(
            _resource(
                "a network", "attachable", "driver", "driver_opts", "enable_ipv4", "enable_ipv6", "internal", "ipam"
            )
        ),
        "volumes": shapes.mapping_of(_resource("a volume", "driver", "driver_opts")),
        "secrets": shapes.mapping_of(
            _resource("a secret", "driver", "driver_opts", "environment", "file", "template_driver")
        ),
        "configs": shapes.mapping_of(_resource("a config", "content", "environment", "file", "template_driver")),
        "models": shapes.anything,
    },
)


def check(document: Node, problems: Problems) -> Node:
    """The document with every value in its long form; what is wrong with it is added to the problems."""
    return _FILE(document, Reading("", problems))
