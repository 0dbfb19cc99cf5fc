"""Starting containers."""

from __future__ import annotations

from tests.windows.proxy import Call, Refused

from .base import CREATE, FAULTS, ONE, Area

NAT = "moby/moby daemon/libnetwork/drivers/windows/windows.go"
EXCLUDED = range(5357, 5358)
"""The port that nearly every Windows excludes, for the discovery of devices."""

RULES = Area()


def _build(call: Call, image: str) -> tuple[int, int]:
    """An image's build and revision."""
    _, _, build, revision = map(int, call.proxy.platform(image).version.split("."))
    return build, revision


@RULES.asked("POST", f"{ONE}/start", "MicrosoftDocs/Virtualization-Documentation version-compatibility.md")
def builds_match(call: Call) -> None:
    """An image of a build that the host does not run with this isolation is created, and refused at start."""
    known, preset = call.container, call.proxy.preset
    if known is None:
        return
    build, revision = _build(call, known.image)
    if preset.build < 20348:
        fits = build == preset.build and (preset.build != 14393 or revision == preset.revision)
    else:
        fits = 20348 <= build <= preset.build
    if known.isolation == "hyperv":
        fits = build <= preset.build
    if not fits:
        raise Refused(
            500,
            f"hcs::CreateComputeSystem {call.words[1]}: The container operating system does not match the host "
            "operating system.",
        )


@RULES.asked("POST", f"{ONE}/start", "microsoft/Windows-Containers#591, actions/runner-images#11582")
def no_newer_updates_than_the_host(call: Call) -> None:
    """On 2019 and 2025 an image with later updates than its host ends at start under process isolation."""
    known, preset = call.container, call.proxy.preset
    if known is None or known.isolation != "process" or preset.build not in {17763, 26100}:
        return
    build, revision = _build(call, known.image)
    if build == preset.build and revision > preset.revision:
        raise Refused(
            500,
            f"container {call.words[1]} encountered an error during hcs::System::Start: failure in a Windows system "
            "call: The virtual machine or container exited unexpectedly. (0xc0370106)",
        )


@RULES.asked("POST", f"{ONE}/start", "microsoft/hcsshim#2553, microsoft/Windows-Containers#623")
def clients_start_process_containers_once(call: Call) -> None:
    """On Windows 11 a container with process isolation is not started again, as on some such machines."""
    known = call.container
    if known is not None and known.isolation == "process" and known.address and not call.proxy.preset.server:
        raise Refused(
            500,
            "hcsshim::ActivateLayer failed in Win32: The process cannot access the file because it is being used by "
            "another process. (0x20)",
        )


@RULES.asked("POST", f"{ONE}/start", NAT)
def no_host_address_in_bindings(call: Call) -> None:
    """A published port with a host's address is refused at start."""
    known = call.container
    for bindings in (known.host_config.get("PortBindings") or {}).values() if known else ():
        if any(one.get("HostIp") not in (None, "", "0.0.0.0") for one in bindings or []):
            raise Refused(
                500,
                f"failed to create endpoint {call.words[1]} on network nat: Windows does not support host IP "
                "addresses in NAT settings",
            )


@RULES.asked("POST", f"{ONE}/start", NAT)
def no_port_ranges(call: Call) -> None:
    """A published range of ports is refused at start."""
    known = call.container
    for bindings in (known.host_config.get("PortBindings") or {}).values() if known else ():
        if any("-" in str(one.get("HostPort") or "") for one in bindings or []):
            raise Refused(
                500,
                f"failed to create endpoint {call.words[1]} on network nat: Windows does not support more than one "
                "host port in NAT settings",
            )


@RULES.asked("POST", CREATE, FAULTS)
def random_ports_are_named(call: Call) -> None:
    """A published port without one of the host gets what a test has named."""
    for bindings in (call.host_config.get("PortBindings") or {}).values():
        for one in bindings or []:
            if call.proxy.random_ports and not one.get("HostPort"):
                one["HostPort"] = str(call.proxy.random_ports.pop(0))


@RULES.asked("POST", f"{ONE}/start", "docker/for-win#3171, docker/for-win#1755")
def no_excluded_ports(call: Call) -> None:
    """A published port in a range that Windows excludes is refused at start."""
    known = call.container
    if known is None or not known.host_config.get("PortBindings"):
        return
    for bindings in call.inspect()["HostConfig"]["PortBindings"].values():
        if any(one["HostPort"] and int(one["HostPort"]) in EXCLUDED for one in bindings):
            raise Refused(
                500,
                f"failed to create endpoint {call.words[1]} on network nat: hnsCall failed in Win32: The process cannot "
                "access the file because it is being used by another process. (0x20)",
            )


@RULES.asked("POST", f"{ONE}/start", FAULTS)
def faults_strike(call: Call) -> None:
    """A share of the calls, or those beyond a number at once, fail with real texts when a test asks for it."""
    if call.proxy.faults is not None:
        call.proxy.faults.start(call)
