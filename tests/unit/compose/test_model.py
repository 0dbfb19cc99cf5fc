"""The services of compose files as typed values."""

from pathlib import Path

import pytest

from pytest_wincontainers.compose import load
from pytest_wincontainers.errors import DeclarationError


@pytest.fixture
def compose(tmp_path):
    def write(text, name="compose.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def services(path, **options):
    return load([path], **{"environment": {}, **options}).file.services


def notes(path, **options):
    return [f"{one.place.line}: {one.text}" for one in load([path], **{"environment": {}, **options}).notes]


def test_a_service(compose, tmp_path):
    path = compose(
        """
services:
  web-site:
    image: web
    command: run "a b"
    entrypoint: [entry]
    environment: {A: 1, B: null}
    labels: {l: true}
    ports: ["8080:80", "90-91"]
    expose: [443, "80"]
    hostname: host
    container_name: name
    networks: {default: {aliases: [alias]}}
    volumes: ["./data:/data:ro", 'C:\\x:C:\\y']
    depends_on: {db: {condition: service_healthy}}
    isolation: hyperv
    mem_limit: 512m
    user: me
    working_dir: /w
    restart: always
  db:
    image: db
    healthcheck: {test: [CMD, ping], interval: 1m, timeout: 500ms, retries: 4}
    links: ["web-site:site"]
""".replace('    links: ["web-site:site"]\n', "")
    )
    web, database = services(path).values()
    assert (web.name, web.image, web.build, web.place.line, web.places["ports"].line) == ("web-site", "web", None, 3, 9)
    assert (web.command, web.entrypoint) == (("run", "a b"), ("entry",))
    assert (web.environment, web.labels) == ({"A": "1"}, {"l": "true"})
    assert web.ports == (80, 90, 91, 443)
    assert web.aliases == ("web-site", "host", "name", "alias")
    assert [(one.source, one.target, one.read_only) for one in web.mounts] == [
        (tmp_path / "data", "/data", True),
        (Path("C:\\x"), "C:\\y", False),
    ]
    assert [(one.service, one.condition) for one in web.needs] == [("db", "service_healthy")]
    assert (web.isolation, web.memory, web.user, web.working_dir) == ("hyperv", 512 << 20, "me", "/w")
    check = database.healthcheck
    assert (check.test, check.interval, check.timeout, check.retries) == (("CMD", "ping"), 60.0, 0.5, 4)
    assert (check.disabled, check.start_period) == (False, None)
    assert (
        notes(path)[-1]
        == "20: services.web-site.restart has no effect: a container that ends is an error of the tests that need it"
    )


@pytest.mark.parametrize("check", ["{disable: true}", "{test: NONE}", "{test: [NONE]}"])
def test_a_health_check_that_is_switched_off(compose, check):
    (service,) = services(compose(f"services: {{a: {{image: a, healthcheck: {check}}}}}")).values()
    if check == "{test: NONE}":
        # As with Docker Compose, a string is a line for the shell.
        assert (service.healthcheck.test, service.healthcheck.disabled) == (("CMD-SHELL", "NONE"), False)
    else:
        assert service.healthcheck.disabled


def test_commands_that_are_empty_and_that_are_not_given(compose):
    path = compose("services: {a: {image: a, command: [], entrypoint: ''}, b: {image: b, command: }}")
    a, b = services(path).values()
    assert (a.command, a.entrypoint, b.command, b.entrypoint) == ((), (), None, None)


def test_a_build(compose, tmp_path):
    path = compose(
        """
services:
  a: {build: ./app, image: named}
  b: {build: {context: ., dockerfile: D.win, args: [A=1, FROM, NO], target: t, network: host}}
  c: {build: {dockerfile_inline: "FROM x"}}
"""
    )
    a, b, c = (one.build for one in services(path, environment={"FROM": "f"}).values())
    assert (a.context, a.dockerfile, a.arguments) == (tmp_path / "app", "Dockerfile", {})
    assert (b.context, b.dockerfile, b.arguments, b.target, b.network) == (
        tmp_path, "D.win", {"A": "1", "FROM": "f"}, "t", "host",
    )  # fmt: skip
    assert (c.context, c.inline) == (tmp_path, "FROM x")
    assert "3: services.a.image has no effect: the image is built, and named by the plugin" in notes(path)


def test_secrets_and_configs_are_files(compose, tmp_path):
    compose("secret", "s.txt")
    path = compose(
        """
services:
  a:
    image: a
    secrets: [plain, {source: plain, target: renamed, mode: 0400}, {source: var, target: 'C:\\x'}]
    configs: [text, {source: text, target: /etc/t}]
secrets: {plain: {file: ./s.txt}, var: {environment: VAR}}
configs: {text: {content: "hello $VAR"}}
"""
    )
    (service,) = services(path, environment={"VAR": "v"}).values()
    assert [(one.target, one.content, one.mode, one.secret) for one in service.files] == [
        ("/run/secrets/plain", tmp_path / "s.txt", None, True),
        ("/run/secrets/renamed", tmp_path / "s.txt", 0o400, True),
        ("C:\\x", "v", None, True),
        ("/text", "hello v", None, False),
        ("/etc/t", "hello v", None, False),
    ]


def test_volumes_of_one_service_are_in_its_container(compose):
    path = compose("services: {a: {image: a, volumes: ['vol:/v', /anonymous]}}\nvolumes: {vol: }")
    (service,) = services(path).values()
    assert service.mounts == ()
    assert notes(path) == [
        "1: services.a.volumes: the volume 'vol' has no effect: /v is in the container's own file system, new in each run"
    ]


def test_networks_other_than_nat_are_told(compose):
    path = compose(
        """
services:
  a: {image: a}
  b: {image: b, networks: [default, n]}
  c: {image: c, networks: [back]}
  d: {image: d, network_mode: nat}
networks: {default: {external: true, name: nat}, n: {external: true, name: nat}, back: }
"""
    )
    assert {name: [one.name for one in service.networks] for name, service in services(path).items()} == {
        "a": [], "b": [], "c": ["back"], "d": [],
    }  # fmt: skip


def test_a_default_network_that_is_another_one(compose):
    path = compose("services: {a: {image: a}}\nnetworks: {default: {external: true, name: other}}")
    assert [one.name for one in services(path)["a"].networks] == ["default"]


def test_links_are_needs_and_names(compose):
    a, b = services(compose("services: {a: {image: a, links: ['b:bee', b]}, b: {image: b}}")).values()
    assert [one.service for one in a.needs] == ["b"]
    assert b.aliases == ("b", "bee")


def test_profiles_and_selected_services(compose):
    path = compose(
        """
services:
  web: {image: w, depends_on: {debug: {condition: service_started, required: false}, db: {condition: service_started}}}
  db: {image: d}
  debug: {image: x, profiles: [debug]}
  admin: {image: y, profiles: [admin], depends_on: [debug]}
"""
    )
    assert list(services(path)) == ["web", "db"]
    assert list(services(path, profiles=["debug"])) == ["web", "db", "debug"]
    assert list(services(path, profiles=["*"])) == ["web", "db", "debug", "admin"]
    assert list(services(path, services=["db"])) == ["db"]
    assert list(services(path, services=["admin"])) == ["debug", "admin"]
    assert [one.service for one in services(path)["web"].needs] == ["db"]
    with pytest.raises(DeclarationError, match="no service 'wbe'.*did you mean 'web'"):
        services(path, services=["wbe"])


def test_files_of_a_directory(compose, tmp_path):
    with pytest.raises(DeclarationError, match="there is no compose file in"):
        load([tmp_path])
    compose("services: {a: {image: old}}", "docker-compose.yml")
    compose("services: {a: {environment: {A: 1}}}", "docker-compose.override.yml")
    assert services(tmp_path)["a"].environment == {"A": "1"}
    compose("services: {a: {image: new}}", "compose.yaml")
    assert load([tmp_path], environment={}).file.files == (
        tmp_path / "compose.yaml",
        tmp_path / "docker-compose.override.yml",
    )
    assert load([tmp_path / "compose.yaml"], environment={}).file.files == (tmp_path / "compose.yaml",)


def test_several_files_and_the_project_directory(compose, tmp_path):
    one = compose("services: {a: {image: a, volumes: ['./x:/x']}}", "one/compose.yaml")
    two = compose("services: {a: {volumes: ['./y:/y']}}", "two/more.yaml")
    assert [mount.source for mount in load([one, two]).file.services["a"].mounts] == [
        tmp_path / "one" / "x",
        tmp_path / "one" / "y",
    ]
    found = load([one, two], project_directory=tmp_path).file.services["a"]
    assert [mount.source for mount in found.mounts] == [tmp_path / "x", tmp_path / "y"]


def test_the_project_name_is_a_variable(compose, tmp_path):
    path = compose("name: Shop ${X:-1}\nservices: {a: {image: 'a:${COMPOSE_PROJECT_NAME}'}}")
    found = load([path], environment={})
    assert (found.file.name, found.file.services["a"].image) == ("shop1", "a:shop1")
    assert load([path], environment={"COMPOSE_PROJECT_NAME": "other"}).file.services["a"].image == "a:other"
    other = compose("services: {a: {image: 'a:${COMPOSE_PROJECT_NAME}'}}", "_My Dir/compose.yaml")
    assert services(other)["a"].image == "a:mydir"


def test_files_of_variables(compose, tmp_path):
    path = compose("services: {a: {image: 'a:${TAG:-none}'}}")
    assert services(path)["a"].image == "a:none"
    compose("TAG=env", ".env")
    assert services(path)["a"].image == "a:env"
    other = compose("TAG=other", "other.env")
    assert services(path, env_files=[other])["a"].image == "a:other"
    assert services(path, env_files=[other], environment={"TAG": "process"})["a"].image == "a:process"
    assert services(path, env_files=[])["a"].image == "a:none"


def test_all_problems_are_told_together(compose):
    path = compose("services:\n  a:\n    imgae: a\n    privileged: true\n  b:\n    image: 5\n")
    with pytest.raises(DeclarationError) as caught:
        load([path]).check()
    assert caught.value.message == f"{path} cannot be used as written; there are 4 problems"
    assert caught.value.details.splitlines() == [
        f"{path}:2: services.a has neither an image nor a build; add image: or build:",
        f"{path}:3: services.a: a service has no option 'imgae'; did you mean 'image'?",
        f"{path}:4: services.a.privileged is not supported: containers get no further rights here",
        f"{path}:6: services.b.image: must be a string, not a number; put it in quotes",
    ]


def test_one_problem_is_a_sentence(compose):
    path = compose("services:\n  a:\n    image: a\n    ports: [x]\n")
    with pytest.raises(DeclarationError) as caught:
        load([path]).check()
    assert caught.value.message == f"{path}:4: services.a.ports: 'x' is not a port"
    assert caught.value.hint.startswith("write 8080")


def test_without_pyyaml(compose, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    with pytest.raises(DeclarationError, match="needs the package PyYAML") as caught:
        load([compose("services: {}")])
    assert caught.value.hint == 'pip install "pytest-wincontainers[compose]"'
