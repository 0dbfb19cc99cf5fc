"""The container behind the one that is created, and how it shows."""

from __future__ import annotations

import copy
import json

from tests.windows.proxy import VIEW, Call, Container

from .base import BOOKKEEPING, CREATE, ONE, Area, isolation

RULES = Area()


@RULES.asked("POST", CREATE, "moby/moby daemon/create_windows.go")
def isolation_is_resolved(call: Call) -> None:
    """Inspect has the isolation that counts, and Hyper-V containers without a limit have 1 GB (docker/for-win#321)."""
    config = call.host_config
    known = Container(isolation(call), call.body["Image"], copy.deepcopy(config))
    call.kept.container = known
    config.pop("Isolation", None)
    if known.isolation == "hyperv" and not config.get("Memory"):
        config["Memory"] = 1024**3
    page = call.proxy.preset.code_page if known.isolation == "process" else "utf-8"
    call.body["Env"] = [*(call.body.get("Env") or []), f"WINDOWS_CODE_PAGE={page}"]
    call.body["Labels"] = {**(call.body.get("Labels") or {}), VIEW: call.proxy.id}
    # On Linux only an address is refused at start; keep what was asked for away from the real engine.
    for bindings in (config.get("PortBindings") or {}).values():
        for binding in bindings or []:
            binding["HostIp"] = ""


@RULES.answered("POST", CREATE, BOOKKEEPING)
def containers_are_remembered(call: Call) -> None:
    """What was created is known by its id."""
    assert call.kept.container is not None, "isolation_is_resolved comes first"
    call.proxy.containers[call.answer["Id"]] = call.kept.container


@RULES.asked("GET", "/containers/json|/events", BOOKKEEPING)
def only_its_own_containers_show(call: Call) -> None:
    """Lists and events tell of this engine's own containers only."""
    filters = json.loads(call.query.get("filters") or "{}")
    labels = filters.get("label") or []
    labels = [label for label, on in labels.items() if on] if isinstance(labels, dict) else list(labels)
    if call.path == "/events" and not labels:
        return
    filters["label"] = [*labels, f"{VIEW}={call.proxy.id}"]
    call.query["filters"] = json.dumps(filters)


@RULES.answered("GET", f"{ONE}/json", "moby/moby daemon/inspect.go, api/docs/CHANGELOG.md")
def container_in_windows_shape(call: Call) -> None:
    """Container inspect has no Linux files, addresses by network only from API 1.52 on, and a class's prefix length."""
    known, answer, preset = call.container, call.answer, call.proxy.preset
    answer.update(Platform="windows", Driver="windowsfilter", ResolvConfPath="", HostnamePath="", HostsPath="")
    answer["LogPath"] = f"C:\\ProgramData\\docker\\containers\\{answer['Id']}\\{answer['Id']}-json.log"
    answer["HostConfig"]["Isolation"] = known.isolation if known else preset.isolation
    if answer["HostConfig"]["NetworkMode"] == "default":
        answer["HostConfig"]["NetworkMode"] = "nat"
    answer["Config"]["Labels"].pop(VIEW, None)
    settings = answer["NetworkSettings"]
    settings["SandboxID"] = settings["SandboxKey"] = answer["Id"]
    recent = tuple(map(int, preset.api.split("."))) >= (1, 52)
    for name in ("IPAddress", "Gateway", "MacAddress", "Bridge", "EndpointID", "IPPrefixLen"):
        if recent:
            settings.pop(name, None)
        else:
            settings[name] = 0 if name == "IPPrefixLen" else ""
    for network in settings["Networks"].values():
        if network["IPAddress"]:
            first = int(network["IPAddress"].split(".")[0])
            network["IPPrefixLen"] = 8 if first < 128 else 16 if first < 192 else 24
            network["MacAddress"] = "00:15:5d" + network["MacAddress"][8:]
    # The real engine tells of IPv6 as well.
    settings["Ports"] = {
        port: bindings and [one for one in bindings if ":" not in one["HostIp"]]
        for port, bindings in (settings.get("Ports") or {}).items()
    }
    for mount in answer["Mounts"]:
        mount["Destination"] = "c:" + mount["Destination"].replace("/", "\\")


@RULES.answered("GET", "/containers/json", BOOKKEEPING)
def lists_hide_the_proxys_label(call: Call) -> None:
    """The label by which the proxy knows its containers is not shown."""
    for one in call.answer:
        one["Labels"].pop(VIEW, None)
