"""What the Docker engine tells of itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pytest_wincontainers.engines.diagnostics import Diagnostics, Network
from pytest_wincontainers.engines.times import timestamp


def diagnostics_of(api: Any) -> Diagnostics:
    """Ask an engine through a client of the SDK, with three short calls.

    Not /system/df: it adds up the sizes of all layers, which can take minutes.
    """
    asked = time.time()
    info = api.info()
    answered = time.time()
    version = api.version(api_version=False)
    return Diagnostics(
        api=version.get("ApiVersion") or "",
        oldest_api=version.get("MinAPIVersion") or "",
        kernel=info.get("KernelVersion") or "",
        data_root=info.get("DockerRootDir") or "",
        memory=int(info.get("MemTotal") or 0),
        clock_offset=timestamp(info["SystemTime"]) - (asked + answered) / 2,
        networks=tuple(_network(one) for one in api.networks()),
    )


def _network(answer: Mapping[str, Any]) -> Network:
    ranges = (answer.get("IPAM") or {}).get("Config") or []
    return Network(
        answer["Name"],
        answer.get("Driver") or "",
        tuple(one["Subnet"] for one in ranges if one.get("Subnet")),
        tuple(one["Gateway"] for one in ranges if one.get("Gateway")),
    )
