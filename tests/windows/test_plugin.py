"""The plugin behind the rules: what it asks of a Windows engine, and what it never does.

Each test is marked with the rules that it would show broken.
"""

import secrets
from dataclasses import replace

import pytest

from tests.windows import standins
from tests.windows.proxy import Platform
from tests.windows.rules import IGNORED, UNSUPPORTED
from tests.windows.rules.start import EXCLUDED

on = pytest.mark.parametrize
rule = pytest.mark.rule


def only(*names):
    return on("engine", names, indirect=True)


windows = pytest.mark.windows_guest
BOX = """
from guest import IMAGE, ROOT
from pytest_wincontainers import Mount, container

@container(image=IMAGE, command=["box", "sleep"]{options})
def box():
    pass
"""


def sent(engine, path, method="POST"):
    """The bodies of the requests to a path."""
    return [body for call, body in engine.proxy.bodies if call == f"{method} {path}"]


def called(engine, words):
    return [call for call in engine.proxy.calls if words in call]


@pytest.fixture
def box(suite, engine):
    def run(test, *arguments, options="", **environment):
        suite.files(conftest=BOX.format(options=options), test_it=test)
        engine.proxy.forget_calls()
        return suite.run(*arguments, **environment)

    return run


# -- creating ---------------------------------------------------------------------------------------------------


@windows
@rule(
    "no_privileged_containers",
    "no_read_only_root",
    "no_real_time_cpu",
    "no_linux_resources",
    "linux_options_do_nothing",
)
@rule("one_limit_for_processors", "working_directory_is_absolute", "hyperv_shares_no_network_stack")
@rule("nat_is_not_made", "drivers_are_windows_own", "one_range_of_addresses_on_2016", "nat_is_not_removed")
@rule("iis_is_slow_to_stop", "few_signals_are_known", "running_containers_are_not_removed")
@rule("no_commit_of_running_containers", "no_diff_of_running_containers")
@rule(
    "running_hyperv_containers_get_no_network",
    "limits_stay",
    "only_hyperv_pauses",
    "no_export",
    "top_takes_no_arguments",
)
def test_nothing_is_sent_that_windows_refuses_or_ignores(engine, suite):
    suite.shop()
    engine.proxy.forget_calls()
    assert suite.run().outcomes() == {"passed": 12}
    bodies = sent(engine, "/containers/create")
    assert len(bodies) == 3
    for body in bodies:
        config = {name for name, value in body["HostConfig"].items() if value}
        assert config <= {"NetworkMode", "Isolation", "Memory", "Labels"}
        assert not config & {*UNSUPPORTED, *IGNORED, "Privileged", "ReadonlyRootfs", "NanoCpus", "CpuShares"}
        assert body["HostConfig"]["NetworkMode"] == "nat"
        assert not body.get("WorkingDir")
    for words in ("/networks/create", "/connect", "/update", "/pause", "/export", "/top", "DELETE /networks"):
        assert called(engine, words) == []
    # At the end everything is killed and nothing stopped.
    assert called(engine, "/stop") == called(engine, "/commit") == called(engine, "/changes") == []
    assert len(called(engine, "/kill")) == 3


@windows
@rule("isolation_is_one_of_three", "builds_match", "image_tells_its_build", "isolation_is_resolved")
@rule("info_in_windows_shape", "version_in_windows_shape", "container_in_windows_shape")
def test_the_isolation_follows_the_image(box, engine):
    assert box("def test_it(box): pass").outcomes() == {"passed": 1}
    (body,) = sent(engine, "/containers/create")
    assert body["HostConfig"]["Isolation"] == ("hyperv" if engine.name == "windows11" else "process")


@only("server2022")
@on(
    ("build", "asked", "chosen"),
    [("10.0.17763.1", None, "hyperv"), ("10.0.20348.1", "hyperv", "hyperv"), ("10.0.20348.1", None, "process")],
)
@rule("builds_match")
def test_hyperv_where_the_build_wants_it_or_the_user(box, engine, build, asked, chosen, monkeypatch):
    monkeypatch.setitem(engine.proxy.images, standins.box(), Platform("windows", build))
    given = [f"--wincontainers-isolation={asked}"] if asked else []
    assert box("def test_it(box): pass", *given).outcomes() == {"passed": 1}
    assert sent(engine, "/containers/create")[0]["HostConfig"]["Isolation"] == chosen
    given = f', isolation="{asked}"' if asked else ""
    assert box("def test_it(box): pass", options=given).outcomes() == {"passed": 1}
    assert sent(engine, "/containers/create")[0]["HostConfig"]["Isolation"] == chosen


@only("windows11")
@rule("clients_start_process_containers_once")
def test_a_client_starts_a_container_again(box, engine, monkeypatch):
    """Its build would fit for process isolation, but that is for those who ask for it."""
    monkeypatch.setitem(engine.proxy.images, standins.box(), Platform("windows", "10.0.20348.1"))
    assert box("def test_it(box): box.restart()").outcomes() == {"passed": 1}
    finished = box("def test_it(box): box.restart()", "--wincontainers-isolation=process")
    assert finished.outcomes() == {"failed": 1}
    assert "hint: use isolation=hyperv" in finished.output


@only("server2025")
@rule("no_newer_updates_than_the_host")
def test_an_image_with_later_updates_than_the_host(box, engine, monkeypatch):
    monkeypatch.setitem(engine.proxy.images, standins.box(), Platform("windows", "10.0.26100.99999"))
    finished = box("def test_it(box): pass")
    assert finished.outcomes() == {"errors": 1}
    assert "its image (10.0.26100.99999) has newer updates than the host (10.0.26100.33296)" in finished.output
    assert "hint: install the host's updates, or use an older tag of the image or isolation=hyperv" in finished.output
    assert len(called(engine, "/start")) == 1
    assert box("def test_it(box): pass", "--wincontainers-isolation=hyperv").outcomes() == {"passed": 1}


@only("server2022", "windows11")
def test_hyperv_containers_get_enough_memory(suite, engine):
    suite.shop()
    engine.proxy.forget_calls()
    # It needs all three.
    one = ["-k", "test_the_shop_opens_by_its_name_on_the_network"]
    assert suite.run("--wincontainers-isolation=hyperv", *one).outcomes() == {"passed": 1, "deselected": 11}
    assert [body["HostConfig"]["Memory"] // 2**20 for body in sent(engine, "/containers/create")] == [2048] * 3


BUILT = """
from dataclasses import dataclass
from pytest_wincontainers import services
from pytest_wincontainers.services.images import OWN_IMAGES

IMAGE = services.ServiceImage(OWN_IMAGES, "mysql", services.SERVERCORE, shared_context=True)

@dataclass(frozen=True)
class Server(services.Service):
    kind = "server"
    ports = (3306,)

    def image(self, engine):
        return IMAGE.build(engine, SALT="{salt}")

@services.declare(Server())
def server():
    pass
"""


@pytest.fixture
def built(suite, real_client):
    """Runs a suite with an image that nobody has built before; it is removed."""

    def run(*arguments):
        suite.files(conftest=BUILT.format(salt=secrets.token_hex(4)), test_it="def test_it(server): pass")
        return suite.run(*arguments)

    def tags():
        # Not by images.list(), which asks for each of them again, and another test may have removed it.
        return {tag for image in real_client.api.images("wincontainers-test/mysql") for tag in image["RepoTags"] or ()}

    before = tags()
    yield run
    for tag in tags() - before:
        real_client.images.remove(tag, force=True)


@only("windows11")
@rule("hyperv_builds_have_little_memory")
def test_builds_under_hyperv_have_enough_memory(built):
    assert built().outcomes() == {"passed": 1}


@only("server2025")
@rule("no_builds_on_newer_updates_than_the_host")
def test_a_base_with_later_updates_than_the_host(built, engine, monkeypatch):
    monkeypatch.setattr(engine.proxy, "preset", replace(engine.proxy.preset, image_revision=99999))
    finished = built()
    assert finished.outcomes() == {"passed": 1}
    told = (
        "server: its image was built on mcr.microsoft.com/windows/servercore:ltsc2022, as the host lacks the updates of"
    )
    assert told in finished.output
    finished = built("--wincontainers-windows-base=ltsc2022")
    assert finished.outcomes() == {"passed": 1}
    assert "lacks the updates" not in finished.output
    finished = built("--wincontainers-windows-base=ltsc2025")
    assert finished.outcomes() == {"errors": 1}
    assert "hint: install the host's updates" in finished.output


@windows
@rule("no_host_address_in_bindings", "no_port_ranges")
def test_ports_are_published_without_an_address(suite, engine):
    suite.files(
        conftest="""
        from guest import IMAGE
        from pytest_wincontainers import container

        @container(image=IMAGE, command=["box", "serve", "8000"], ports=[8000])
        def server():
            pass
        """,
        test_it="""
        from urllib.request import urlopen

        def test_it(server):
            assert urlopen(server.url).status == 200
        """,
    )
    engine.proxy.forget_calls()
    assert suite.run("--wincontainers-reach=published").outcomes() == {"passed": 1}
    assert sent(engine, "/containers/create")[0]["HostConfig"]["PortBindings"] == {
        "8000/tcp": [{"HostIp": "", "HostPort": ""}]
    }
    engine.proxy.forget_calls()
    assert suite.run().outcomes() == {"passed": 1}
    assert not sent(engine, "/containers/create")[0]["HostConfig"].get("PortBindings")


PUBLISHED = """
from guest import IMAGE
from pytest_wincontainers import container

@container(image=IMAGE, command=["box", "serve", "8000"], ports=[8000], publish={{8000: {port}}})
def server():
    pass
"""


@windows
@rule("no_excluded_ports")
def test_a_port_that_windows_excludes_is_drawn_again(suite, engine, monkeypatch):
    monkeypatch.setattr(engine.proxy, "random_ports", [EXCLUDED.start, EXCLUDED.start])
    suite.files(
        conftest=PUBLISHED.format(port=1),
        test_it=f"""
        from urllib.request import urlopen

        def test_it(server):
            assert server.port not in {EXCLUDED!r}
            assert urlopen(server.url).status == 200
        """,
    )
    finished = suite.run("--wincontainers-reach=published")
    assert finished.outcomes() == {"passed": 1}
    assert finished.output.count("server: its start was retried after port-in-use") == 2
    assert len(suite.created()) == 3


@windows
@rule("no_excluded_ports")
def test_a_fixed_port_that_windows_excludes(suite, engine):
    """Nobody can be asked for the ranges here, and another try would be for the same port."""
    suite.files(conftest=PUBLISHED.format(port=EXCLUDED.start), test_it="def test_it(server):\n    pass\n")
    finished = suite.run("--wincontainers-publish=server")
    assert finished.outcomes() == {"errors": 1}
    said = f"port {EXCLUDED.start} is in use, or in a range that Windows reserves; see `netsh int ipv4 show excludedportrange"
    assert f"conftest.py:4: server: {said}" in finished.output
    assert "hint: free it, or choose another port in publish=" in finished.output
    assert "(0x20)" in finished.output
    assert "retried" not in finished.output
    assert len(suite.created()) == 1


# -- refused before anything starts --------------------------------------------------------------------------------

MOUNTS = {
    "a file": ("test_it.py", 'ROOT + "x"', "is a file, and Windows only mounts directories", "no_mount_of_a_file"),
    "nothing": ("C:\\\\nowhere", 'ROOT + "x"', "the mount source C:\\nowhere does not exist", "mount_sources_exist"),
    "a drive": (".", '"C:\\\\"', "is the root of a drive", "no_mount_to_a_drive"),
    "a relative target": (".", '"x"', "the target x has no drive", "mount_targets_have_a_drive"),
    "a Linux path": (".", '"/x"', "the target /x has no drive letter; write it as C:\\x", "mount_targets_have_a_drive"),
}


@only("server2022", "windows11")
@on("case", MOUNTS)
@rule("no_mount_of_a_file", "no_mount_to_a_drive", "mount_targets_have_a_drive", "mount_sources_exist")
@rule("volumes_take_no_options")
def test_mounts_that_windows_would_refuse(box, engine, suite, case):
    source, target, problem, _ = MOUNTS[case]
    finished = box("def test_it(box): pass", options=f', mounts=[Mount("{source}", {target})]')
    assert finished.outcomes() == {"errors": 1}
    assert "conftest.py:4: box: the engine runs Windows containers and would refuse a mount" in finished.output
    assert problem in finished.output
    assert "hint: use Mount(source, target)" in finished.output
    assert called(engine, "/containers/create") == []


@only("server2022")
@rule("mount_targets_become_lower_case", "archives_do_not_see_mounts")
@rule("mounts_are_folders_volumes_or_pipes", "mount_targets_differ_by_more_than_case")
def test_a_mount(box, suite):
    (suite.path / "given").mkdir()
    (suite.path / "given" / "a.txt").write_text("from here")
    test = """
    import pytest
    from pytest_wincontainers import WincontainersError

    def test_it(box, tmp_path):
        assert box.exec("box", "read", "C:\\\\Data\\\\a.txt".lower()).output == "from here"
        with pytest.raises(WincontainersError, match="files in mounts cannot be copied"):
            box.copy_out("C:\\\\data\\\\a.txt", tmp_path / "a.txt")
    """
    assert box(test, options=', mounts=[Mount("given", "C:\\\\Data", read_only=True)]').outcomes() == {"passed": 1}


UNFIT = {
    "another build": (
        "server2019",
        {"images": Platform("windows", "10.0.20348.1")},
        "",
        ["the image is for Windows 10.0.20348.1 (ltsc2022), which this host (10.0.17763.7314) cannot run"],
        "hint: use the tag ltsc2019 or ltsc2016",
    ),
    "isolation that the host cannot give": (
        "server2022",
        {"images": Platform("windows", "10.0.17763.1")},
        ', isolation="process"',
        ["(ltsc2019), which this host (10.0.20348.5499) cannot run with isolation=process"],
        "hint: use the tag ltsc2022, or isolation=hyperv",
    ),
    "a Linux image": (
        "server2022",
        {"images": Platform("linux", "")},
        "",
        ["the image of box is for Linux, but the engine runs Windows containers"],
        "hint: use an image for Windows, or select another engine with DOCKER_HOST",
    ),
}


@on(("engine", "case"), [(value[0], name) for name, value in UNFIT.items()], indirect=["engine"], ids=list(UNFIT))
@rule("builds_match", "image_tells_its_build", "networks_are_nat_and_none")
def test_images_that_do_not_fit(box, engine, case, monkeypatch):
    _, changes, options, words, hint = UNFIT[case]
    monkeypatch.setitem(engine.proxy.images, standins.box(), changes["images"])
    finished = box("def test_it(box): pass\n\ndef test_alone(): pass", options=options)
    assert finished.outcomes() == {"errors": 1, "passed": 1}
    for word in [*words, hint]:
        assert word in finished.output
    assert called(engine, "/containers/create") == []


@only("server2022")
@rule("no_linux_image_is_pulled", "builds_begin_with_windows")
def test_a_linux_image_that_would_be_pulled(suite, engine):
    suite.files(
        conftest="from pytest_wincontainers import container\n\n@container(image='debian:stable')\ndef box(): pass\n",
        test_it="def test_it(box): pass\n",
    )
    engine.proxy.forget_calls()
    finished = suite.run()
    assert finished.outcomes() == {"errors": 1}
    assert "| no matching manifest for windows(10.0.20348)/amd64" not in finished.output.split("debian:stable")[0]
    assert "hint: use an image for Windows, with the tag of the host's build" in finished.output
    assert len(called(engine, "/images/create")) == 1
    assert called(engine, "/containers/create") == []


# -- running things in a container -----------------------------------------------------------------------------------

HARD = [
    "",
    "a b",
    'say "x y"',
    "100%",
    "%PATH%",
    "a&b|c>d^e",
    "{}",
    "{x: 'y'}",
    "Grüße, Öl & ß",
    "\\",
    "c:\\x y\\",
    "€",
]
EXECS = f"""
import json, pytest
from pytest_wincontainers import WincontainersError

HARD = {HARD!r}

@pytest.mark.parametrize("word", HARD + ["x" * 8000, "ü" * 4000], ids=range(len(HARD) + 2))
def test_a_program_gets_its_words_as_they_are(box, word):
    done = box.exec("box", "words", word, "end")
    assert done.exit_code == 0, done
    assert json.loads(done.output) == [word, "end"]

@pytest.mark.parametrize("word", HARD + ["x" * 8000, "ü" * 4000], ids=range(len(HARD) + 2))
def test_powershell(box, word):
    quoted = word.replace("'", "''")
    assert box.powershell(f"Write-Output '{{quoted}}'").output == word + "\\n"
    assert box.powershell("Write-Output $env:WORD", environment={{"WORD": word}}).output == word + "\\n"

@pytest.mark.parametrize("word", ["a b", 'say "x y"', "100%", "%PATH%", '"a&b"', "a ^& b", "{{}}", "Grüße", "x" * 8000])
def test_cmd(box, word):
    assert box.cmd(f"echo {{word}}").output == word.replace("^", "") + "\\n"

def test_cmds_own_operators(box):
    assert box.cmd("echo 1& echo 2&& exit 3").output == "1\\n2\\n"
    assert box.cmd("echo 1& exit 3").exit_code == 3
    assert box.cmd("box words \\"a b\\"").output == '["a b"]\\n'

def test_errors(box):
    done = box.powershell("Write-Output 'Käse'\\nthrow 'no such <thing>'")
    assert (done.exit_code, done.stdout, done.stderr) == (1, "Käse\\n", "no such <thing>\\n")
    assert done.output == done.stdout + done.stderr
    with pytest.raises(WincontainersError, match="shell commands need cmd /C or PowerShell"):
        box.exec("dir")
    with pytest.raises(WincontainersError, match="ContainerAdministrator"):
        box.exec("box", "words", user="somebody")
    with pytest.raises(WincontainersError, match="timed out after 0.5 s"):
        box.exec("box", "sleep", timeout=0.5)
    assert box.exec("box", "words", user="ContainerUser").exit_code == 0
"""


@windows
@rule("words_become_a_command_line", "programs_are_looked_for_at_start", "accounts_are_windows_own")
def test_commands_survive_everything(box):
    """Whatever the code page is that the host's programs write in."""
    finished = box(EXECS)
    assert set(finished.outcomes()) == {"passed"}


COPIES = """
import pytest
from pytest_wincontainers import WincontainersError

def test_in_and_out(box, tmp_path):
    source = tmp_path / "source"
    (source / "deep" / "empty").mkdir(parents=True)
    (source / "deep" / "ü.bin").write_bytes(bytes(range(256)) * 1000)
    (source / "a b.txt").write_text("one file")
    box.copy_in(source, ROOT + "copied")
    box.copy_in(source / "a b.txt", ROOT + "alone.txt")
    assert box.exec("box", "read", ROOT + "alone.txt", ROOT + "copied/a b.txt").output == "one fileone file"
    box.copy_out(ROOT + "copied", tmp_path / "back")
    assert (tmp_path / "back" / "deep" / "ü.bin").read_bytes() == bytes(range(256)) * 1000
    assert (tmp_path / "back" / "deep" / "empty").is_dir()
    box.copy_out(ROOT + "alone.txt", tmp_path / "one.txt")
    assert (tmp_path / "one.txt").read_text() == "one file"
    with pytest.raises(WincontainersError, match="copy .*nowhere out of a container"):
        box.copy_out(ROOT + "nowhere", tmp_path / "x")
    with pytest.raises(OSError):
        box.copy_in(tmp_path / "nothing", ROOT + "x")
"""


@pytest.mark.parametrize("isolation", ["process", "hyperv"])
@only("server2019", "server2025")
@rule("no_archives_of_running_hyperv_containers", "archives_do_not_see_mounts")
def test_copying_by_the_way_that_works(box, engine, isolation):
    test = "from guest import ROOT\n" + COPIES
    assert box(test, f"--wincontainers-isolation={isolation}").outcomes() == {"passed": 1}
    assert bool(called(engine, "PUT ")) == (isolation == "process")


# -- ending and restarting ----------------------------------------------------------------------------------------------


RESTARTS = """
from urllib.request import urlopen

def rows(database):
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM orders")
        return cursor.fetchone()[0]

def test_the_site(web):
    before = web.host
    web.restart()
    assert web.host != before
    assert b"Coffee" in urlopen(web.url + "/Default.aspx").read()

def test_the_database_loses_nothing(database, web):
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO orders (product_id, customer, quantity) VALUES (1, 'Ada', 2)")
    before = rows(database)
    database.restart()
    assert rows(database) == before
    assert b"Coffee" in urlopen(web.url + "/Default.aspx").read()
"""


@windows
@rule("iis_is_slow_to_stop", "every_start_has_another_address")
def test_restarts(suite, engine):
    """Of IIS by kill, as nothing is lost by it; of MySQL by its own shutdown."""
    suite.shop()
    (suite.path / "tests" / "test_restarts.py").write_text(RESTARTS)
    engine.proxy.forget_calls()
    finished = suite.run("tests/test_restarts.py")
    assert finished.outcomes() == {"passed": 2}
    assert called(engine, "/stop") == []
    assert "ready for connections" in suite.artifact("database.log").read_text("utf-8")
    assert suite.artifact("database.log").read_text("utf-8").count("Shutdown complete") >= 1
