"""What can be wrong with an engine or its machine: one defect each, with the check that must tell it, and how."""

from dataclasses import dataclass
from typing import Any

from pytest_wincontainers.doctor.facts import WinRm
from pytest_wincontainers.engines.diagnostics import Network
from tests.kit.hosts import GB
from tests.unit.doctor.scene import IMAGE
from tests.windows.presets import PRESETS

SERVERS = ("server2016", "server2019", "server2022", "server2025")
NO_PIPE = "open //./pipe/docker_engine: The system cannot find the file specified."
NO_PIPE_SDK = (
    "Error while fetching server API version: (2, 'CreateFile', 'Das System kann die angegebene Datei nicht finden.')"
)


@dataclass(frozen=True)
class Defect:
    check: str
    state: str
    plant: Any
    presets: tuple[str, ...]

    @property
    def name(self):
        return self.plant.__name__


DEFECTS = []


def defect(check, state="failed", presets=tuple(PRESETS)):
    def decorate(plant):
        DEFECTS.append(Defect(check, state, plant, presets))
        return plant

    return decorate


# -- the engine tells it ------------------------------------------------------------------------------------------


@defect("nat")
def no_nat_network(scene):
    del scene.networks[0]


@defect("nat", "warning", presets=("server2016", "server2022", "server2025", "windows11"))
def two_nat_networks(scene):
    scene.networks.append(Network("other", "nat", ("172.20.0.0/16",), ("172.20.0.1",)))


@defect("nat")
def a_nat_network_without_gateway(scene):
    scene.networks[0] = Network("nat", "nat", ("172.25.112.0/20",))


@defect("nat")
def a_nat_network_that_got_no_address(scene):
    scene.networks[0] = Network("nat", "nat", ("0.0.0.0/0",), ("0.0.0.0",))


@defect("isolation", "warning", presets=SERVERS)
def hyperv_by_default_on_a_server(scene):
    scene.isolation = "hyperv"


@defect("isolation", presets=SERVERS)
def hyperv_by_default_where_there_is_none(scene):
    scene.isolation = "hyperv"
    del scene.host.services["vmms"]


@defect("isolation", "warning", presets=("windows11",))
def process_isolation_by_default_on_a_client(scene):
    scene.isolation = "process"


@defect("images")
def an_image_newer_than_the_host(scene):
    scene.images[IMAGE] = scene.image(27_000, 1)


@defect("images")
def an_image_of_another_system(scene):
    scene.images[IMAGE] = scene.image(0, guest="linux")


@defect("images", presets=("server2016", "server2019", "server2022", "windows11"))
def a_tag_newer_than_the_host(scene):
    scene.images["registry.example/web:4.8-windowsservercore-ltsc2025"] = None


@defect("images", presets=("server2019", "server2022", "server2025"))
def an_image_that_needs_hyperv_where_there_is_none(scene):
    scene.images[IMAGE] = scene.image(14393, 1)
    del scene.host.services["vmms"]


@defect("images", "warning", presets=("server2019", "server2022", "server2025"))
def an_image_with_later_updates_than_the_host(scene):
    scene.images[IMAGE] = scene.image(scene.preset.build, scene.preset.revision + 1)


@defect("api", "warning")
def an_old_api(scene):
    scene.api = "1.39"


@defect("api")
def an_api_that_the_sdk_has_left(scene):
    scene.no_answer = "API versions below 1.24 are no longer supported by this library."


@defect("api")
def an_api_that_the_engine_has_left(scene):
    scene.no_answer = (
        "client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade your client"
    )


@defect("memory")
def little_memory(scene):
    scene.memory = 1 * GB


@defect("memory", "warning")
def memory_for_less_than_three_servers(scene):
    scene.memory = 6 * GB if scene.isolation == "hyperv" else 3 * GB


@defect("containers")
def linux_containers_on_a_windows_machine(scene):
    scene.guest, scene.images = "linux", {}
    scene.kernel = "5.15.167.4-microsoft-standard-WSL2"


@defect("dns")
def an_engine_that_answers_no_names(scene):
    scene.version = "25.0.3"


@defect("clocks", "warning")
def a_clock_that_is_behind(scene):
    scene.clock_offset = -30


@defect("clocks")
def a_clock_that_is_hours_ahead(scene):
    scene.clock_offset = 7200


# -- the error tells it -------------------------------------------------------------------------------------------


@defect("services")
def no_pipe_and_a_machine_that_cannot_be_asked(scene):
    scene.no_answer, scene.host = NO_PIPE, None


@defect("services")
def no_pipe_in_the_words_of_another_language(scene):
    scene.no_answer, scene.host = NO_PIPE_SDK, None


@defect("engine")
def no_pipe_although_the_service_runs(scene):
    scene.no_answer = NO_PIPE


@defect("engine")
def an_engine_that_swallows_everything(scene):
    scene.no_answer = "there is no answer within 1.5 s"


@defect("rights")
def a_pipe_that_this_account_may_not_open(scene):
    scene.no_answer = "Error while fetching server API version: (5, 'CreateFile', 'Zugriff verweigert')"


@defect("rights")
def a_socket_that_this_account_may_not_open(scene):
    scene.address = "unix:///var/run/docker.sock"
    scene.no_answer = "('Connection aborted.', PermissionError(13, 'Permission denied'))"


@defect("tls")
def a_certificate_for_another_name(scene):
    scene.far()
    scene.no_answer = "certificate verify failed: Hostname mismatch, certificate is not valid for 'winhost'."


@defect("tls")
def a_certificate_of_somebody_else(scene):
    scene.far()
    scene.no_answer = (
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate"
    )


@defect("tls")
def no_certificate_of_ones_own(scene):
    scene.far()
    scene.no_answer = "remote error: tls: certificate required"


@defect("tls")
def no_tls_where_the_engine_wants_it(scene):
    scene.far()
    scene.no_answer = (
        "400 Client Error for http://winhost:2376/version: Client sent an HTTP request to an HTTPS server."
    )


@defect("tls", "warning")
def a_connection_that_anybody_can_read(scene):
    scene.far()
    scene.unprotected = True


# -- the machine tells it -----------------------------------------------------------------------------------------


@defect("services")
def the_docker_service_stopped(scene):
    scene.host.services["docker"], scene.no_answer = "Stopped", NO_PIPE


@defect("services")
def the_docker_service_paused(scene):
    scene.host.services["docker"], scene.no_answer = "Paused", "there is no answer within 1.5 s"


@defect("services")
def no_docker_service(scene):
    del scene.host.services["docker"]
    scene.no_answer = NO_PIPE


@defect("services")
def the_network_service_stopped(scene):
    scene.host.services["hns"] = "Stopped"


@defect("services")
def no_containers_feature(scene):
    del scene.host.services["hns"]


@defect("ports")
def a_wanted_port_that_is_excluded(scene):
    scene.ports = (8080, 50059)


@defect("ports")
def a_wanted_port_that_is_excluded_in_another_language(scene):
    scene.host.netsh = (
        "Ausschlussbereiche für Protokollport tcp\r\n\r\nStartport Endport\r\n---- ----\r\n  8000   8099     *\r\n"
    )


@defect("dns", "warning")
def answers_that_are_kept_for_a_day(scene):
    scene.host.conditions["dns"]["value"]["longest"] = 86_400


@defect("dns", "warning")
def missing_names_that_are_kept_for_an_hour(scene):
    scene.host.conditions["dns"]["value"]["negative"] = 3600


@defect("dns", "warning")
def no_dns_server(scene):
    scene.host.conditions["dns"]["value"]["servers"] = []


@defect("disk")
def a_full_disk(scene):
    scene.host.conditions["disk"]["value"]["C:"] = 2 * GB


@defect("disk", "warning")
def a_disk_that_is_nearly_full(scene):
    scene.host.conditions["disk"]["value"]["C:"] = 12 * GB


@defect("memory", "warning")
def a_page_file_that_is_too_small(scene):
    scene.host.conditions["memory"]["value"] = 300 << 20


@defect("antivirus", "warning")
def defender_scans_everything(scene):
    scene.host.conditions["defender"]["value"]["exclusions"] = []


@defect("antivirus", "warning")
def defender_leaves_out_another_directory(scene):
    scene.host.conditions["defender"]["value"]["exclusions"] = ["C:\\ProgramData\\docker2", "D:\\ProgramData"]


@defect("winrm")
def winrm_refused(scene):
    scene.far()
    scene.host, scene.winrm = None, WinRm("winhost", "winhost cannot be reached over WinRM", "start the service WinRM")


@defect("winrm", "warning")
def no_winrm_to_an_engine_elsewhere(scene):
    scene.far()
    scene.host, scene.winrm = None, None
