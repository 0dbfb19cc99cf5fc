"""Single mistakes and notes; whole files full of them are in `cases`."""

import pytest

from pytest_wincontainers.compose import load


@pytest.fixture
def found(tmp_path):
    def make(text):
        (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
        outcome = load([tmp_path / "compose.yaml"], environment={})
        errors, notes = (
            [f"{one.place.line}: {one.text}".replace(str(tmp_path), "…") for one in some]
            for some in (outcome.problems.errors, outcome.notes)
        )
        return errors, notes

    return make


SERVICE = "services: {{a: {{image: a, {0}}}}}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a", "1: a compose file is a mapping, not a list"),
        ("", "1: there are no services"),
        ("name: x", "1: there are no services"),
        ("services: [a]", "1: services: must be a mapping, not a list"),
        ("services: {a: true}", "1: services.a: must be a mapping, not true or false"),
        (SERVICE.format("environment: 5"), "1: services.a.environment: must be a mapping or a list, not a number"),
        (SERVICE.format("command: a\\"), "1: services.a.command: a backslash ends the command"),
        (SERVICE.format("ports: 80"), "1: services.a.ports: must be a list, not a number"),
        (SERVICE.format("ports: ['']"), "1: services.a.ports: '' is not a port"),
        (SERVICE.format("volumes: ['']"), "1: services.a.volumes: '' is not a volume"),
        (SERVICE.format("volumes: [{type: bind, source: a, target: }]"), "1: services.a.volumes: a volume needs target"),
        (SERVICE.format("label_file: no.txt"), "1: the file of variables cannot be read: No such file or directory"),
        (SERVICE.format("secrets: [s]") + "\nsecrets: {s: {}}", "2: secrets.s has no content"),
        (SERVICE.format("secrets: [s]") + "\nsecrets: {s: {driver: x}}", "2: secrets.s has a driver, which is not supported"),
        ("services: {a: {image: a, depends_on: [b]}, b: {image: b, profiles: [p]}}",
         "1: services.a depends on 'b', which is only started with a profile"),
        (SERVICE.format("deploy: {replicas: 2}"), "1: services.a.deploy.replicas is 2: a service is one container here"),
        (SERVICE.format("network_mode: none"), "1: services.a.network_mode: 'none' is not supported: all containers are "
         "on the network nat, so that they can reach each other"),
        (SERVICE.format("extends: {service: b, file: no.yaml}"), "1: the file …/no.yaml does not exist"),
    ],
)  # fmt: skip
def test_an_error(found, text, problem):
    assert problem in [one.replace("\\", "/") for one in found(text)[0]]


@pytest.mark.parametrize(
    ("option", "note"),
    [
        ("environment: [A]", "1: the variable A has no value here and none in the process"),
        ("image: 'a:$TAG'", "1: the variable TAG is not set; it is replaced by an empty string"),
        ("command: 'C:\\\\app\\\\run'", ""),
        ("command: C:\\app\\run", "1: services.a.command: the backslashes are taken as escape characters; write a list to keep them"),
        ("command: a\\ b \\$$x", ""),
        ("volumes: [{type: tmpfs, target: /t}]", "1: services.a.volumes: tmpfs has no effect: /t is in the container's own file system"),
        ("tty: true", "1: services.a.tty has no effect: containers have no terminal"),
        ("tty: false", ""),
        ("read_only: 'no'", ""),
    ],
)  # fmt: skip
def test_a_note(found, option, note):
    errors, notes = found(f"services: {{a: {{{'' if option.startswith('image') else 'image: a, '}{option}}}}}")
    assert errors == []
    assert notes == ([note] if note else [])


def test_what_a_file_of_a_service_cannot_say(found):
    _, notes = found(
        "services: {a: {image: a, configs: [{source: c, uid: '5', mode: 0400}]}}\nconfigs: {c: {content: x}}"
    )
    assert notes == [
        "1: services.a.configs.c.uid has no effect: files belong to the image's user",
        "1: services.a: the mode of /c has no effect",
    ]


def test_labels_of_files(tmp_path):
    (tmp_path / "l.txt").write_text("A=1\nB=$A\n", encoding="utf-8")
    (tmp_path / "compose.yaml").write_text(SERVICE.format("label_file: l.txt, labels: {A: own}"), encoding="utf-8")
    assert load([tmp_path], environment={}).file.services["a"].labels == {"A": "own", "B": "1"}


def test_an_optional_file_of_variables(found):
    assert found(SERVICE.format("env_file: [{path: no.env, required: false}]")) == ([], [])


def test_no_line_is_told_twice(found):
    text = "x-a: &a {image: 5}\nservices: {a: *a, b: *a}"
    assert found(text)[0] == [
        "1: services.a.image: must be a string, not a number",
        "1: services.b.image: must be a string, not a number",
    ]
