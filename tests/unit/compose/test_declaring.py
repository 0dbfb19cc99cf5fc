"""What the services of compose files become as declarations."""

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from pytest_wincontainers import Site, container, iis_container, job_container, mysql_container, ready
from pytest_wincontainers.compose import compose_services, load
from pytest_wincontainers.compose.declaring import foreign_path
from pytest_wincontainers.engines.base import Build, EngineInfo, Healthcheck, Mount
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.ready import Healthy, Tcp
from pytest_wincontainers.services.declaration import declaration_of
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.services.job import Job
from pytest_wincontainers.services.mysql import MySql

LINUX = EngineInfo("1", "engine", "1", "linux", "Linux", near=True, host="localhost")
WINDOWS = EngineInfo("1", "engine", "1", "windows", "Windows", near=True, host="localhost")


@pytest.fixture
def outcome(tmp_path):
    def make(text, kinds=None, **options):
        (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
        return load([tmp_path], kinds=kinds, environment={}, **options)

    return make


@pytest.fixture
def declared(outcome):
    def make(text, kinds=None, **options):
        found = outcome(text, kinds, **options)
        found.check()
        return {one.name: one for one in found.declarations}

    return make


def problems(found):
    return [f"{one.place.line}: {one.text}" for one in found.problems.errors]


def notes(found):
    return [f"{one.place.line}: {one.text}" for one in found.notes]


def test_options(declared, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "one.txt").write_text("1")
    found = declared(
        """
services:
  web:
    image: web:1
    command: run it
    entrypoint: [entry]
    working_dir: /w
    user: me
    environment: {A: 1}
    labels: {l: x}
    ports: ["8080:80"]
    hostname: host
    volumes: ["./data:/data:ro", "./one.txt:/etc/one.txt"]
    configs: [c]
    isolation: process
    mem_limit: 1.5k
configs: {c: {content: text}}
"""
    )["web"]
    assert found.service == Generic(
        {
            "image": "web:1",
            "command": ("run", "it"),
            "entrypoint": ("entry",),
            "working_dir": "/w",
            "labels": {"l": "x"},
            "aliases": ("web", "host"),
            "files": {"/c": "text", "/etc/one.txt": tmp_path / "one.txt"},
            "mounts": [Mount(tmp_path / "data", "/data", True)],
            "isolation": "process",
            "memory": 1,
            "environment": {"A": "1"},
        },
        (80,),
        "me",
    )
    assert (found.where, found.needs, found.base) == (f"{tmp_path / 'compose.yaml'}:3", (), tmp_path)
    assert found.function() is None


def test_names_and_needs(declared):
    found = declared("services: {a-b.c: {image: a, depends_on: [d]}, d: {image: d}}")
    assert {name: one.needs for name, one in found.items()} == {"a_b_c": ("d",), "d": ()}
    assert found["a_b_c"].service.options["aliases"] == ("a-b.c",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{a-b: {image: a}, a_b: {image: b}}", "services.a_b and services.a-b would be one fixture, a_b"),
        ("{A: {image: a}, a: {image: b}}", "services.a and services.A would be one fixture, a"),
        ("{2nd: {image: a}}", "services.2nd cannot be a fixture: '2nd' is no name for one"),
        ("{class: {image: a}}", "services.class cannot be a fixture: 'class' is no name for one"),
        ("{request: {image: a}}", "services.request cannot be a fixture: 'request' is no name for one"),
        ("{pytest-x: {image: a}}", "services.pytest-x cannot be a fixture: 'pytest_x' is no name for one"),
        ("{a: {image: a, hostname: B}, b: {image: b}}", "services.b has the name 'b' on the network, and so has services.a"),
        ("{a: {image: a, volumes: ['./no:/x']}}", "services.a.volumes: {path}/no does not exist"),
        ("{a: {build: ./no}}", "services.a.build: there is no {path}/no/Dockerfile"),
    ],
)  # fmt: skip
def test_what_cannot_be_declared(outcome, tmp_path, text, problem):
    expected = str(Path(problem.replace("{path}", str(tmp_path)))) if "{path}" in problem else problem
    assert expected.replace("\\", "/") in [
        one.text.replace("\\", "/") for one in outcome(f"services: {text}").problems.errors
    ]


def test_a_build(declared, tmp_path):
    for name in ("app/Dockerfile", "win.Dockerfile"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"FROM {name}", encoding="utf-8")
    found = declared(
        """
services:
  inside: {build: {context: app, args: {A: 1}, target: t, network: host}}
  outside: {build: {context: app, dockerfile: ../win.Dockerfile}}
  inline: {build: {dockerfile_inline: FROM x}}
"""
    )
    builds = {name: one.service.options["build"] for name, one in found.items()}
    assert builds["inside"] == Build(tmp_path / "app", "Dockerfile", {"A": "1"}, network="host", target="t")
    assert (builds["outside"].dockerfile, builds["outside"].content) == ("../win.Dockerfile", "FROM win.Dockerfile")
    assert (builds["inline"].folder, builds["inline"].content) == (tmp_path, "FROM x")


def test_a_health_check(declared):
    found = declared(
        """
services:
  shell: {image: a, ports: [80], healthcheck: {test: curl x, interval: 5s, timeout: 1s, start_period: 2s, retries: 7}}
  words: {image: a, healthcheck: {test: [CMD, a, b]}}
  off: {image: a, ports: [80], healthcheck: {disable: true}}
  own: {image: a, ports: [80]}
"""
    )
    options = {name: one.service.options for name, one in found.items()}
    assert options["shell"]["healthcheck"] == Healthcheck("curl x", 5.0, 1.0, 2.0, 7)
    assert options["words"]["healthcheck"] == Healthcheck(["a", "b"])
    assert options["shell"]["ready"] == options["words"]["ready"] == [ready.healthy()]
    # Not even the image's own is waited for.
    assert (options["off"]["ready"], options["off"]["healthcheck"]) == ([Tcp(80)], False)
    assert "ready" not in options["own"]


def test_a_health_check_without_a_test(outcome):
    found = outcome("services: {a: {image: a, healthcheck: {interval: 5s}}}")
    assert notes(found) == ["1: services.a.healthcheck has no effect without test: the image's own check counts"]
    assert "healthcheck" not in found.declarations[0].service.options


def test_conditions(declared):
    found = declared(
        """
services:
  plain: {image: a, depends_on: [db]}
  careful: {image: a, depends_on: {db: {condition: service_healthy}}}
  after: {image: a, depends_on: {migrate: {condition: service_completed_successfully}, db: {condition: service_started}}}
  db: {image: d, ports: [1]}
  migrate: {image: m, user: me, working_dir: /w, depends_on: [db]}
"""
    )
    assert {name: one.service.options.get("starts_after_ready") for name, one in found.items()} == {
        "plain": None, "careful": True, "after": True, "db": None, "migrate": None,
    }  # fmt: skip
    assert found["after"].needs == ("migrate", "db")
    # Somebody relies on it being healthy.
    assert found["db"].service.options["ready"] == [Tcp(1), Healthy(required=True)]
    job = found["migrate"].service
    assert isinstance(job, Job)
    assert (job.user, job.directory("linux")) == ("me", "/w")


def test_a_job_works_in_the_directory_of_its_image(declared):
    text = "services: {a: {image: a, depends_on: {j: {condition: service_completed_successfully}}}, j: {image: j}}"
    assert declared(text)["j"].service.directory("linux") is None


def test_a_kind(declared, tmp_path):
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "1.sql").write_text("SELECT 1;")
    text = """
services:
  db:
    image: mysql:8
    environment: {MYSQL_DATABASE: shop, MYSQL_USER: me, MYSQL_PASSWORD: p, MYSQL_ROOT_PASSWORD: r, TZ: UTC}
    labels: {a: file, b: file}
    ports: ["3306:3306"]
    command: --sql-mode=ANSI
"""
    kind = mysql_container(migrations="sql", labels={"a": "kind"}, environment={"LANG": "C"})
    service = declared(text, {"db": kind})["db"].service
    assert isinstance(service, MySql)
    assert (service.database, service.user, service.migrations, service.ports) == ("shop", "me", "sql", (3306,))
    options = service.options
    assert (options["image"], options["command"], options["labels"]) == (
        "mysql:8", ("--sql-mode=ANSI",), {"a": "kind", "b": "file"},
    )  # fmt: skip
    assert options["environment"] == {"TZ": "UTC", "LANG": "C"}
    # Other services of the file know its passwords.
    secrets = service.secrets(iter("xyz").__next__)
    assert set(secrets.values()) == {"x", "y"}
    assert service.environment(secrets, {})["MYSQL_PASSWORD"] == "p"
    face = service.face("host", {3306: 3306}, secrets)
    assert (face.database, face.user, face.password, face.root_password) == ("shop", "me", "p", "r")


def test_options_for_a_container_of_no_special_kind(declared):
    text = "services: {a: {image: a, user: me, ports: [80, 81], healthcheck: {test: x}}}"
    plain = declared(text, {"a": container(timeout=5)})["a"].service
    assert (plain.ports, plain.user, plain.options["timeout"], plain.options["ready"]) == (
        (80, 81),
        "me",
        5,
        [Healthy()],
    )
    other = declared(text, {"a": container(ports=[80], user="you", ready=ready.http(80))})["a"].service
    assert (other.ports, other.user, other.options["ready"]) == ([80], "you", ready.http(80))


def test_a_kind_that_does_not_complete(outcome):
    text = "services: {a: {image: a, depends_on: {b: {condition: service_completed_successfully}}}, b: {image: b}}"
    assert problems(outcome(text, {"b": container()})) == [
        "1: services.b is to complete, as others need it so, but its kind container goes on running"
    ]
    found = outcome(text, {"b": job_container(check_exit_code=False)})
    assert (problems(found), found.declarations[1].service.check_exit_code) == ([], False)


def test_an_image_of_the_kind_wins(declared, tmp_path):
    (tmp_path / "Dockerfile").touch()
    text = "services: {db: {image: mysql:8}}"
    assert declared(text, {"db": mysql_container(image="other:1")})["db"].service.options["image"] == "other:1"
    assert declared(text, {"db": container(build=".")})["db"].service.options["build"] == "."


def test_a_kind_with_an_image_of_its_own(outcome, tmp_path):
    """The image of the file's Dockerfile has another entry point, which sets nothing up."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "web.config").write_text("<configuration />")
    text = "services:\n  web:\n    image: shop-web\n    entrypoint: [C:/ServiceMonitor.exe, w3svc]\n    labels: [a=1]"
    found = outcome(text, {"web": iis_container(Site("shop", "web", 80))})
    assert problems(found) == []
    assert {"image", "entrypoint", "command"} & found.declarations[0].service.options.keys() == set()
    assert found.declarations[0].service.options["labels"] == {"a": "1"}
    assert notes(found) == [
        "2: services.web: its image, entry point and command are not used: the kind iis has its own"
    ]


def test_the_image_that_another_service_builds(declared, tmp_path):
    (tmp_path / "Dockerfile").touch()
    found = declared("services: {web: {image: shop, build: .}, worker: {image: shop}}")
    assert found["worker"].service.options["build"] == found["web"].service.options["build"]
    assert "image" not in found["worker"].service.options


def test_paths_as_visual_studio_writes_them(declared, tmp_path):
    (tmp_path / "Shop.Web").mkdir()
    (tmp_path / "Shop.Web" / "Dockerfile").touch()
    (tmp_path / "vars.env").write_text("A=1")
    text = "services:\n  web:\n    env_file: .\\vars.env\n    build: {context: ., dockerfile: Shop.Web\\Dockerfile}"
    options = declared(text)["web"].service.options
    assert options["build"].dockerfile == "Shop.Web/Dockerfile"
    assert options["environment"] == {"A": "1"}


@pytest.mark.parametrize(
    ("path", "foreign"),
    [
        (PurePosixPath("c:/users/me"), "c:/users/me"),
        (PurePosixPath("/srv/data"), None),
        (PurePosixPath("data"), None),
        (PureWindowsPath("/srv/data"), "/srv/data"),
        (PureWindowsPath("C:/data"), None),
        (PureWindowsPath("data/x"), None),
    ],
)
def test_paths_of_another_kind_of_machine(path, foreign):
    assert foreign_path(path) == foreign


def test_what_a_run_would_refuse_is_found_at_once(outcome):
    assert problems(outcome("services: {a: {image: a, expose: ['70000']}}")) == [
        "1: services.a: ports= has an invalid port: 70000"
    ]
    assert problems(outcome("services: {a: {image: a, healthcheck: {test: x, interval: 0s, retries: 0}}}")) == []


def test_names_in_kinds_are_looked_up_in_files_that_can_be_read(outcome):
    with pytest.raises(DeclarationError) as refused:
        outcome("services: {db: {image: a", {"db": container()})
    assert "kinds=" not in str(refused.value)


def test_a_kind_that_contradicts_the_file(outcome):
    text = "services:\n  db:\n    image: m\n    user: me\n    environment: {MYSQL_DATABASE: shop}"
    assert problems(outcome(text, {"db": mysql_container(database="other")})) == [
        "4: services.db.user is not supported for the kind mysql",
        "2: services.db: database='other' is not what MYSQL_DATABASE in the compose file says: 'shop'",
    ]


def test_root_is_no_further_account(declared):
    text = "services: {db: {image: m, environment: {MARIADB_USER: root, MARIADB_ROOT_PASSWORD: r}}}"
    service = declared(text, {"db": mysql_container()})["db"].service
    assert (service.user, service.environment(service.secrets(lambda: "t"), {})["MYSQL_ROOT_PASSWORD"]) == (None, "r")


def test_kinds_of_what_is_not_there(outcome):
    with pytest.raises(DeclarationError, match="kinds= names 'dbb', which is no service .*; did you mean 'db'"):
        outcome("services: {db: {image: m}}", {"dbb": mysql_container()})
    with pytest.raises(DeclarationError, match="something else than a kind for 'db'"):
        outcome("services: {db: {image: m}}", {"db": mysql_container})


def test_another_network_is_refused_on_windows_only(declared, tmp_path):
    found = declared("services: {a: {image: a, networks: [back]}, b: {image: b}}\nnetworks: {back: }")
    found["b"].check_engine(WINDOWS)
    found["a"].check_engine(LINUX)
    with pytest.raises(DeclarationError) as caught:
        found["a"].check_engine(WINDOWS)
    assert caught.value.message == (
        f"{tmp_path / 'compose.yaml'}:1: it is on the network 'back', but on Windows engines all containers are on nat"
    )
    assert "Server 2016" in caught.value.details


def test_compose_services_in_a_conftest(tmp_path):
    (tmp_path / "c.yaml").write_text("services:\n  web:\n    image: a:${TAG}\n", encoding="utf-8")
    (tmp_path / "vars").write_text("TAG=1\n", encoding="utf-8")
    code = "found = compose_services('c.yaml', env_file='vars', services=['web'])"
    module = {"compose_services": compose_services}
    exec(compile(code, str(tmp_path / "conftest.py"), "exec"), module)
    declaration = declaration_of(module["found"].web)
    assert (declaration.name, declaration.service.options["image"], declaration.base) == ("web", "a:1", tmp_path)
    assert declaration.function.__doc__ == "The service web of c.yaml: image a:1."
    assert declaration.function.__code__.co_firstlineno == 2


@pytest.mark.parametrize("option", ["services", "profiles"])
def test_a_string_instead_of_a_list(option):
    with pytest.raises(DeclarationError, match=f"{option}= must be a list, not 'web'"):
        compose_services(**{option: "web"})


def test_what_is_described(outcome, tmp_path):
    (tmp_path / "data").mkdir()
    found = outcome(
        """
name: shop
services:
  web-site: {image: web, ports: [80], depends_on: {db: {condition: service_healthy}}, volumes: ["./data:/d:ro"]}
  db: {image: db, healthcheck: {test: x}, restart: always}
"""
    )
    assert list(found.describe()) == [
        f"shop: {tmp_path / 'compose.yaml'}",
        "web-site: container, image web",
        "  the fixture is called web_site",
        "  ports 80",
        "  on the network as web-site",
        "  needs db, and starts when it is healthy",
        f"  mounts {tmp_path / 'data'} to /d, read-only",
        "db: container, image db",
        "  on the network as db",
    ]
    assert notes(found) == [
        "5: services.db.restart has no effect: a container that ends is an error of the tests that need it"
    ]
