"""Twelve nasty compose files, each with a twin that is full of mistakes, against what Docker Compose makes of them."""

import json
import os

import pytest

from pytest_wincontainers.compose.config import as_config
from pytest_wincontainers.compose.modeling import model_of
from pytest_wincontainers.compose.project import load
from pytest_wincontainers.errors import DeclarationError
from tests.unit.compose.docker_compose import CASES, OPTIONS, broken_file, comparable, configured, tool

RECORDED = {case: json.loads((CASES / case / "docker-compose.json").read_text("utf-8")) for case in OPTIONS}


def loaded(case, file=None):
    options = OPTIONS[case]
    return load(
        [file or CASES / case],
        profiles=options.get("profiles", ()),
        environment=options.get("environment", {}),
    )


def ours(case):
    return comparable(as_config(loaded(case)), CASES / case)


def problems_of(project):
    model_of(project)
    with pytest.raises(DeclarationError):
        project.problems.check()
    lines = sorted(project.problems.errors, key=lambda one: (one.place.line, one.text))
    return [f"{one.place.file.name}:{one.place.line}: {_without_folder(one.text)}" for one in lines]


def _without_folder(text):
    return text.replace(f"{CASES}{os.sep}", "").replace("\\", "/")


def test_there_are_twelve():
    assert len(OPTIONS) == 12
    assert {one.name for one in CASES.iterdir() if one.is_dir()} == set(OPTIONS)


@pytest.mark.parametrize("case", OPTIONS)
def test_resolves_as_docker_compose_does(case):
    project = loaded(case)
    assert project.problems.errors == []
    assert comparable(as_config(project), CASES / case) == RECORDED[case]["config"]


@pytest.mark.parametrize("case", OPTIONS)
def test_every_mistake_is_named_with_its_line(case):
    found = problems_of(loaded(case, broken_file(case)))
    expected = (CASES / case / "problems.txt").read_text("utf-8").splitlines()
    assert found == expected


@pytest.mark.parametrize("case", OPTIONS)
def test_docker_compose_refuses_the_broken_twin_too(case):
    assert isinstance(RECORDED[case]["broken"], str)


def test_the_recorded_values_are_those_of_the_installed_docker_compose():
    found = tool()
    if found is None:
        pytest.skip("there is no Docker Compose 2 or newer to compare with; its recorded values are compared instead")
    command, version = found
    assert {case: version for case in OPTIONS if configured(command, case) != ours(case)} == {}
