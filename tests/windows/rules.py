"""The rules of Windows engines, one small named thing each, with where it is known from.

A rule acts before a request goes to the real engine, or on its answer. `as_markdown` makes
the table in docs/windows.md of them. Sources that begin with moby/moby name files of that repository.
"""

from __future__ import annotations

import ast
import copy
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any, Literal

from .proxy import VIEW, Call, Container, Refused

HOSTCONFIG = "moby/moby daemon/internal/runconfig/hostconfig_windows.go"
DAEMON = "moby/moby daemon/daemon_windows.go"
MOUNTS = "moby/moby daemon/volume/mounts/windows_parser.go"
NAT = "moby/moby daemon/libnetwork/drivers/windows/windows.go"


When = Literal["asked", "answered", "failed"]


@dataclass(frozen=True)
class Rule:
    """One rule. `says` is what it does, for the table."""

    name: str
    says: str
    source: str
    methods: tuple[str, ...]
    pattern: re.Pattern[str]
    act: Callable[[Call], None]
    when: When

    def before(self, call: Call) -> None:
        if self.when == "asked" and call.answer is None:
            self._apply(call)

    def after(self, call: Call) -> None:
        if self.when == ("answered" if call.status < 400 else "failed"):
            self._apply(call)

    def _apply(self, call: Call) -> None:
        if call.method in self.methods and self.pattern.fullmatch(call.path):
            self.act(call)


RULES: list[Rule] = []


def _rule(methods: str, pattern: str, source: str, *, when: When) -> Callable[[Callable[[Call], None]], Any]:
    def decorate(act: Callable[[Call], None]) -> Callable[[Call], None]:
        says = " ".join((act.__doc__ or "").split())
        RULES.append(Rule(act.__name__, says, source, tuple(methods.split()), re.compile(pattern), act, when))
        return act

    return decorate


def refuses(methods: str, pattern: str, source: str) -> Callable[[Callable[[Call], None]], Any]:
    """A rule about requests: it refuses, changes or answers them."""
    return _rule(methods, pattern, source, when="asked")


def answers(methods: str, pattern: str, source: str) -> Callable[[Callable[[Call], None]], Any]:
    """A rule about answers."""
    return _rule(methods, pattern, source, when="answered")


CREATE = "/containers/create"
ONE = "/containers/[^/]+"


def windows_path(path: str) -> str:
    """A path of the guest as the real container has it."""
    return "/" + PureWindowsPath(path).as_posix().partition(":/")[2] if ":" in path else path.replace("\\", "/")


def command_line(words: list[str]) -> str:
    """The words joined as Go joins them, and as C programs take them apart (golang/go syscall.EscapeArg)."""
    return " ".join(_escaped(word) for word in words)


def _escaped(word: str) -> str:
    if word and not re.search(r'[\s"]', word):
        # A backslash in front of a quote is the only one that counts.
        return word
    word = re.sub(r'(\\*)"', r'\1\1\\"', word)
    return '"' + re.sub(r"(\\+)$", r"\1\1", word) + '"'


# -- daemon -----------------------------------------------------------------------------------------------------


@answers("GET", "/info", "moby/moby daemon/info_windows.go")
def info_in_windows_shape(call: Call) -> None:
    """/info tells Windows, the build with its revision in OperatingSystem only, and the default isolation."""
    preset, told = call.proxy.preset, call.answer
    call.answer = {
        **{key: told[key] for key in ("Containers", "Images", "NCPU", "MemTotal", "SystemTime", "NGoroutines")},
        "ID": f"{call.proxy.id}:{told['ID']}",
        "Name": preset.name,
        "OSType": "windows",
        "OperatingSystem": preset.system,
        "OSVersion": f"10.0.{preset.build}",
        "KernelVersion": preset.kernel,
        "Architecture": "x86_64",
        "Isolation": preset.isolation,
        "Driver": "windowsfilter",
        "DriverStatus": [["Windows", ""]],
        "NFd": -1,
        "MemoryLimit": False,
        "SwapLimit": False,
        "LoggingDriver": "json-file",
        "DockerRootDir": "C:\\ProgramData\\docker",
        "ServerVersion": preset.engine,
        "SecurityOptions": None,
        "Warnings": None,
        "Plugins": {"Volume": ["local"], "Network": ["ics", "internal", "l2bridge", "nat", "null", "transparent"]},
    }


@answers("GET", "/version", "moby/moby daemon/info_windows.go")
def version_in_windows_shape(call: Call) -> None:
    """/version tells Windows, one component, and the span of API versions."""
    preset = call.proxy.preset
    details = {"Os": "windows", "Arch": "amd64", "KernelVersion": preset.kernel, "ApiVersion": preset.api}
    call.answer = {
        **details,
        "Platform": {"Name": "Docker Engine - Community"},
        "Version": preset.engine,
        "MinAPIVersion": preset.min_api,
        "Components": [{"Name": "Engine", "Version": preset.engine, "Details": details}],
    }


# -- images -----------------------------------------------------------------------------------------------------


@answers("GET", "/images/.+/json", "MicrosoftDocs/Virtualization-Documentation update-containers.md")
def image_tells_its_build(call: Call) -> None:
    """Image inspect has Os windows and an OsVersion of four parts."""
    preset = call.proxy.preset
    reference = call.path.removeprefix("/images/").removesuffix("/json")
    fitting = f"10.0.{preset.image_build}.{preset.image_revision}"
    call.answer["Os"], call.answer["OsVersion"] = call.proxy.images.get(reference, ("windows", fitting))
    if call.answer["Os"] == "linux":
        del call.answer["OsVersion"]


@refuses("POST", "/images/create", "moby/moby daemon/internal/distribution/pull_v2_windows.go")
def no_linux_image_is_pulled(call: Call) -> None:
    """A list without an image for this build is refused, as that of a Linux image is."""
    build = call.proxy.preset.build
    raise Refused(404, f"no matching manifest for windows(10.0.{build})/amd64 in the manifest list entries")


@refuses("POST", "/build", "moby/moby daemon/server/router/build/build_routes.go")
def no_security_options_in_builds(call: Call) -> None:
    """Security options of a build are refused."""
    if call.query.get("securityopt"):
        raise Refused(
            400,
            "The daemon on this platform does not support setting security options on build: "
            "security options are not supported on windows",
        )


# -- create -----------------------------------------------------------------------------------------------------

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


@refuses("POST", CREATE, HOSTCONFIG)
def no_privileged_containers(call: Call) -> None:
    """Privileged containers are refused."""
    if call.host_config.get("Privileged"):
        raise Refused(400, "invalid option: privileged mode is not supported for Windows containers")


@refuses("POST", CREATE, HOSTCONFIG)
def no_read_only_root(call: Call) -> None:
    """A read-only root file system is refused."""
    if call.host_config.get("ReadonlyRootfs"):
        raise Refused(400, "invalid option: read-only mode is not supported for Windows containers")


@refuses("POST", CREATE, HOSTCONFIG)
def no_real_time_cpu(call: Call) -> None:
    """Real-time options of the processor are refused."""
    for name, said in (("CpuRealtimePeriod", "period"), ("CpuRealtimeRuntime", "runtime")):
        if call.host_config.get(name):
            raise Refused(400, f"invalid option: CPU real-time {said} is not supported for Windows containers")


@refuses("POST", CREATE, DAEMON)
def no_linux_resources(call: Call) -> None:
    """Sixteen limits that only Linux has are refused by name."""
    for name in UNSUPPORTED:
        if call.host_config.get(name):
            raise Refused(
                400, f"invalid option: Windows does not support {name.replace('Cpu', 'CPU', name == 'CpuPeriod')}"
            )
    if call.host_config.get("MemorySwappiness") not in (None, -1):
        raise Refused(400, "invalid option: Windows does not support MemorySwappiness")


@refuses("POST", CREATE, DAEMON)
def linux_options_do_nothing(call: Call) -> None:
    """Fourteen options that only Linux has are taken and ignored."""
    for name in IGNORED:
        call.host_config.pop(name, None)


@refuses("POST", CREATE, HOSTCONFIG)
def isolation_is_one_of_three(call: Call) -> None:
    """An isolation other than default, process and hyperv is refused."""
    asked = call.host_config.get("Isolation") or "default"
    if asked not in {"default", "process", "hyperv"}:
        raise Refused(400, f"invalid isolation ({asked}): Windows supports 'default', 'process', or 'hyperv'")


@refuses("POST", CREATE, HOSTCONFIG)
def hyperv_shares_no_network_stack(call: Call) -> None:
    """Another container's network with Hyper-V isolation is refused."""
    if _isolation(call) == "hyperv" and str(call.host_config.get("NetworkMode")).startswith("container:"):
        raise Refused(
            400,
            "invalid network-mode: using the network stack of another container is not supported while using "
            "Hyper-V Containers",
        )


@refuses("POST", CREATE, DAEMON)
def one_limit_for_processors(call: Call) -> None:
    """NanoCpus beside CpuPercent or CpuShares is refused."""
    config = call.host_config
    for name, said in (("CpuPercent", "CPU Percent"), ("CpuShares", "CPU Shares")):
        if config.get("NanoCpus") and config.get(name):
            raise Refused(400, f"conflicting options: Nano CPUs and {said} cannot both be set")


@refuses("POST", CREATE, "moby/moby daemon/container.go")
def working_directory_is_absolute(call: Call) -> None:
    """A working directory without a drive is refused."""
    given = call.body.get("WorkingDir")
    if given and not PureWindowsPath(given).is_absolute():
        raise Refused(400, f"the working directory '{given}' is invalid, it needs to be an absolute path")
    if given:
        call.body["WorkingDir"] = windows_path(given)


# -- mounts -----------------------------------------------------------------------------------------------------


def _mounts(call: Call) -> list[dict[str, Any]]:
    return call.host_config.get("Mounts") or []


def _is_pipe(path: str) -> bool:
    return path.replace("/", "\\").lower().startswith("\\\\.\\pipe\\")


@refuses("POST", CREATE, MOUNTS)
def mounts_are_folders_volumes_or_pipes(call: Call) -> None:
    """A mount of type tmpfs or image is refused."""
    for mount in _mounts(call):
        if mount["Type"] not in {"bind", "volume", "npipe"}:
            raise Refused(400, f'invalid mount config for type "{mount["Type"]}": mount type unknown')


@refuses("POST", CREATE, MOUNTS)
def mount_targets_have_a_drive(call: Call) -> None:
    """A mount's target without a drive, as Linux paths and relative ones are, is refused."""
    for mount in _mounts(call):
        if not PureWindowsPath(mount["Target"]).is_absolute() and not _is_pipe(mount["Target"]):
            raise Refused(
                400,
                f"invalid mount config for type \"{mount['Type']}\": invalid mount path: '{mount['Target']}'",
            )
    for spec in call.host_config.get("Binds") or []:
        if not re.fullmatch(r"(.+):([A-Za-z]:[\\/].*?)(:r[ow])?", spec):
            raise Refused(500, f"invalid volume specification: '{spec}'")


@refuses("POST", CREATE, MOUNTS)
def no_mount_to_a_drive(call: Call) -> None:
    """A mount to c: or c:\\ itself is refused."""
    for mount in _mounts(call):
        target = mount["Target"].replace("/", "\\").lower()
        if target in {"c:", "c:\\"}:
            raise Refused(
                400,
                f'invalid mount config for type "{mount["Type"]}": destination path ({target}) cannot be '
                "'c:' or 'c:\\'",
            )


@refuses("POST", CREATE, MOUNTS)
def mount_sources_exist(call: Call) -> None:
    """A mount's source that is missing is refused, never made."""
    for mount in _mounts(call):
        if mount["Type"] == "bind" and not Path(mount["Source"]).exists():
            raise Refused(
                400, f'invalid mount config for type "bind": bind source path does not exist: {mount["Source"]}'
            )


@refuses("POST", CREATE, MOUNTS)
def no_mount_of_a_file(call: Call) -> None:
    """A mount of a single file is refused."""
    for mount in _mounts(call):
        if mount["Type"] == "bind" and Path(mount["Source"]).is_file():
            raise Refused(400, 'invalid mount config for type "bind": source path must be a directory')


@refuses("POST", CREATE, "moby/moby daemon/errors.go")
def mount_targets_differ_by_more_than_case(call: Call) -> None:
    """Two mounts whose targets differ in case only are refused."""
    seen = set()
    for mount in _mounts(call):
        target = mount["Target"].replace("/", "\\").lower()
        if target in seen:
            raise Refused(400, f"Duplicate mount point: {target}")
        seen.add(target)


@refuses("POST", CREATE, MOUNTS)
def mount_targets_become_lower_case(call: Call) -> None:
    """Targets of mounts are turned to lower case."""
    for mount in _mounts(call):
        mount["Target"] = windows_path(mount["Target"].lower())


@refuses("POST", "/volumes/create", "moby/moby daemon/volume/local/local_windows.go")
def volumes_take_no_options(call: Call) -> None:
    """Options of a volume's driver are refused."""
    if call.body.get("DriverOpts"):
        raise Refused(400, "options are not supported on this platform")


@refuses("POST", "/volumes/create", MOUNTS)
def volume_names_are_not_devices(call: Call) -> None:
    """A volume called like a device, such as con, is refused."""
    name = call.body.get("Name") or ""
    if re.fullmatch(r"(?i)con|prn|nul|aux|com[1-9]|lpt[1-9]", name):
        raise Refused(500, f'volume name "{name}" cannot be a reserved word for Windows filenames')


# -- the container behind it ------------------------------------------------------------------------------------


def _isolation(call: Call) -> str:
    asked = call.host_config.get("Isolation") or "default"
    return call.proxy.preset.isolation if asked == "default" else asked


@refuses("POST", CREATE, "moby/moby daemon/create_windows.go")
def isolation_is_resolved(call: Call) -> None:
    """Inspect has the isolation that counts, and Hyper-V containers without a limit have 1 GB (docker/for-win#321)."""
    config = call.host_config
    call.resolved = Container(  # type: ignore[attr-defined]
        isolation=_isolation(call),
        image=call.body["Image"],
        host_config=copy.deepcopy(config),
    )
    config.pop("Isolation", None)
    if _isolation_of(call) == "hyperv" and not config.get("Memory"):
        config["Memory"] = 1024**3
    page = call.proxy.preset.code_page if _isolation_of(call) == "process" else "utf-8"
    call.body["Env"] = [*(call.body.get("Env") or []), f"WINDOWS_CODE_PAGE={page}"]
    call.body["Labels"] = {**(call.body.get("Labels") or {}), VIEW: call.proxy.id}
    # On Linux only an address is refused at start; keep what was asked for away from the real engine.
    for bindings in (config.get("PortBindings") or {}).values():
        for binding in bindings or []:
            binding["HostIp"] = ""


def _isolation_of(call: Call) -> str:
    return call.resolved.isolation  # type: ignore[attr-defined]


@answers("POST", CREATE, "the proxy's own book-keeping")
def containers_are_remembered(call: Call) -> None:
    """What was created is known by its id."""
    call.proxy.containers[call.answer["Id"]] = call.resolved  # type: ignore[attr-defined]


@refuses("GET", "/containers/json|/events", "the proxy's own book-keeping")
def only_its_own_containers_show(call: Call) -> None:
    """Lists and events tell of this engine's own containers only."""
    filters = json.loads(call.query.get("filters") or "{}")
    labels = filters.get("label") or []
    labels = [label for label, on in labels.items() if on] if isinstance(labels, dict) else list(labels)
    if call.path == "/events" and not labels:
        return
    filters["label"] = [*labels, f"{VIEW}={call.proxy.id}"]
    call.query["filters"] = json.dumps(filters)


@answers("GET", f"{ONE}/json", "moby/moby daemon/inspect.go, api/docs/CHANGELOG.md")
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


@answers("GET", "/containers/json", "the proxy's own book-keeping")
def lists_hide_the_proxys_label(call: Call) -> None:
    """The label by which the proxy knows its containers is not shown."""
    for one in call.answer:
        one["Labels"].pop(VIEW, None)


# -- start ------------------------------------------------------------------------------------------------------


def build_of(call: Call, image: str) -> tuple[int, int]:
    preset = call.proxy.preset
    _, version = call.proxy.images.get(image, ("windows", f"10.0.{preset.image_build}.{preset.image_revision}"))
    _, _, build, revision = map(int, version.split("."))
    return build, revision


@refuses("POST", f"{ONE}/start", "MicrosoftDocs/Virtualization-Documentation version-compatibility.md")
def builds_match(call: Call) -> None:
    """An image of a build that the host does not run with this isolation is created, and refused at start."""
    known, preset = call.container, call.proxy.preset
    if known is None:
        return
    build, revision = build_of(call, known.image)
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


@refuses("POST", f"{ONE}/start", "microsoft/Windows-Containers#591, actions/runner-images#11582")
def no_newer_updates_than_the_host(call: Call) -> None:
    """On 2019 and 2025 an image with later updates than its host ends at start under process isolation."""
    known, preset = call.container, call.proxy.preset
    if known is None or known.isolation != "process" or preset.build not in {17763, 26100}:
        return
    build, revision = build_of(call, known.image)
    if build == preset.build and revision > preset.revision:
        raise Refused(
            500,
            f"container {call.words[1]} encountered an error during hcs::System::Start: failure in a Windows system "
            "call: The virtual machine or container exited unexpectedly. (0xc0370106)",
        )


@refuses("POST", f"{ONE}/start", NAT)
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


@refuses("POST", f"{ONE}/start", NAT)
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


@refuses("POST", f"{ONE}/start", "the faults that a test asked for")
def faults_strike(call: Call) -> None:
    """A share of the calls, or those beyond a number at once, fail with real texts when a test asks for it."""
    if call.proxy.faults is not None:
        call.proxy.faults.start(call)


@refuses("POST", f"{ONE}/start", "docker/for-win#2399, rancher/rancher#10567")
def every_start_has_another_address(call: Call) -> None:
    """A container that was started before gets another address."""
    known = call.container
    call.placeholders = []  # type: ignore[attr-defined]
    image = call.inspect()["Image"]
    while known is not None and known.address and len(call.placeholders) < 50:  # type: ignore[attr-defined]
        # The real engine gives the lowest address that is free: have something else take it, and those below it that
        # other tests have let go of.
        _, made = call.proxy.upstream(
            "POST",
            CREATE,
            {
                "Image": image,
                "Entrypoint": ["sleep", "30"],
                "Cmd": [],
                "HostConfig": {"NetworkMode": "nat", "AutoRemove": True},
            },
        )
        call.placeholders.append(made["Id"])  # type: ignore[attr-defined]
        call.proxy.upstream("POST", f"/containers/{made['Id']}/start")
        if _address(call, made["Id"]) == known.address:
            break


@_rule("POST", f"{ONE}/start", "the proxy's own book-keeping", when="answered")
def addresses_are_remembered(call: Call) -> None:
    """The address that a container has is known, and what held the old one is gone."""
    known = call.container
    if known is not None:
        known.address = _address(call, call.words[1])
    _forget_placeholders(call)


@_rule("POST", f"{ONE}/start", "the proxy's own book-keeping", when="failed")
def addresses_are_free_again(call: Call) -> None:
    """After a failed start, too, what held the old address is gone."""
    _forget_placeholders(call)


def _address(call: Call, container: str) -> str:
    return str(call.inspect(container)["NetworkSettings"]["Networks"].get("nat", {}).get("IPAddress") or "")


def _forget_placeholders(call: Call) -> None:
    for one in getattr(call, "placeholders", ()):
        call.proxy.upstream("DELETE", f"/containers/{one}?force=true")


# -- stop, kill, remove -----------------------------------------------------------------------------------------


@refuses("POST", f"{ONE}/stop", "moby/moby#25982, microsoft/Windows-Containers#16")
def iis_is_slow_to_stop(call: Call) -> None:
    """On 2025 a stop of IIS takes minutes, whatever time it is given."""
    known = call.container
    if known is not None and "aspnet" in known.image and call.proxy.preset.slow_stop:
        time.sleep(call.proxy.preset.slow_stop)


@refuses("POST", f"{ONE}/kill", "moby/moby daemon/kill.go")
def few_signals_are_known(call: Call) -> None:
    """Signals that Windows does not know are refused."""
    signal = call.query.get("signal") or "SIGKILL"
    known = {"SIGKILL", "KILL", "9", "SIGTERM", "TERM", "15", "SIGINT", "INT", "2", "SIGABRT", "SIGFPE", "SIGSEGV"}
    if signal.upper() not in known:
        raise Refused(400, f"the windows daemon does not support signal {signal}")


@refuses("POST", f"{ONE}/(pause|unpause)", "moby/moby daemon/pause.go")
def only_hyperv_pauses(call: Call) -> None:
    """Pause is refused under process isolation."""
    known = call.container
    if known is None or known.isolation == "process":
        raise Refused(
            500, f"cannot pause container {call.words[1]}: not implemented for containers using process isolation"
        )


@refuses("POST", f"{ONE}/update", "moby/moby daemon/container/container_windows.go")
def limits_stay(call: Call) -> None:
    """Changing the limits of a container is refused."""
    if any(value for name, value in call.body.items() if name != "RestartPolicy"):
        raise Refused(400, "resource updating isn't supported on Windows")


@refuses("DELETE", ONE, "moby/moby daemon/delete.go")
def running_containers_are_not_removed(call: Call) -> None:
    """Removing what runs is refused without force."""
    forced = call.query.get("force", "").lower() in {"1", "true"}
    if not forced and call.inspect()["State"]["Running"]:
        raise Refused(409, "container is running: stop the container before removing or force remove")


@refuses("DELETE", ONE, "the faults that a test asked for")
def removals_fail_in_passing(call: Call) -> None:
    """A share of the removals fails with real texts when a test asks for it."""
    if call.proxy.faults is not None:
        call.proxy.faults.other("remove", call)


# -- exec, top, logs --------------------------------------------------------------------------------------------

PROGRAMS = {"cmd", "powershell", "ipconfig", "tar", "box", "netsh", "appcmd", "mysqldump"}
"""What stand-in guests have; all else is refused as a program that is not there."""
ACCOUNTS = {"containeradministrator": "0:0", "nt authority\\system": "0:0", "containeruser": "1000:1000"}


@refuses("POST", f"{ONE}/exec", "moby/moby daemon/oci_windows.go")
def words_become_a_command_line(call: Call) -> None:
    """A command's words are joined to one line by the rules of C programs, which the program takes apart again."""
    words = call.body["Cmd"]
    program = PureWindowsPath(words[0]).name.lower().removesuffix(".exe")
    call.body["Cmd"] = ["/windows/run", command_line(words)] if program in PROGRAMS else ["/windows/nothing", words[0]]


@refuses("POST", f"{ONE}/exec", "docker/docs#9870")
def accounts_are_windows_own(call: Call) -> None:
    """A command runs as one of Windows's own accounts; another is only found wanting when it is to run."""
    user = (call.body.get("User") or "").lower()
    if user:
        call.body["User"] = ACCOUNTS.get(user, "")
        if user not in ACCOUNTS:
            call.body["Cmd"] = ["/windows/nobody", user]


@refuses("POST", "/exec/[^/]+/start", "docker/for-win#6551, moby/moby daemon/errors.go")
def programs_are_looked_for_at_start(call: Call) -> None:
    """A program that the image does not have is refused when it is to run, with 400."""
    _, told = call.proxy.upstream("GET", f"/exec/{call.words[1]}/json")
    process = (told or {}).get("ProcessConfig") or {}
    if process.get("entrypoint") == "/windows/nothing":
        raise Refused(
            400,
            f"container {told['ContainerID']} encountered an error during hcs::System::CreateProcess: failure in a "
            f"Windows system call: The system cannot find the file specified. (0x2): {process['arguments'][0]}",
        )
    if process.get("entrypoint") == "/windows/nobody":
        raise Refused(
            500,
            f"container {told['ContainerID']} encountered an error during hcs::System::CreateProcess: failure in a "
            "Windows system call: The user name or password is incorrect. (0x52e)",
        )


@_rule("POST", f"{ONE}/start", "moby/moby daemon/errors.go", when="failed")
def programs_that_are_missing_fail_the_start(call: Call) -> None:
    """A container whose program the image does not have is refused at start, with 400."""
    words = str(call.answer.get("message"))
    if "executable file not found" in words or "no such file or directory" in words:
        command = command_line([*(call.inspect()["Config"].get("Entrypoint") or []), *call.inspect()["Config"]["Cmd"]])
        call.status = 400
        call.answer = {
            "message": f"container {call.words[1]} encountered an error during hcs::System::CreateProcess: failure in a "
            "Windows system call: The system cannot find the file specified. (0x2) extra info: "
            f'{{"CommandLine":"{command}"}}'
        }


@refuses("GET", f"{ONE}/top", "moby/moby daemon/top_windows.go")
def top_takes_no_arguments(call: Call) -> None:
    """Arguments to top are refused."""
    if call.query.get("ps_args"):
        raise Refused(500, "Windows does not support arguments to top")


# -- archive, commit --------------------------------------------------------------------------------------------


@refuses("GET PUT HEAD", f"{ONE}/archive", "moby/moby daemon/archive_windows.go")
def no_archives_of_running_hyperv_containers(call: Call) -> None:
    """Copying from or to a Hyper-V container is refused while it runs."""
    known = call.container
    if known is not None and known.isolation == "hyperv" and call.inspect()["State"]["Running"]:
        raise Refused(500, "filesystem operations against a running Hyper-V container are not supported")


@refuses("GET PUT HEAD", f"{ONE}/archive", "moby/moby daemon/archive_windows.go")
def archives_do_not_see_mounts(call: Call) -> None:
    """Copying sees the container's own files, on the system drive, and none of a mount."""
    path = call.query["path"]
    drive = PureWindowsPath(path).drive.lower()
    if drive not in {"", "c:"}:
        raise Refused(500, f"the path {path} is not on the system drive")
    call.query["path"] = windows_path(path)
    for mount in call.inspect()["Mounts"]:
        if (call.query["path"] + "/").startswith(mount["Destination"] + "/"):
            raise Refused(404, f"Could not find the file {path} in container {call.words[1]}")


@refuses("POST", "/commit", "moby/moby daemon/commit.go")
def no_commit_of_running_containers(call: Call) -> None:
    """Commit of a running container is refused."""
    if call.inspect(call.query["container"])["State"]["Running"]:
        raise Refused(500, "windows does not support commit of a running container")


@refuses("GET", f"{ONE}/changes", "moby/moby daemon/changes.go")
def no_diff_of_running_containers(call: Call) -> None:
    """Diff of a running container is refused."""
    if call.inspect()["State"]["Running"]:
        raise Refused(500, "Windows does not support diff of a running container")


@refuses("GET", f"{ONE}/export", "moby/moby daemon/export.go")
def no_export(call: Call) -> None:
    """Export is refused."""
    raise Refused(500, "the daemon on this operating system does not support exporting Windows containers")


# -- networks ---------------------------------------------------------------------------------------------------


def _as_nat(network: dict[str, Any]) -> dict[str, Any]:
    if network["Name"] == "none":
        return {**network, "Driver": "null"}
    options = {"com.docker.network.windowsshim.networkname": network["Name"]}
    return {**network, "Driver": "nat", "IPAM": {**network["IPAM"], "Driver": "windows"}, "Options": options}


@answers("GET", "/networks", "moby/moby daemon/network.go")
def networks_are_nat_and_none(call: Call) -> None:
    """There is nat from the start, and none; no bridge and no host."""
    call.answer = [_as_nat(one) for one in call.answer if one["Name"] not in {"bridge", "host"}]
    if not call.proxy.preset.server:
        call.answer.append({"Name": "Default Switch", "Id": "ics", "Driver": "ics", "Scope": "local", "Labels": {}})


@refuses("POST", "/networks/create", "moby/moby daemon/network.go")
def nat_is_not_made(call: Call) -> None:
    """Making nat or none is refused."""
    if call.body["Name"] in {"nat", "none"}:
        raise Refused(403, f"operation is not permitted on predefined {call.body['Name']} network ")


@refuses("POST", "/networks/create", "moby/moby daemon/libnetwork/controller.go")
def drivers_are_windows_own(call: Call) -> None:
    """A network with a Linux driver is refused."""
    driver = call.body.get("Driver") or "nat"
    if driver not in {"nat", "transparent", "l2bridge", "l2tunnel", "overlay", "internal", "private", "ics", "null"}:
        raise Refused(404, f'plugin "{driver}" not found')
    call.body["Driver"] = "bridge"


@refuses("POST", "/networks/create", "docker/for-win#750, moby/moby#30280")
def one_range_of_addresses_on_2016(call: Call) -> None:
    """On 2016 a network outside the one NAT range is refused."""
    if call.proxy.preset.one_prefix:
        raise Refused(500, "HNS failed with error : The parameter is incorrect. ")


@refuses("DELETE", "/networks/[^/]+", "moby/moby daemon/network.go")
def nat_is_not_removed(call: Call) -> None:
    """Removing nat or none is refused."""
    _, told = call.proxy.upstream("GET", call.path)
    name = (told or {}).get("Name") or call.words[1]
    if name in {"nat", "none"}:
        raise Refused(403, f"{name} is a pre-defined network and cannot be removed")


@refuses("POST", "/networks/[^/]+/connect", "moby/moby#51589, docker/for-win#3699")
def running_hyperv_containers_get_no_network(call: Call) -> None:
    """Connecting a running Hyper-V container is refused."""
    known = call.proxy.containers.get(call.inspect(call.body["Container"])["Id"])
    if known is not None and known.isolation == "hyperv" and call.inspect(call.body["Container"])["State"]["Running"]:
        raise Refused(500, "unsupported platform request")


def as_markdown() -> str:
    """The table for the documentation: every rule with its source and the tests that are marked with it."""
    from . import standins  # noqa: F401 - it has a rule of its own

    tests = marked()
    rows = [["rule", "what it does", "source", "tests"], ["---"] * 4]
    for rule in sorted(RULES, key=lambda rule: rule.name):
        # Of the proxy itself, not of Windows.
        if not rule.source.startswith(("the proxy's", "the faults")):
            rows.append([f"`{rule.name}`", rule.says, rule.source, "<br>".join(tests.get(rule.name, []))])
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def marked() -> dict[str, list[str]]:
    """The tests that are marked with each rule, as file::function."""
    found: dict[str, list[str]] = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for mark in getattr(node, "decorator_list", ()):
                if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "rule":
                    for name in mark.args:
                        found.setdefault(name.value, []).append(f"`{path.name}::{node.name}`")  # type: ignore[attr-defined]
    return found
