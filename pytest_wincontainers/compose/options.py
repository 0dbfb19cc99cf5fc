"""Every option of the Compose specification: whether it is supported, has no effect here, or is refused, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """What becomes of an option."""

    SUPPORTED = "supported"
    NO_EFFECT = "no effect"
    REFUSED = "refused"


@dataclass(frozen=True)
class Option:
    """An option's outcome, and why it is so unless it is supported."""

    outcome: Outcome
    why: str = ""


def _supported(names: str) -> Iterator[tuple[str, Option]]:
    return ((name, Option(Outcome.SUPPORTED)) for name in names.split())


def _no_effect(names: str, why: str) -> Iterator[tuple[str, Option]]:
    return ((name, Option(Outcome.NO_EFFECT, why)) for name in names.split())


def _refused(names: str, why: str) -> Iterator[tuple[str, Option]]:
    return ((name, Option(Outcome.REFUSED, why)) for name in names.split())


def _table(*rows: Iterable[tuple[str, Option]]) -> Mapping[str, Option]:
    return {name: option for row in rows for name, option in row}


FILE = _table(
    _supported("name include services networks volumes secrets configs"),
    _no_effect("version", "the version is not needed any more"),
    _refused("models", "language models are not started here"),
)
"""The options at the top of a file."""

SERVICE = _table(
    _supported(
        "build command configs container_name depends_on deploy entrypoint env_file environment expose extends "
        "healthcheck hostname image isolation label_file labels links mem_limit network_mode networks ports "
        "profiles scale secrets user volumes working_dir"
    ),
    _no_effect("annotations", "nothing here reads annotations"),
    _no_effect("attach logging", "all output is kept in .wincontainers"),
    _no_effect("blkio_config", "disk access is not limited"),
    _no_effect("cap_drop", "containers have the engine's default capabilities"),
    _no_effect("cgroup cgroup_parent", "containers run in the engine's default control group"),
    _no_effect(
        "cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset",
        "CPU time is not limited",
    ),
    _no_effect("develop", "nothing is watched during a test run"),
    _no_effect("domainname", "containers are found by the names of services, host names and aliases"),
    _no_effect("init", "the container is removed with all its processes"),
    _no_effect(
        "mem_reservation mem_swappiness memswap_limit oom_kill_disable oom_score_adj",
        "of memory, only the limit is set",
    ),
    _no_effect("pids_limit ulimits", "processes are not limited"),
    _no_effect("platform", "images are for the engine's own platform"),
    _no_effect("pre_stop stop_grace_period stop_signal", "containers are removed when the run ends"),
    _no_effect("pull_policy pull_refresh_after", "an image that is missing is pulled"),
    _no_effect("read_only storage_opt tmpfs", "the container's file system is writable and removed with it"),
    _no_effect("restart", "a container that ends is an error of the tests that need it"),
    _no_effect("shm_size", "shared memory has the engine's default size"),
    _no_effect("stdin_open tty", "containers have no terminal"),
    _refused("cap_add privileged security_opt", "containers get no further rights here"),
    _refused("credential_spec", "group managed service accounts are not supported"),
    _refused("device_cgroup_rules devices gpus", "devices are not passed to containers"),
    _refused("dns dns_opt dns_search", "the engine's name server is used, which knows the other containers"),
    _refused("external_links", "containers of other projects cannot be reached"),
    _refused("extra_hosts", "names cannot be added to a container's hosts file; give the service an alias instead"),
    _refused("group_add", "users get no further groups"),
    _refused("ipc pid userns_mode uts", "containers share no namespaces with others or with the host"),
    _refused("mac_address", "the engine chooses the MAC address"),
    _refused("models", "language models are not started here"),
    _refused("post_start", "hooks are not run; use prepare= of the kind that is given to the service"),
    _refused("provider", "a service needs an image or a build"),
    _refused("runtime", "the engine's default runtime is used"),
    _refused("sysctls", "kernel parameters are not set"),
    _refused("use_api_socket", "the engine's socket is not passed to containers"),
    _refused("volumes_from", "containers share no volumes; mount one directory in both"),
)
"""The options of a service."""

PARTS: Mapping[str, Mapping[str, Option]] = {
    "build": _table(
        _supported("context dockerfile dockerfile_inline args target network"),
        _no_effect("labels", "the image has labels of the plugin's own"),
        _no_effect("cache_from cache_to no_cache pull", "images are built when their files change"),
        _no_effect("isolation", "the isolation of builds is chosen from the host's version"),
        _no_effect("platforms provenance sbom tags", "the image is for this engine only"),
        _no_effect("shm_size ulimits", "builds are not limited"),
        _refused("additional_contexts", "a build has one context"),
        _refused("entitlements privileged", "builds get no further rights"),
        _refused("extra_hosts", "names cannot be added for a build"),
        _refused("secrets ssh", "builds get no secrets"),
    ),
    "healthcheck": _table(
        _supported("test interval timeout start_period retries disable"),
        _no_effect("start_interval", "the check is run at once until it passes"),
    ),
    "deploy": _table(
        _supported("resources replicas"),
        _no_effect(
            "endpoint_mode labels mode placement restart_policy rollback_config update_config",
            "containers are not deployed to a cluster",
        ),
    ),
    "deploy.resources": _table(
        _supported("limits"),
        _no_effect("reservations", "nothing is reserved"),
    ),
    "deploy.resources.limits": _table(
        _supported("memory"),
        _no_effect("cpus", "CPU time is not limited"),
        _no_effect("pids", "processes are not limited"),
    ),
    "networks": _table(
        _supported("aliases"),
        _no_effect("driver_opts gw_priority interface_name priority", "there is one network"),
        _refused("ipv4_address ipv6_address link_local_ips mac_address", "the engine chooses the address"),
    ),
}
"""The options of a service's parts; those of `networks` are of each network."""


@dataclass(frozen=True)
class Row:
    """A row of the table in the documentation."""

    name: str
    option: Option


def rows() -> Iterator[Row]:
    """All options, with the names that users know: `version`, `services.*.image`, `services.*.build.args`."""
    yield from (Row(name, option) for name, option in FILE.items())
    yield from (Row(f"services.*.{name}", option) for name, option in SERVICE.items())
    for part, options in PARTS.items():
        below = f"{part}.*" if part == "networks" else part
        yield from (Row(f"services.*.{below}.{name}", option) for name, option in options.items())
