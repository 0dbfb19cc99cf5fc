"""The package as a whole: its public names, what it costs unused, and what a wheel holds."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import pytest_wincontainers

PACKAGE = Path(pytest_wincontainers.__file__).parent
ROOT = PACKAGE.parent

PUBLIC = [
    "AppPool",
    "Application",
    "Build",
    "Cache",
    "Endpoint",
    "Event",
    "ExecResult",
    "Healthcheck",
    "IisEndpoint",
    "JobEndpoint",
    "Mount",
    "MySqlEndpoint",
    "Request",
    "SeleniumEndpoint",
    "Site",
    "Tokens",
    "WincontainersError",
    "command",
    "compose_services",
    "container",
    "iis_container",
    "job_container",
    "job_results",
    "mysql_container",
    "ready",
    "selenium_container",
]


ROOMS = {
    "services": "Attachment Build Container ContainerInfo ContainerState Decorator Endpoint EngineInfo Evidence EvidenceKeeper ExecResult Face FaceMaker Folder Guest Health Healthcheck Isolation Output "
    "Link Mount Options PerWorker Preparation Prepare Ready Returned ReuseSupport SERVERCORE ServerLogs Service ServiceImage Shown SnapshotSupport "
    "Staged StagedFiles TestHooks TestStart TestValues ToolRunner check_links declare for_guest logs timestamp",
    "engines": "Build Capabilities ContainerSpec ContainerState Engine EngineAddress EngineInfo ExecResult Image "
    "ListedContainer ListedImage Mount",
    "testing": "FakeEngine check_service",
}


@pytest.mark.parametrize("room", ROOMS)
def test_the_public_names_of(room):
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text("utf-8"))
    named = [alias for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert [one.name for one in named if one.asname is None] == ["annotations"]
    assert sorted(one.asname for one in named if one.asname) == sorted(ROOMS[room].split())


def test_the_public_names():
    assert sorted(pytest_wincontainers.__all__) == sorted(PUBLIC)
    for name in PUBLIC:
        assert getattr(pytest_wincontainers, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        pytest_wincontainers.nothing  # noqa: B018


def test_a_run_without_containers_imports_nothing_heavy(tmp_path):
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    (tmp_path / "conftest.py").write_text(
        "import sys\n\ndef pytest_unconfigure(config):\n"
        "    print('\\nLOADED', sorted(n for n in sys.modules if n.startswith(('docker', 'pytest_wincontainers', 'filelock'))))\n"
    )
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "wincontainers", "-s", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    loaded = next(line for line in ran.stdout.splitlines() if line.startswith("LOADED"))
    assert ast.literal_eval(loaded.removeprefix("LOADED ")) == [
        "pytest_wincontainers",
        "pytest_wincontainers.hookspecs",
        "pytest_wincontainers.plugin",
        "pytest_wincontainers.session",
        "pytest_wincontainers.session.stash",
        "pytest_wincontainers.settings",
        "pytest_wincontainers.settings.setting",
    ]


def test_a_suite_whose_tests_need_none_does_not_import_docker(pytester):
    pytester.makeconftest(
        "import sys\nfrom pytest_wincontainers import container\n\n@container(image='x')\ndef box(): pass\n\n"
        "def pytest_unconfigure(config):\n    print('\\nDOCKER', 'docker' in sys.modules)\n"
    )
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_subprocess("-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["DOCKER False"])


@pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="Windows' embeddable Python has no pip")
def test_a_wheel_holds_types_and_images(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "pytest_wincontainers/py.typed" in names
    for image in ("mysql", "aspnet", "selenium"):
        assert f"pytest_wincontainers/images/linux/{image}/Dockerfile" in names
    assert not [name for name in names if name.startswith(("tests/", "examples/"))]
    (entry_points,) = [name for name in names if name.endswith("entry_points.txt")]
    text = zipfile.ZipFile(wheel).read(entry_points).decode()
    assert "wincontainers = pytest_wincontainers.plugin" in text


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git for Windows under Wine")
def test_nothing_of_this_machine_is_in_the_repository():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    home = str(ROOT) + "/"
    for name in filter(None, tracked):
        path = ROOT / name
        if path.is_file() and path.suffix != ".png":
            assert home not in path.read_text("utf-8"), name
