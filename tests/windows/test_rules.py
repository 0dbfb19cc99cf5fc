"""The rules themselves: what a client is told, in which words, with which status."""

import io
import json
import re
import tarfile
from dataclasses import replace

import docker.errors
import docker.types
import pytest

from pytest_wincontainers.failures import find_failure
from pytest_wincontainers.services.images import OWN_IMAGES
from tests.kit import commands
from tests.windows import rules, standins
from tests.windows.presets import PRESETS
from tests.windows.proxy import Platform
from tests.windows.rules.start import EXCLUDED

on = pytest.mark.parametrize
rule = pytest.mark.rule

pytestmark = pytest.mark.every_host


def only(*names):
    return on("engine", names, indirect=True)


server = only("server2022")


def refusal(call, *arguments, **options):
    """Status and text of the engine's refusal."""

    def ask():
        answer = call(*arguments, **options)
        if not isinstance(answer, (dict, list, str, bytes, type(None))):
            list(answer)

    with pytest.raises(docker.errors.APIError) as refused:
        ask()
    return refused.value.status_code, refused.value.explanation


def post(engine, path, body=None, **query):
    """A request that the SDK would not make."""
    api = engine.client.api
    answer = api._post(api._url(path), params=query, json=body)
    return answer.status_code, answer.json().get("message") if answer.content else None


def create_with(engine, **host_config):
    body = {"Image": standins.box(), "Cmd": ["box", "sleep"], "HostConfig": {"NetworkMode": "nat", **host_config}}
    return post(engine, "/containers/create", body)


@rule("info_in_windows_shape", "version_in_windows_shape")
def test_info_and_version(engine):
    if not engine.windows:
        assert engine.client.info()["OSType"] == "linux"
        return
    preset = PRESETS[engine.name]
    info, version = engine.client.info(), engine.client.version()
    assert (info["OSType"], info["OSVersion"]) == ("windows", f"10.0.{preset.build}")
    assert info["OperatingSystem"].endswith(f"(OS Build {preset.build}.{preset.revision})")
    assert ("Server" in info["OperatingSystem"]) == (info["Isolation"] == "process")
    assert "CgroupVersion" not in info
    assert (version["Os"], version["ApiVersion"], version["MinAPIVersion"]) == ("windows", preset.api, preset.min_api)
    assert [one["Name"] for one in version["Components"]] == ["Engine"]


@server
def test_api_versions(engine):
    status, text = refusal(docker.DockerClient(base_url=engine.url, version="1.41").ping)
    assert (status, text.split(".")[0]) == (400, "client version 1")
    assert "Minimum supported API version is 1.44" in text
    assert (
        "Maximum supported API version is 1.52"
        in refusal(docker.DockerClient(base_url=engine.url, version="1.99").ping)[1]
    )


@rule("image_tells_its_build")
@server
def test_an_image_tells_its_build(engine):
    told = engine.client.api.inspect_image(standins.box())
    assert (told["Os"], told["OsVersion"]) == ("windows", "10.0.20348.5499")


@rule("no_linux_image_is_pulled")
@server
def test_a_linux_image_is_not_pulled(engine):
    status, text = refusal(engine.client.api.pull, "debian", "stable", stream=True)
    assert (status, text) == (404, "no matching manifest for windows(10.0.20348)/amd64 in the manifest list entries")


@rule("builds_begin_with_windows", "no_security_options_in_builds")
@server
def test_builds(engine, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM debian:bookworm-slim\n")
    assert "no matching manifest" in refusal(engine.client.api.build, str(tmp_path), decode=True)[1]
    assert post(engine, "/build", securityopt="[]")[1].endswith("security options are not supported on windows")


def built(engine, base, **limits):
    """The error that a build of an own image on this base ends with."""
    context = str(OWN_IMAGES / "windows" / "mysql")
    (answer,) = engine.client.api.build(
        context, decode=True, buildargs={"BASE": f"mcr.microsoft.com/windows/servercore:{base}"}, **limits
    )
    return answer["error"]


@rule("hyperv_builds_have_little_memory")
@only("windows11")
def test_builds_under_hyperv(engine):
    assert "non-zero code: 2147942414" in built(engine, "ltsc2022")


@rule("no_builds_on_newer_updates_than_the_host")
@only("server2025")
def test_builds_on_a_base_with_later_updates(engine, monkeypatch):
    monkeypatch.setattr(engine.proxy, "preset", replace(engine.proxy.preset, image_revision=99999))
    assert "(0xc0370106)" in built(engine, "ltsc2025")


@rule(
    "no_privileged_containers",
    "no_read_only_root",
    "no_real_time_cpu",
    "isolation_is_one_of_three",
    "one_limit_for_processors",
)
@server
@on(
    ("options", "status", "text"),
    [
        ({"Privileged": True}, 400, "invalid option: privileged mode is not supported for Windows containers"),
        ({"ReadonlyRootfs": True}, 400, "invalid option: read-only mode is not supported for Windows containers"),
        ({"CpuRealtimePeriod": 1}, 400, "invalid option: CPU real-time period is not supported for Windows containers"),
        (
            {"CpuRealtimeRuntime": 1},
            400,
            "invalid option: CPU real-time runtime is not supported for Windows containers",
        ),
        ({"MemorySwappiness": 10}, 400, "invalid option: Windows does not support MemorySwappiness"),
        ({"PidsLimit": 5}, 400, "invalid option: Windows does not support PidsLimit"),
        ({"CpuPeriod": 5}, 400, "invalid option: Windows does not support CPUPeriod"),
        ({"Isolation": "vm"}, 400, "invalid isolation (vm): Windows supports 'default', 'process', or 'hyperv'"),
        (
            {"NanoCpus": 10**9, "CpuPercent": 5},
            400,
            "conflicting options: Nano CPUs and CPU Percent cannot both be set",
        ),
        ({"NanoCpus": 10**9, "CpuShares": 5}, 400, "conflicting options: Nano CPUs and CPU Shares cannot both be set"),
        ({"Binds": ["/tmp:/data"]}, 500, "invalid volume specification: '/tmp:/data'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_options_that_are_refused(engine, options, status, text):
    assert create_with(engine, **options) == (status, text)


@rule("no_linux_resources")
@server
@on("name", [name for name in rules.UNSUPPORTED if name not in {"CpuPeriod", "PidsLimit"}])
def test_linux_resources_are_refused_by_name(engine, name):
    assert create_with(engine, **{name: [{}] if "Device" in name or name == "Ulimits" else 1})[1] == (
        f"invalid option: Windows does not support {name}"
    )


@rule("hyperv_shares_no_network_stack")
@only("windows11")
def test_hyperv_and_another_containers_network(engine):
    status, text = create_with(engine, NetworkMode="container:x")
    assert (status, text.split(":")[0]) == (400, "invalid network-mode")


@rule("linux_options_do_nothing")
@server
def test_options_that_are_ignored(engine, created):
    one = created(host={"cap_add": ["ALL"], "init": True, "tmpfs": {"C:\\x": ""}, "pid_mode": "host"})
    assert engine.client.api.inspect_container(one)["HostConfig"]["CapAdd"] is None


@rule("working_directory_is_absolute")
@server
def test_a_relative_working_directory(engine, created):
    assert refusal(created, working_dir="x") == (
        400,
        "the working directory 'x' is invalid, it needs to be an absolute path",
    )


@rule(
    "mounts_are_folders_volumes_or_pipes",
    "mount_targets_have_a_drive",
    "no_mount_to_a_drive",
    "mount_sources_exist",
    "no_mount_of_a_file",
)
@server
@on(
    ("mount", "text"),
    [
        ({"type": "tmpfs", "target": "C:\\x", "source": None}, 'config for type "tmpfs": mount type unknown'),
        ({"target": "/data"}, "invalid mount path: '/data'"),
        ({"target": "data"}, "invalid mount path: 'data'"),
        ({"target": "C:\\"}, "destination path (c:\\) cannot be 'c:' or 'c:\\'"),
        ({"source": "/nowhere/at/all"}, "bind source path does not exist: /nowhere/at/all"),
        ({"source": __file__}, "source path must be a directory"),
    ],
    ids=["tmpfs", "linux", "relative", "drive", "missing", "file"],
)
def test_mounts_that_are_refused(engine, created, mount, text, tmp_path):
    made = docker.types.Mount(**{"type": "bind", "source": str(tmp_path), "target": "C:\\data", **mount})
    status, said = refusal(created, host={"mounts": [made]})
    assert status == 400
    assert said.startswith("invalid mount config for type")
    assert said.endswith(text)


@rule("mount_targets_differ_by_more_than_case", "mount_targets_become_lower_case")
@server
def test_mounts_that_are_one(engine, created, tmp_path):
    twice = [docker.types.Mount(target, str(tmp_path), type="bind") for target in ("C:\\Data", "c:/data")]
    assert refusal(created, host={"mounts": twice}) == (400, "Duplicate mount point: c:\\data")
    one = created(host={"mounts": twice[:1]})
    assert [mount["Destination"] for mount in engine.client.api.inspect_container(one)["Mounts"]] == ["c:\\data"]


@rule("volumes_take_no_options", "volume_names_are_not_devices")
@server
def test_volumes(engine):
    assert refusal(engine.client.api.create_volume, "x", driver_opts={"type": "nfs"})[1].startswith("options are not")
    assert "reserved word" in refusal(engine.client.api.create_volume, "con")[1]


@rule("isolation_is_resolved")
def test_the_isolation_is_resolved(engine, created):
    told = engine.client.api.inspect_container(created())
    expected = {"linux": "", "windows11": "hyperv"}.get(engine.name, "process")
    assert told["HostConfig"]["Isolation"] == expected
    assert told["HostConfig"]["Memory"] == (1024**3 if expected == "hyperv" else 0)


@rule("container_in_windows_shape")
def test_the_shape_of_inspect(engine, created):
    one = created()
    engine.client.api.start(one)
    told = engine.client.api.inspect_container(one)
    address = told["NetworkSettings"]["Networks"]["nat"]
    assert address["IPAddress"]
    if engine.windows:
        assert (told["Platform"], told["HostsPath"]) == ("windows", "")
        assert address["MacAddress"].startswith("00:15:5d")
        recent = engine.name in {"server2022", "server2025", "windows11"}
        assert ("IPAddress" in told["NetworkSettings"]) != recent


@rule("builds_match")
@on(
    ("engine", "build", "isolation", "starts"),
    [
        ("server2019", "10.0.17763.1", "process", True),
        ("server2019", "10.0.20348.1", "process", False),
        ("server2019", "10.0.20348.1", "hyperv", False),
        ("server2022", "10.0.17763.1", "process", False),
        ("server2022", "10.0.17763.1", "hyperv", True),
        ("server2025", "10.0.20348.1", "process", True),
        ("server2016", "10.0.14393.1", "process", False),
        ("server2016", "10.0.14393.1", "hyperv", True),
        ("windows11", "10.0.20348.1", "process", True),
    ],
    indirect=["engine"],
)
def test_builds_match_at_the_start(engine, created, build, isolation, starts, monkeypatch):
    monkeypatch.setitem(engine.proxy.images, standins.box(), Platform("windows", build))
    one = created(host={"isolation": isolation})
    if starts:
        engine.client.api.start(one)
    else:
        status, text = refusal(engine.client.api.start, one)
        assert status == 500
        assert "The container operating system does not match the host operating system." in text


@rule("no_newer_updates_than_the_host")
@only("server2025")
def test_an_image_with_later_updates(engine, created, monkeypatch):
    monkeypatch.setitem(engine.proxy.images, standins.box(), Platform("windows", "10.0.26100.99999"))
    assert "(0xc0370106)" in refusal(engine.client.api.start, created())[1]


@rule("clients_start_process_containers_once")
@on(("engine", "isolation"), [("windows11", "process"), ("windows11", "hyperv")], indirect=["engine"])
def test_a_second_start_on_a_client(engine, created, isolation, monkeypatch):
    monkeypatch.setitem(engine.proxy.images, standins.box(), Platform("windows", "10.0.20348.1"))
    one = created(host={"isolation": isolation})
    engine.client.api.start(one)
    engine.client.api.kill(one)
    if isolation == "process":
        status, text = refusal(engine.client.api.start, one)
        assert (status, find_failure(text).id) == (500, "layer-in-use")
    else:
        engine.client.api.start(one)


@rule("no_host_address_in_bindings", "no_port_ranges")
@server
def test_published_ports(engine, created):
    ports = {"port_bindings": {"80/tcp": ("127.0.0.1", None)}}
    status, text = refusal(engine.client.api.start, created(ports=[80], host=ports))
    assert (status, text.rpartition(": ")[2]) == (500, "Windows does not support host IP addresses in NAT settings")
    ports = {"port_bindings": {"80/tcp": "8000-8010"}}
    assert "more than one host port" in refusal(engine.client.api.start, created(ports=[80], host=ports))[1]
    one = created(ports=[80], host={"port_bindings": {"80/tcp": None}})
    engine.client.api.start(one)
    (binding,) = engine.client.api.inspect_container(one)["NetworkSettings"]["Ports"]["80/tcp"]
    assert binding["HostIp"] == "0.0.0.0"


@rule("no_excluded_ports")
@server
def test_excluded_ports(engine, created, monkeypatch):
    fixed = created(ports=[80], host={"port_bindings": {"80/tcp": EXCLUDED.start}})
    status, text = refusal(engine.client.api.start, fixed)
    assert (status, find_failure(text).implies) == (500, "excluded-port")
    monkeypatch.setattr(engine.proxy, "random_ports", [EXCLUDED.start])
    drawn, another = (created(ports=[80], host={"port_bindings": {"80/tcp": None}}) for _ in range(2))
    assert refusal(engine.client.api.start, drawn)[0] == 500
    engine.client.api.start(another)


@rule("programs_that_are_missing_fail_the_start")
@server
def test_a_program_that_is_missing(engine, created):
    status, text = refusal(engine.client.api.start, created("nothing-of-the-kind"))
    assert status == 400
    assert "The system cannot find the file specified. (0x2)" in text


@rule("every_start_has_another_address")
@server
def test_every_start_gives_another_address(engine, created):
    one = created()
    addresses = []
    for _ in range(3):
        engine.client.api.start(one)
        addresses.append(engine.client.api.inspect_container(one)["NetworkSettings"]["Networks"]["nat"]["IPAddress"])
        engine.client.api.kill(one)
        engine.client.api.wait(one)
    assert addresses[0] != addresses[1] != addresses[2]


@rule(
    "only_hyperv_pauses",
    "limits_stay",
    "few_signals_are_known",
    "running_containers_are_not_removed",
    "no_commit_of_running_containers",
    "no_diff_of_running_containers",
    "no_export",
    "top_takes_no_arguments",
)
@server
def test_what_running_process_containers_do_not_do(engine, created):
    one = created()
    engine.client.api.start(one)
    assert refusal(engine.client.api.pause, one)[1].endswith("not implemented for containers using process isolation")
    assert refusal(engine.client.api.update_container, one, mem_limit=2**28) == (
        400,
        "resource updating isn't supported on Windows",
    )
    assert refusal(engine.client.api.kill, one, "SIGUSR1") == (
        400,
        "the windows daemon does not support signal SIGUSR1",
    )
    assert refusal(engine.client.api.remove_container, one)[0] == 409
    assert refusal(engine.client.api.commit, one) == (500, "windows does not support commit of a running container")
    assert refusal(engine.client.api.diff, one)[0] == 500
    assert "does not support exporting" in refusal(engine.client.api.export, one)[1]
    assert refusal(engine.client.api.top, one, "aux")[1] == "Windows does not support arguments to top"
    engine.client.api.kill(one)
    engine.client.api.wait(one)
    image = engine.client.api.commit(one)["Id"]
    engine.client.api.remove_image(image)


@rule("no_archives_of_running_hyperv_containers", "running_hyperv_containers_get_no_network")
@only("windows11")
def test_what_running_hyperv_containers_do_not_do(engine, created, real_client):
    one = created()
    engine.client.api.put_archive(one, "C:\\", tar_of("a.txt"))
    engine.client.api.start(one)
    running = (500, "filesystem operations against a running Hyper-V container are not supported")
    assert refusal(engine.client.api.put_archive, one, "C:\\", tar_of("b.txt")) == running
    assert refusal(engine.client.api.get_archive, one, "C:\\a.txt") == running
    network = real_client.networks.create("wincontainers-test", driver="bridge")
    try:
        assert (
            refusal(engine.client.api.connect_container_to_network, one, network.id)[1]
            == "unsupported platform request"
        )
    finally:
        network.remove()


@rule("archives_do_not_see_mounts")
@server
def test_archives(engine, created, tmp_path):
    mount = docker.types.Mount("C:\\mounted", str(tmp_path), type="bind")
    one = created(host={"mounts": [mount]})
    engine.client.api.start(one)
    engine.client.api.put_archive(one, "C:\\", tar_of("a.txt"))
    pieces, _ = engine.client.api.get_archive(one, "c:\\a.txt")
    assert b"content" in b"".join(pieces)
    (tmp_path / "there").write_text("x")
    assert refusal(engine.client.api.get_archive, one, "C:\\mounted\\there")[0] == 404
    assert "system drive" in refusal(engine.client.api.get_archive, one, "D:\\a.txt")[1]


@rule("words_become_a_command_line", "accounts_are_windows_own", "programs_are_looked_for_at_start")
@server
def test_exec(engine, created):
    one = created()
    engine.client.api.start(one)

    def run(*command, **options):
        code, output, errors = commands.run(engine.client.api, one, *command, **options)
        return code, output + errors

    assert json.loads(run("box", "words", "a b", 'c"d', "\\", "e\\\\ f\\", "")[1]) == [
        "a b",
        'c"d',
        "\\",
        "e\\\\ f\\",
        "",
    ]
    code, output = run("sh", "-c", "true")
    assert code == 126
    assert re.match(rb"container \w+ encountered an error during hcs::System::CreateProcess: .*\(0x2\): sh\r\n", output)
    code, output = run("box", "words", user="nobody")
    assert (code, output.endswith(b"is incorrect. (0x52e)\r\n")) == (126, True)
    # What the plugin does not use, the stand-in refuses.
    assert b"does not know" in run("ipconfig", "/all")[1]
    assert b"does not know" in run("powershell", "-Command", "dir")[1]


@rule("networks_are_nat_and_none", "nat_is_not_made", "drivers_are_windows_own", "nat_is_not_removed")
@server
def test_networks(engine):
    networks = {one["Name"]: one["Driver"] for one in engine.client.api.networks()}
    assert networks["nat"] == "nat"
    assert not {"bridge", "host"} & set(networks)
    assert refusal(engine.client.api.create_network, "nat") == (
        403,
        "operation is not permitted on predefined nat network ",
    )
    assert refusal(engine.client.api.create_network, "x", driver="bridge") == (404, 'plugin "bridge" not found')
    assert refusal(engine.client.api.remove_network, "nat") == (
        403,
        "nat is a pre-defined network and cannot be removed",
    )


@rule("one_range_of_addresses_on_2016")
@only("server2016")
def test_one_range_of_addresses(engine):
    assert refusal(engine.client.api.create_network, "x")[1].startswith("HNS failed with error")


@server
def test_engines_do_not_see_each_others_containers(engine, created, real_client, engines):
    one = created()
    assert one in [found["Id"] for found in engine.client.api.containers(all=True)]
    assert one not in [found["Id"] for found in engines("server2019").client.api.containers(all=True)]
    assert one in [found["Id"] for found in real_client.api.containers(all=True)]


def tar_of(name):
    spool = io.BytesIO()
    with tarfile.open(mode="w", fileobj=spool) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 7
        archive.addfile(entry, io.BytesIO(b"content"))
    return spool.getvalue()
