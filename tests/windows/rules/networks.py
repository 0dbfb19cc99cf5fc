"""Networks."""

from __future__ import annotations

from typing import Any

from tests.windows.proxy import Call, Refused

from .base import Area

RULES = Area()


def _as_nat(network: dict[str, Any]) -> dict[str, Any]:
    if network["Name"] == "none":
        return {**network, "Driver": "null"}
    options = {"com.docker.network.windowsshim.networkname": network["Name"]}
    return {**network, "Driver": "nat", "IPAM": {**network["IPAM"], "Driver": "windows"}, "Options": options}


@RULES.answered("GET", "/networks", "moby/moby daemon/network.go")
def networks_are_nat_and_none(call: Call) -> None:
    """There is nat from the start, and none; no bridge and no host."""
    call.answer = [_as_nat(one) for one in call.answer if one["Name"] not in {"bridge", "host"}]
    if not call.proxy.preset.server:
        call.answer.append({"Name": "Default Switch", "Id": "ics", "Driver": "ics", "Scope": "local", "Labels": {}})


@RULES.asked("POST", "/networks/create", "moby/moby daemon/network.go")
def nat_is_not_made(call: Call) -> None:
    """Making nat or none is refused."""
    if call.body["Name"] in {"nat", "none"}:
        raise Refused(403, f"operation is not permitted on predefined {call.body['Name']} network ")


@RULES.asked("POST", "/networks/create", "moby/moby daemon/libnetwork/controller.go")
def drivers_are_windows_own(call: Call) -> None:
    """A network with a Linux driver is refused."""
    driver = call.body.get("Driver") or "nat"
    if driver not in {"nat", "transparent", "l2bridge", "l2tunnel", "overlay", "internal", "private", "ics", "null"}:
        raise Refused(404, f'plugin "{driver}" not found')
    call.body["Driver"] = "bridge"


@RULES.asked("POST", "/networks/create", "docker/for-win#750, moby/moby#30280")
def one_range_of_addresses_on_2016(call: Call) -> None:
    """On 2016 a network outside the one NAT range is refused."""
    if call.proxy.preset.one_prefix:
        raise Refused(500, "HNS failed with error : The parameter is incorrect. ")


@RULES.asked("DELETE", "/networks/[^/]+", "moby/moby daemon/network.go")
def nat_is_not_removed(call: Call) -> None:
    """Removing nat or none is refused."""
    _, told = call.proxy.upstream("GET", call.path)
    name = (told or {}).get("Name") or call.words[1]
    if name in {"nat", "none"}:
        raise Refused(403, f"{name} is a pre-defined network and cannot be removed")


@RULES.asked("POST", "/networks/[^/]+/connect", "moby/moby#51589, docker/for-win#3699")
def running_hyperv_containers_get_no_network(call: Call) -> None:
    """Connecting a running Hyper-V container is refused."""
    known = call.proxy.containers.get(call.inspect(call.body["Container"])["Id"])
    if known is not None and known.isolation == "hyperv" and call.inspect(call.body["Container"])["State"]["Running"]:
        raise Refused(500, "unsupported platform request")
