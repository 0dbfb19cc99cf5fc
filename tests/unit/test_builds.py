"""Which image runs on which host, and with which isolation: Microsoft's table, and what the field adds to it."""

from dataclasses import replace

import pytest

from pytest_wincontainers.guests.builds import (
    Unfit,
    WindowsHost,
    WindowsVersion,
    choose_isolation,
    doubt,
    newer_revision,
    parse_system,
    parse_version,
)

SERVER_2016 = WindowsHost(WindowsVersion(14393, 7336), server=True, default="process")
SERVER_2019 = WindowsHost(WindowsVersion(17763, 7314), server=True, default="process")
SERVER_2022 = WindowsHost(WindowsVersion(20348, 5499), server=True, default="process")
SERVER_2025 = WindowsHost(WindowsVersion(26100, 33296), server=True, default="process")
WINDOWS_10 = WindowsHost(WindowsVersion(19045, 5000), server=False, default="hyperv")
WINDOWS_11 = WindowsHost(WindowsVersion(22631, 6199), server=False, default="hyperv")
WINDOWS_11_25H2 = WindowsHost(WindowsVersion(26200, 7171), server=False, default="hyperv")
LTSC = {
    "2016": WindowsVersion(14393, 7336),
    "2019": WindowsVersion(17763, 1),
    "2022": WindowsVersion(20348, 1),
    "2025": WindowsVersion(26100, 1),
}


@pytest.mark.parametrize(
    ("host", "process", "hyperv"),
    [
        (SERVER_2016, "2016", "2016"),
        (SERVER_2019, "2019", "2019 2016"),
        (SERVER_2022, "2022", "2022 2019 2016"),
        (SERVER_2025, "2025 2022", "2025 2022 2019 2016"),
        (WINDOWS_10, "", "2019 2016"),
        (WINDOWS_11, "2022", "2022 2019 2016"),
        (WINDOWS_11_25H2, "2022 2025", "2022 2019 2016 2025"),
    ],
    ids=lambda value: str(value.build) if isinstance(value, WindowsHost) else "",
)
def test_the_isolation_that_is_chosen(host, process, hyperv):
    """The engine's default where it can be: Hyper-V on clients, whose process containers may not start twice."""
    assert host.as_process == tuple(f"ltsc{year}" for year in process.split())
    assert sorted(host.at_all) == sorted(f"ltsc{year}" for year in hyperv.split())
    assert host.at_all[0] == (host.as_process or host.at_all)[0]
    for name, image in LTSC.items():
        fitting = [one for one, names in (("process", process), ("hyperv", hyperv)) if name in names.split()]
        for asked in ("process", "hyperv"):
            if asked in fitting:
                assert choose_isolation(host, image, asked) == asked
            else:
                with pytest.raises(Unfit):
                    choose_isolation(host, image, asked)
        if fitting:
            assert choose_isolation(host, image, None) == (host.default if host.default in fitting else "hyperv")
        else:
            with pytest.raises(Unfit):
                choose_isolation(host, image, None)


def test_a_client_whose_engine_has_process_isolation_as_its_default():
    host = replace(WINDOWS_11, default="process")
    assert choose_isolation(host, LTSC["2022"], None) == "process"
    assert choose_isolation(host, LTSC["2019"], None) == "hyperv"


def test_a_refusal_names_the_tags_that_fit():
    with pytest.raises(Unfit) as refused:
        choose_isolation(SERVER_2019, LTSC["2022"], None)
    assert refused.value.args == (
        "the image is for Windows 10.0.20348.1 (ltsc2022), which this host (10.0.17763.7314) cannot run",
        "use the tag ltsc2019 or ltsc2016",
    )
    with pytest.raises(Unfit) as refused:
        choose_isolation(SERVER_2022, LTSC["2019"], "process")
    assert refused.value.args[1] == "use the tag ltsc2022, or isolation=hyperv"


def test_2016_wants_the_very_revision():
    other = WindowsVersion(14393, 7000)
    assert choose_isolation(SERVER_2016, other, None) == "hyperv"
    with pytest.raises(Unfit):
        choose_isolation(SERVER_2016, other, "process")


def test_an_image_with_later_updates_than_the_host():
    newer = WindowsVersion(22631, 9999)
    assert newer_revision(WINDOWS_11, newer)
    assert not newer_revision(SERVER_2022, WindowsVersion(20348, 5499))
    assert choose_isolation(SERVER_2022, WindowsVersion(20348, 9999), None) == "process"
    assert doubt(SERVER_2022, WindowsVersion(20348, 9999), "process") == (
        "has newer updates than the host (10.0.20348.5499); update the host if the container does not start"
    )
    assert doubt(SERVER_2022, WindowsVersion(20348, 9999), "hyperv") is None
    assert doubt(SERVER_2022, WindowsVersion(20348, 1), "process") is None


def test_an_image_that_some_such_hosts_cannot_read():
    """It is not refused, as others can; but what works everywhere comes first."""
    for isolation in ("process", "hyperv"):
        assert choose_isolation(WINDOWS_11_25H2, LTSC["2025"], isolation) == isolation
        assert "use the tag ltsc2022 if the container" in doubt(WINDOWS_11_25H2, LTSC["2025"], isolation)
        assert doubt(SERVER_2025, LTSC["2025"], isolation) is None
    assert WINDOWS_11_25H2.at_all[0] == "ltsc2022"


def test_an_image_of_no_known_build_is_left_to_the_engine():
    assert choose_isolation(SERVER_2022, None, None) is None
    assert choose_isolation(SERVER_2022, None, "hyperv") == "hyperv"


@pytest.mark.parametrize(
    ("system", "build"),
    [
        ("Microsoft Windows Server Version 21H2 (OS Build 20348.5499)", WindowsVersion(20348, 5499)),
        ("Windows Server 2019 Datacenter Version 1809 (OS Build 17763.107)", WindowsVersion(17763, 107)),
        ("Microsoft Windows Version 22H2 (OS Build 22621)", WindowsVersion(22621)),
        ("Debian GNU/Linux 12 (bookworm)", None),
    ],
)
def test_the_build_in_an_engines_words(system, build):
    assert parse_system(system) == build


@pytest.mark.parametrize(
    ("version", "build"),
    [
        ("10.0.20348.5499", WindowsVersion(20348, 5499)),
        ("10.0.20348", WindowsVersion(20348)),
        ("", None),
        ("10.0", None),
        ("a.b.c", None),
    ],
)
def test_the_build_in_an_images_words(version, build):
    assert parse_version(version) == build
