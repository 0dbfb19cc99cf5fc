"""An engine and its machine, set up as they should be, and what `doctor` gets to know of them."""

from pytest_wincontainers.doctor.facts import Facts, Missing, NoAnswer, WinRm
from pytest_wincontainers.doctor.windows_host import CONDITIONS, SERVICES, facts_of
from pytest_wincontainers.engines.base import EngineInfo, Image
from pytest_wincontainers.engines.diagnostics import Diagnostics, Network
from pytest_wincontainers.failures import find_failure
from pytest_wincontainers.guests.builds import WindowsHost, WindowsVersion, parse_system
from pytest_wincontainers.hosts.base import EXCLUDED_PORTS
from tests.kit.hosts import GB, FakeHost

PIPE = "npipe:////./pipe/docker_engine"
IMAGE = "registry.example/web:1"


class Scene:
    """The host of a preset of the Windows rules; defects are planted by changing it."""

    def __init__(self, preset):
        self.preset = preset
        self.address = PIPE
        self.host = FakeHost(f"10.0.{preset.build}.{preset.revision}")
        self.winrm = None
        self.no_answer = ""
        self.guest = "windows"
        self.version = preset.engine
        self.isolation = preset.isolation
        self.unprotected = False
        self.api = preset.api
        self.kernel = preset.kernel
        self.memory = 16 * GB
        self.clock_offset = 0.2
        self.networks = [Network("nat", "nat", ("172.25.112.0/20",), ("172.25.112.1",)), Network("none", "null")]
        self.images = {IMAGE: self.image(preset.image_build, preset.image_revision)}
        self.ports = (8080,)

    def image(self, build, revision=0, guest="windows"):
        return Image("sha256:1", guest=guest, windows=WindowsVersion(build, revision) if build else None)

    def far(self):
        """On another machine, over TLS, with WinRM."""
        self.address = "tcp://winhost:2376"
        self.winrm = WinRm("winhost")

    def facts(self):
        answered = not self.no_answer
        answers = self.host.answers() if self.host else {}
        host = (
            facts_of(
                "winhost", services=answers[SERVICES], ports=answers[EXCLUDED_PORTS], conditions=answers[CONDITIONS]
            )
            if self.host
            else Missing("it cannot be asked")
        )
        return Facts(
            address=self.address,
            engine=self.info() if answered else NoAnswer(self.no_answer, find_failure(self.no_answer)),
            diagnostics=self.diagnostics() if answered else Missing("the engine does not answer"),
            host=host,
            free_disk=Missing("it is not on this machine"),
            images=self.images if answered else {},
            ports=self.ports,
            winrm=self.winrm,
        )

    def info(self):
        preset = self.preset
        windows = WindowsHost(parse_system(preset.system), preset.server, self.isolation)
        return EngineInfo(
            id="1",
            name="Docker",
            version=self.version,
            guest=self.guest,
            system=preset.system,
            near=not self.address.startswith("tcp"),
            host="winhost" if self.address.startswith("tcp") else "127.0.0.1",
            windows=windows if self.guest == "windows" else None,
            unprotected=self.unprotected,
        )

    def diagnostics(self):
        return Diagnostics(
            api=self.api,
            oldest_api=self.preset.min_api,
            kernel=self.kernel,
            data_root="C:\\ProgramData\\docker",
            memory=self.memory,
            clock_offset=self.clock_offset,
            networks=tuple(self.networks),
        )
