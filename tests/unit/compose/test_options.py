"""Every option of the specification has an outcome, and each that is not supported has a reason."""

import pytest

from pytest_wincontainers.compose.options import FILE, PARTS, SERVICE, Option, Outcome, rows
from pytest_wincontainers.compose.schema import SERVICE_READERS

# compose-spec/compose-go, schema/compose-spec.json.
SPECIFICATION = """
annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name cpu_count
cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec depends_on deploy
develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file environment expose extends
external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation label_file labels links logging
mac_address mem_limit mem_reservation mem_swappiness memswap_limit models network_mode networks oom_kill_disable
oom_score_adj pid pids_limit platform ports post_start pre_stop privileged profiles provider pull_policy
pull_refresh_after read_only restart runtime scale secrets security_opt shm_size stdin_open stop_grace_period stop_signal
storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes volumes_from working_dir
""".split()  # noqa: SIM905

BUILD = """
context dockerfile dockerfile_inline entitlements args ssh labels cache_from cache_to no_cache additional_contexts network
provenance sbom pull target shm_size extra_hosts isolation privileged secrets tags ulimits platforms
""".split()  # noqa: SIM905


def test_every_option_of_a_service_is_in_the_table():
    assert sorted(SERVICE) == sorted(SPECIFICATION)
    assert sorted(SERVICE_READERS) == sorted(SPECIFICATION)


def test_every_option_of_a_build_is_in_the_table():
    assert sorted(PARTS["build"]) == sorted(BUILD)


def test_every_option_at_the_top_is_in_the_table():
    assert sorted(FILE) == [
        "configs",
        "include",
        "models",
        "name",
        "networks",
        "secrets",
        "services",
        "version",
        "volumes",
    ]


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.name)
def test_what_is_not_supported_has_a_reason(row):
    assert isinstance(row.option, Option)
    assert (row.option.outcome is Outcome.SUPPORTED) == (row.option.why == "")
    assert not row.option.why.endswith(".")
