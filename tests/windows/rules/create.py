"""Creating containers: the options."""

from __future__ import annotations

from pathlib import PureWindowsPath

from tests.windows.proxy import Call, Refused

from .base import CREATE, Area, isolation, windows_path

HOSTCONFIG = "moby/moby daemon/internal/runconfig/hostconfig_windows.go"
DAEMON = "moby/moby daemon/daemon_windows.go"

RULES = Area()

UNSUPPORTED = [
    "BlkioDeviceReadBps",
    "BlkioDeviceReadIOps",
    "BlkioDeviceWriteBps",
    "BlkioDeviceWriteIOps",
    "BlkioWeight",
    "BlkioWeightDevice",
    "CgroupParent",
    "CpusetCpus",
    "CpusetMems",
    "MemoryReservation",
    "MemorySwap",
    "PidsLimit",
    "Ulimits",
    "OomKillDisable",
    "CpuPeriod",
]
IGNORED = [
    "CpuQuota",
    "ShmSize",
    "PidMode",
    "IpcMode",
    "UTSMode",
    "CapAdd",
    "CapDrop",
    "Links",
    "Init",
    "OomScoreAdj",
    "Sysctls",
    "GroupAdd",
    "Tmpfs",
    "ExtraHosts",
]


@RULES.asked("POST", CREATE, HOSTCONFIG)
def no_privileged_containers(call: Call) -> None:
    """Privileged containers are refused."""
    if call.host_config.get("Privileged"):
        raise Refused(400, "invalid option: privileged mode is not supported for Windows containers")


@RULES.asked("POST", CREATE, HOSTCONFIG)
def no_read_only_root(call: Call) -> None:
    """A read-only root file system is refused."""
    if call.host_config.get("ReadonlyRootfs"):
        raise Refused(400, "invalid option: read-only mode is not supported for Windows containers")


@RULES.asked("POST", CREATE, HOSTCONFIG)
def no_real_time_cpu(call: Call) -> None:
    """Real-time options of the processor are refused."""
    for name, said in (("CpuRealtimePeriod", "period"), ("CpuRealtimeRuntime", "runtime")):
        if call.host_config.get(name):
            raise Refused(400, f"invalid option: CPU real-time {said} is not supported for Windows containers")


@RULES.asked("POST", CREATE, DAEMON)
def no_linux_resources(call: Call) -> None:
    """Sixteen limits that only Linux has are refused by name."""
    for name in UNSUPPORTED:
        if call.host_config.get(name):
            raise Refused(
                400, f"invalid option: Windows does not support {name.replace('Cpu', 'CPU', name == 'CpuPeriod')}"
            )
    if call.host_config.get("MemorySwappiness") not in (None, -1):
        raise Refused(400, "invalid option: Windows does not support MemorySwappiness")


@RULES.asked("POST", CREATE, DAEMON)
def linux_options_do_nothing(call: Call) -> None:
    """Fourteen options that only Linux has are taken and ignored."""
    for name in IGNORED:
        call.host_config.pop(name, None)


@RULES.asked("POST", CREATE, HOSTCONFIG)
def isolation_is_one_of_three(call: Call) -> None:
    """An isolation other than default, process and hyperv is refused."""
    asked = call.host_config.get("Isolation") or "default"
    if asked not in {"default", "process", "hyperv"}:
        raise Refused(400, f"invalid isolation ({asked}): Windows supports 'default', 'process', or 'hyperv'")


@RULES.asked("POST", CREATE, HOSTCONFIG)
def hyperv_shares_no_network_stack(call: Call) -> None:
    """Another container's network with Hyper-V isolation is refused."""
    if isolation(call) == "hyperv" and str(call.host_config.get("NetworkMode")).startswith("container:"):
        raise Refused(
            400,
            "invalid network-mode: using the network stack of another container is not supported while using "
            "Hyper-V Containers",
        )


@RULES.asked("POST", CREATE, DAEMON)
def one_limit_for_processors(call: Call) -> None:
    """NanoCpus beside CpuPercent or CpuShares is refused."""
    config = call.host_config
    for name, said in (("CpuPercent", "CPU Percent"), ("CpuShares", "CPU Shares")):
        if config.get("NanoCpus") and config.get(name):
            raise Refused(400, f"conflicting options: Nano CPUs and {said} cannot both be set")


@RULES.asked("POST", CREATE, "moby/moby daemon/container.go")
def working_directory_is_absolute(call: Call) -> None:
    """A working directory without a drive is refused."""
    given = call.body.get("WorkingDir")
    if given and not PureWindowsPath(given).is_absolute():
        raise Refused(400, f"the working directory '{given}' is invalid, it needs to be an absolute path")
    if given:
        call.body["WorkingDir"] = windows_path(given)
