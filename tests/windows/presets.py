"""The five hosts that the rules can play (builds and texts: facts of microsoft's and moby's own sources)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """A Windows host with its engine."""

    name: str
    system: str
    """`OperatingSystem` of /info, with build and revision."""
    build: int
    revision: int
    kernel: str
    engine: str
    api: str
    min_api: str
    isolation: str
    """The engine's default."""
    code_page: str
    """What programs write in, under process isolation."""
    image_revision: int
    """The revision of its images; their build is the host's, or the one that it runs best."""
    image_build: int
    slow_stop: float = 0.0
    """Seconds that IIS takes to stop, of the ten minutes it can be."""
    one_prefix: bool = False
    """Whether there is one range of NAT addresses for all networks."""

    @property
    def server(self) -> bool:
        return "Server" in self.system


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "server2016",
            "Windows Server 2016 Datacenter Version 1607 (OS Build 14393.7336)",
            14393,
            7336,
            "10.0 14393 (14393.7336.amd64fre.rs1_release.240830-1718)",
            "20.10.27",
            "1.41",
            "1.24",
            "process",
            "cp850",
            image_revision=7336,
            image_build=14393,
            one_prefix=True,
        ),
        Preset(
            "server2019",
            "Microsoft Windows Server Version 1809 (OS Build 17763.7314)",
            17763,
            7314,
            "10.0 17763 (17763.1.amd64fre.rs5_release.180914-1434)",
            "26.1.4",
            "1.45",
            "1.24",
            "process",
            "cp437",
            image_revision=7314,
            image_build=17763,
        ),
        Preset(
            "server2022",
            "Microsoft Windows Server Version 21H2 (OS Build 20348.5499)",
            20348,
            5499,
            "10.0 20348 (20348.1.amd64fre.fe_release.210507-1500)",
            "29.1.5",
            "1.52",
            "1.44",
            "process",
            "cp850",
            image_revision=5499,
            image_build=20348,
        ),
        Preset(
            "server2025",
            "Microsoft Windows Server Version 24H2 (OS Build 26100.33296)",
            26100,
            33296,
            "10.0 26100 (26100.1.amd64fre.ge_release.240331-1435)",
            "29.4.3",
            "1.54",
            "1.40",
            "process",
            "utf-16-le",
            image_revision=33158,
            image_build=26100,
            slow_stop=40.0,
        ),
        Preset(
            "windows11",
            "Microsoft Windows Version 23H2 (OS Build 22631.6199)",
            22631,
            6199,
            "10.0 22621 (22621.1.amd64fre.ni_release.220506-1250)",
            "29.1.5",
            "1.52",
            "1.44",
            "hyperv",
            "utf-8",
            image_revision=8000,
            image_build=17763,
        ),
    )
}
