"""Which image runs on which host, and with which isolation: Microsoft's table, and what the field adds to it."""

import pytest

from pytest_wincontainers.guests.builds import (
    Unfit,
    WindowsHost,
    WindowsVersion,
    choose_isolation,
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
        (SERVER_2016, "2016", ""),
        (SERVER_2019, "2019", "2016"),
        (SERVER_2022, "2022", "2016 2019"),
        (SERVER_2025, "2022 2025", "2016 2019"),
        (WINDOWS_10, "", "2016 2019"),
        (WINDOWS_11, "2022", "2016 2019"),
        (WINDOWS_11_25H2, "2022", "2016 2019"),
    ],
    ids=lambda value: str(value.build) if isinstance(value, WindowsHost) else "",
)
def test_the_isolation_that_is_chosen(host, process, hyperv):
    for name, image in LTSC.items():
        if name in process.split():
            assert choose_isolation(host, image, None) == "process"
            assert choose_isolation(host, image, "hyperv") == "hyperv"
        elif name in hyperv.split():
            assert choose_isolation(host, image, None) == "hyperv"
            with pytest.raises(Unfit, match="cannot run with isolation=process"):
                choose_isolation(host, image, "process")
        else:
            for asked in (None, "process", "hyperv"):
                with pytest.raises(Unfit):
                    choose_isolation(host, image, asked)


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
    # Known to have Hyper-V: it is safer there. Not known: process, and a note.
    assert choose_isolation(WINDOWS_11, newer, None) == "hyperv"
    assert choose_isolation(SERVER_2022, WindowsVersion(20348, 9999), None) == "process"
    assert choose_isolation(WINDOWS_11, newer, "process") == "process"


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
