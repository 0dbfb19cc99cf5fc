"""The settings table: option over variable over ini key over default."""

import re
from pathlib import Path

import pytest

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.guests.builds import TAGS
from pytest_wincontainers.machine.posix import PosixMachine
from pytest_wincontainers.machine.windows import WindowsMachine
from pytest_wincontainers.settings import TABLE, from_environment, resolve


def test_the_first_that_is_given_counts(pytester, monkeypatch):
    pytester.makeini("[pytest]\nwincontainers_timeout = 3")
    assert resolve(pytester.parseconfig()).timeout == 3
    monkeypatch.setenv("WINCONTAINERS_TIMEOUT", "2")
    assert resolve(pytester.parseconfig()).timeout == 2
    config = pytester.parseconfig("--wincontainers-timeout=1")
    assert resolve(config).timeout == 1
    assert resolve(config).sources == {"timeout": "option --wincontainers-timeout"}
    assert resolve(config).describe() == "timeout=1.0 (from option --wincontainers-timeout)"


def test_defaults_have_no_source(pytester):
    found = resolve(pytester.parseconfig())
    assert found.sources == {}
    assert found.artifacts == pytester.path / ".wincontainers"
    assert found.state is None


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("timeout", "soon", "'soon' is not a number of seconds"),
        ("timeout", "-1", "'-1' is not a positive number of seconds"),
        ("timeout", "nan", "'nan' is not a positive number of seconds"),
        ("parallel-starts", "2.5", "'2.5' is not a whole number of at least 0"),
        ("reach", "far", "'far' is not one of auto, direct, published"),
        ("engine", " ", "' ' is empty"),
    ],
)
def test_a_bad_value_is_named_with_its_source(pytester, option, value, problem):
    config = pytester.parseconfig(f"--wincontainers-{option}={value}")
    with pytest.raises(pytest.UsageError, match=re.escape(f"{problem} (option --wincontainers-{option})")):
        resolve(config)


def test_folders_are_meant_from_where_they_are_written(pytester, monkeypatch):
    pytester.makeini("[pytest]\nwincontainers_artifacts = out")
    here = pytester.mkdir("here")
    monkeypatch.chdir(here)
    assert resolve(pytester.parseconfig("-c", "../tox.ini")).artifacts == pytester.path / "out"
    assert resolve(pytester.parseconfig("--wincontainers-artifacts=mine")).artifacts == here / "mine"


def test_an_empty_variable_is_not_given(pytester, monkeypatch):
    monkeypatch.setenv("WINCONTAINERS_REACH", "")
    assert resolve(pytester.parseconfig()).reach == "auto"


def test_a_command_takes_its_options_before_the_environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"WINCONTAINERS_ENGINE": "tcp://a:1", "WINCONTAINERS_WINRM_CA": "ca.pem", "WINCONTAINERS_REACH": ""}
    found = from_environment(given, engine="tcp://b:1", winrm=None)
    assert (found.engine, found.winrm, found.winrm_ca, found.reach) == ("tcp://b:1", None, tmp_path / "ca.pem", "auto")
    assert found.sources == {"engine": "option --engine", "winrm_ca": "environment WINCONTAINERS_WINRM_CA"}
    assert from_environment(given).engine == "tcp://a:1"
    with pytest.raises(
        DeclarationError,
        match="'ntml' is not one of ntlm, basic, kerberos, certificate .environment WINCONTAINERS_WINRM_TR",
    ):
        from_environment({"WINCONTAINERS_WINRM_TRANSPORT": "ntml"})


def test_every_setting_has_a_value(pytester):
    found = resolve(pytester.parseconfig())
    assert {setting.name for setting in TABLE} == set(found.values)
    assert len(TABLE) == 31
    with pytest.raises(AttributeError):
        found.timeout = 1.0


def test_the_state_folder_follows_the_system():
    assert PosixMachine().state_folder({"XDG_STATE_HOME": "/state"}) == Path("/state")
    given = {"LOCALAPPDATA": "C:/Users/me/AppData/Local"}
    assert WindowsMachine().state_folder(given) == Path("C:/Users/me/AppData/Local")


def test_a_base_is_one_of_the_releases_that_images_are_made_for():
    """The settings name them themselves, as a run without containers loads no more than them."""
    (setting,) = [one for one in TABLE if one.name == "windows_base"]
    assert setting.parse.__name__ == "|".join(["auto", *TAGS.values()])
