"""Which file may know which: no circles, one direction, and systems told apart in their own rooms only."""

import re
from pathlib import Path

import pytest

import pytest_wincontainers
from tests.kit.architecture import circle_in, compared_names, fields_of, imports_of, modules_of, names_in

PACKAGE = Path(pytest_wincontainers.__file__).parent
MODULES = modules_of(PACKAGE)
IMPORTS = imports_of(PACKAGE)

# From the ground up: a room may use those above it in this list, which is also in CONTRIBUTING.md.
ROOMS = [
    "limits",
    "failures",
    "errors",
    "machine",
    "guests",
    "packing",
    "engines",
    "settings",
    "hosts",
    "doctor",
    "ready",
    "evidence",
    "endpoints",
    "reports",
    "migrations",
    "databases",
    "webconfig",
    "services",
    "declare",
    "compose",
    "dependencies",
    "plan",
    "run",
    "session",
    "hookspecs",
    "plugin",
    "testing",
    "scaffold",
    "cli",
]


def room_of(module):
    return module.split(".")[1] if "." in module else "the package itself"


def test_there_is_no_circle():
    assert circle_in(IMPORTS) == []


@pytest.mark.parametrize(
    "files",
    [
        {"a": "from house import b", "b": "from house.a import x"},
        {"a": "def f():\n    import house.b", "b": "import house.a"},
        {"a": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.b import T", "b": "import house.a"},
        {"room/__init__": "from house.room.a import x", "room/a": "from house.room import y"},
        {
            "room/a": "from house.room.b import x",
            "room/b": "from house.room.c import x",
            "room/c": "import house.room.a",
        },
    ],
)
def test_a_circle_is_found(tmp_path, files):
    for name, text in files.items():
        path = tmp_path / "house" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    found = circle_in(imports_of(tmp_path / "house"))
    assert found[0] == found[-1]
    assert len(found) == len(set(found)) + 1 > 2


def test_every_file_is_in_a_room():
    assert {room_of(module) for module in MODULES} - {"the package itself", "images"} == set(ROOMS)


@pytest.mark.parametrize("module", [module for module in MODULES if "." in module])
def test_data_flows_one_way(module):
    allowed = ROOMS[: ROOMS.index(room_of(module)) + 1]
    assert not [used for used in IMPORTS[module] if room_of(used) not in allowed]


def test_the_rooms_are_told_in_their_order():
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text("utf-8")
    (picture,) = re.findall(r"```rooms\n(.*?)```", text, re.DOTALL)
    assert [line.split()[0] for line in picture.strip().splitlines()][::-1] == ROOMS


# The four services of this package have no other way in than everybody's.
KIT = {"services", "errors", "ready"}
LIBRARIES = {"databases", "migrations", "webconfig"}


@pytest.mark.parametrize(
    "module", [module for module in MODULES if re.search(r"\.services\.(generic|iis|job|mysql|selenium)", module)]
)
def test_services_are_written_with_the_public_kit(module):
    own = ".".join(module.split(".")[:3])
    for used in IMPORTS[module]:
        kit = (
            used
            in {
                "pytest_wincontainers.services",
                *(f"pytest_wincontainers.services.{one}" for one in ("agent", "images")),
            }
            or room_of(used) in KIT - {"services"} | LIBRARIES
        )
        assert kit or used.startswith(own), f"{module} imports {used}"


# What differs by the system in the container, or of this machine.
SYSTEM_ROOMS = re.compile(r"\.(guests|machine)\b|\.services\.(iis|mysql)\.(windows|linux|servers|layouts)$")


@pytest.mark.parametrize("module", [module for module in MODULES if not SYSTEM_ROOMS.search(module)])
def test_systems_are_told_apart_in_their_rooms(module):
    assert compared_names(MODULES[module], frozenset({"linux", "windows", "win32", "nt", "darwin", "posix"})) == []


def test_a_comparison_is_found(tmp_path):
    (tmp_path / "a.py").write_text(
        'import sys\nif guest == "linux": pass\nif x in {"windows", "y"}: pass\nprint(sys.platform)\n'
        "match guest:\n    case 'windows': pass\n"
    )
    found = compared_names(tmp_path / "a.py", frozenset({"linux", "windows"}))
    assert len(found) == 4


@pytest.mark.parametrize("module", MODULES)
def test_the_docker_sdk_has_one_door(module):
    if not module.startswith("pytest_wincontainers.engines.docker"):
        assert not [
            name for name in names_in(MODULES[module]) if name.split(".")[0] in {"docker", "requests", "urllib3"}
        ]


@pytest.mark.parametrize("module", MODULES)
def test_only_the_edges_know_pytest(module):
    edges = {"plugin", "hookspecs", "settings", "session"}
    if (
        room_of(module) not in edges
        and not module.endswith((".reports.status", ".services.declaration"))
        and ".reports.sinks." not in module
    ):
        assert not [name for name in names_in(MODULES[module]) if name.split(".")[0] in {"pytest", "_pytest"}]


@pytest.mark.parametrize("module", MODULES)
def test_files_are_short(module):
    assert len(MODULES[module].read_text("utf-8").splitlines()) <= 350


@pytest.mark.parametrize("module", [module for module in MODULES if ".run." in module])
def test_what_works_for_a_run_knows_little(module):
    assert {name: fields for name, fields in fields_of(MODULES[module]).items() if len(fields) > 10} == {}
