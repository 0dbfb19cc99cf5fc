"""The Windows images' Dockerfiles, read with a parser and held to what Windows containers need."""

import json
import re

import pytest

from pytest_wincontainers.engines.base import EngineInfo
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.guests.builds import TAGS, WindowsHost, WindowsVersion
from pytest_wincontainers.services import iis, mysql, selenium
from pytest_wincontainers.services.images import OWN_IMAGES
from tests.kit.dockerfile import Dockerfile

IMAGES = {image.name: image for image in (mysql.IMAGE, iis.IMAGE, selenium.IMAGE)}


@pytest.fixture(params=sorted(IMAGES))
def image(request):
    return IMAGES[request.param]


@pytest.fixture
def dockerfile(image):
    return Dockerfile((OWN_IMAGES / "windows" / image.name / "Dockerfile").read_text("utf-8"))


def test_the_escape_character_leaves_paths_alone(dockerfile):
    assert dockerfile.escape == "`"


def test_the_base_is_an_argument_that_fits_a_host(dockerfile, image):
    assert dockerfile.instructions[0][0] == "ARG"
    assert dockerfile.all("FROM") == ["${BASE}"]
    assert dockerfile.arguments["BASE"].removeprefix("mcr.microsoft.com/") in image.windows_bases.values()


def test_files_are_copied_with_forward_slashes(dockerfile):
    for rest in dockerfile.all("COPY"):
        assert "\\" not in rest
        assert rest.split()[-1].startswith("C:/")
        assert rest.split()[-1].endswith("/")
    for rest in dockerfile.all("COPY"):
        assert all((OWN_IMAGES / name).exists() for name in rest.split()[:-1])


def test_nothing_lies_in_a_volume(dockerfile):
    """Windows does not copy an image's files into one, and a commit would not have them."""
    assert dockerfile.all("VOLUME") == []


def test_downloads_are_pinned(dockerfile):
    arguments = dockerfile.arguments
    for name, url in arguments.items():
        if not name.endswith("_URL"):
            continue
        stem = name.removesuffix("_URL")
        pins = [value for key, value in arguments.items() if key.startswith(f"{stem}_") and key != name]
        assert pins, f"{name} has no checksum"
        if url:
            assert url.startswith("https://")
            assert any(re.fullmatch(r"[0-9A-F]{64}|[0-9A-F]{32}", pin) for pin in pins)
    for run in dockerfile.all("RUN"):
        assert "Invoke-WebRequest" not in run
        assert "http" not in run


def test_names_are_not_remembered(dockerfile):
    assert "reg import C:\\setup\\dns.reg" in dockerfile.runs("cmd")[0]
    settings = (OWN_IMAGES / "windows" / "dns.reg").read_text("utf-8")
    assert settings.startswith("Windows Registry Editor Version 5.00\n")
    for name in ("MaxCacheTtl", "MaxNegativeCacheTtl", "ServerPriorityTimeLimit"):
        assert f'"{name}"=dword:00000000' in settings


def test_the_entry_point_is_a_program_in_words(dockerfile, image):
    (entry,) = dockerfile.all("ENTRYPOINT")
    program = "C:\\browser\\driver.exe" if image is selenium.IMAGE else "C:\\wincontainers\\agent.exe"
    assert json.loads(entry)[0] == program
    # A failed command fails the build.
    (shell,) = (json.loads(rest) for rest in dockerfile.all("SHELL") if "powershell" in rest)
    assert "$ErrorActionPreference = 'Stop'" in shell[-1]


def test_there_is_little_powershell():
    """None of it is ever run before it is on a Windows host; what the entry point does is, in every test."""
    scripts = [path.read_text("utf-8") for path in OWN_IMAGES.rglob("*.ps1")]
    paths = (OWN_IMAGES / "windows" / name / "Dockerfile" for name in IMAGES)
    runs = [
        re.sub(r" {2,}", "\n", run) for path in paths for run in Dockerfile(path.read_text("utf-8")).runs("powershell")
    ]
    assert sum(len(text.splitlines()) for text in (*scripts, *runs)) <= 60


def test_iis_writes_each_line_and_starts_nothing_early():
    dockerfile = Dockerfile((OWN_IMAGES / "windows" / "aspnet" / "Dockerfile").read_text("utf-8"))
    runs = "\n".join(dockerfile.all("RUN"))
    assert "flushByEntryCountW3CLog:1" in runs
    assert "Stop-Service was -Force" in dockerfile.all("RUN")[-1]
    # A variable of the image does not reach pools, and one of the machine does.
    assert "SetEnvironmentVariable('ROSLYN_COMPILER_LOCATION', $env:ROSLYN_COMPILER_LOCATION, 'Machine')" in runs
    # ServiceMonitor needs the pool (microsoft/IIS.ServiceMonitor#38).
    assert "DefaultAppPool" not in runs


def test_mysqls_data_is_made_in_the_image():
    dockerfile = Dockerfile((OWN_IMAGES / "windows" / "mysql" / "Dockerfile").read_text("utf-8"))
    assert any("--initialize-insecure" in run for run in dockerfile.all("RUN"))
    settings = (OWN_IMAGES / "windows" / "mysql" / "my.ini").read_text("utf-8")
    assert "lower_case_table_names = 1" in settings
    service = (OWN_IMAGES / "windows" / "mysql" / "service.conf").read_text("utf-8")
    (server,) = re.findall(r"(?m)^server: (.*)$", service)
    assert {"--no-monitor", "--console", "--init-file=C:\\wincontainers\\accounts.sql"} <= set(server.split())


def info(build, *, server=True):
    host = WindowsHost(WindowsVersion(build, 1), server=server, default="process" if server else "hyperv")
    return EngineInfo(id="1", name="", version="", guest="windows", system="", near=True, host="", windows=host)


@pytest.mark.parametrize(
    ("build", "server", "tag"),
    [
        (17763, True, "ltsc2019"),
        (20348, True, "ltsc2022"),
        (26100, True, "ltsc2025"),
        (25398, True, "ltsc2022"),
        (19045, False, "ltsc2019"),
        (22631, False, "ltsc2022"),
        (26200, False, "ltsc2022"),
    ],
)
def test_the_base_follows_the_host(image, build, server, tag):
    given = image.build(info(build, server=server))
    assert given.arguments["BASE"] == f"mcr.microsoft.com/{image.windows_bases[tag]}"
    assert set(image.windows_bases) == set(TAGS.values())


@pytest.mark.parametrize(
    ("build", "server", "tags"),
    [
        (26100, True, "ltsc2025 ltsc2022"),
        (20348, True, "ltsc2022"),
        (22631, False, "ltsc2022"),
        (26200, False, "ltsc2022"),
    ],
)
def test_what_is_built_where_the_host_lacks_the_updates_of_its_release(image, build, server, tags):
    """Only what runs with the same isolation: servers do not tell whether they have Hyper-V, and there it is no matter."""
    given = image.build(info(build, server=server), FEATURES="x")
    for tag in tags.split():
        assert given.arguments == {"BASE": f"mcr.microsoft.com/{image.windows_bases[tag]}", "FEATURES": "x"}
        assert given.isolation == ("process" if server else "hyperv")
        given = given.otherwise
    assert given is None


def test_the_base_that_the_user_has_chosen(image):
    given = image.build(info(26100).with_base("ltsc2019"))
    assert given.arguments["BASE"] == f"mcr.microsoft.com/{image.windows_bases['ltsc2019']}"
    # As a process it would not even be built.
    assert (given.isolation, given.otherwise) == ("hyperv", None)
    assert image.build(info(26100).with_base("auto")) == image.build(info(26100))
    with pytest.raises(DeclarationError, match=r"images on ltsc2025 do not run on Windows 10\.0\.20348\.1") as refused:
        image.build(info(20348).with_base("ltsc2025"))
    assert "--wincontainers-windows-base=ltsc2022 or ltsc2019" in refused.value.hint


def test_an_old_host_has_none(image):
    with pytest.raises(DeclarationError, match="image for Windows 10.0.10240"):
        image.build(info(10240))
