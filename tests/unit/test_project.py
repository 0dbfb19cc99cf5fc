"""Which suite a command is for."""

import pytest

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.session.project import project_of, settings_of


@pytest.mark.parametrize(
    ("file", "content", "found"),
    [
        ("conftest.py", "", True),
        ("pytest.ini", "", True),
        ("pyproject.toml", "[tool.pytest.ini_options]\n", True),
        ("pyproject.toml", "[project]\n", False),
        ("setup.cfg", "[tool:pytest]\n", True),
        ("tests/conftest.py", "", False),
    ],
)
def test_the_nearest_directory_with_a_suite(tmp_path, file, content, found):
    (tmp_path / "conftest.py").touch()
    project = tmp_path / "project ü"
    below = project / "src" / "deep"
    below.mkdir(parents=True)
    (project / file).parent.mkdir(exist_ok=True)
    (project / file).write_text(content)
    assert project_of(below) == (project if found else tmp_path)


def test_a_directory_whose_tests_have_the_declarations(tmp_path):
    (tmp_path / "conftest.py").touch()
    tests = tmp_path / "project" / "tests"
    tests.mkdir(parents=True)
    (tests / "conftest.py").touch()
    assert project_of(tests.parent) == tests.parent


def test_a_directory_of_no_suite_is_itself(tmp_path):
    assert project_of(tmp_path) == tmp_path


INI = "[pytest]\naddopts = --of-a-plugin-in-conftest\nwincontainers_state = locks\nwincontainers_engine = tcp://a:1\n"


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A suite with settings, whose conftest.py cannot be imported."""
    for name in ("WINCONTAINERS_STATE", "WINCONTAINERS_ENGINE", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pytest.ini").write_text(INI)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "conftest.py").write_text("1 / 0")
    return tmp_path


@pytest.mark.parametrize("below", [".", "tests", "src"])
def test_a_command_has_the_settings_of_the_suite(suite, below, monkeypatch, capfd):
    (suite / "src").mkdir()
    monkeypatch.setenv("PYTEST_ADDOPTS", "--of-another-plugin")
    found = settings_of(suite / below, winrm=None, winrm_user=None)
    assert (found.state, found.engine) == (suite / "locks", "tcp://a:1")
    assert capfd.readouterr() == ("", "")


def test_the_environment_and_options_count_before_ini_keys(suite, monkeypatch):
    monkeypatch.setenv("WINCONTAINERS_STATE", str(suite / "other"))
    found = settings_of(suite, engine="tcp://b:1")
    assert (found.state, found.engine) == (suite / "other", "tcp://b:1")


def test_a_directory_of_no_suite_has_those_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("WINCONTAINERS_ENGINE", "tcp://c:1")
    assert settings_of(tmp_path).engine == "tcp://c:1"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("wincontainers_retries = many", "'many' is not a whole number of at least 0 (ini wincontainers_retries)"),
        ("minversion = 100.0", "pytest cannot read its configuration for "),
    ],
)
def test_settings_that_cannot_be_are_said(suite, line, says):
    (suite / "pytest.ini").write_text(f"{INI}{line}\n")
    with pytest.raises(DeclarationError) as refused:
        settings_of(suite)
    assert says in str(refused.value)
    assert "100" in str(refused.value) or "retries" in str(refused.value)
